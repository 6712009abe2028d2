# What the rules share: the validated settings, the names allowed in paths, and the values that decide what reruns.
# Nothing here opens data.
import re
import sys
import time
from pathlib import Path

from snakemake.exceptions import WorkflowError

from unicost.config import InvalidConfig, digest, load_settings
from unicost.config.freezing import frozen_now
from unicost.judging.weights import wanted_by
from unicost.miniature.recipes import BadRecipe, load_recipes
from unicost.registry import did_you_mean
from unicost.reporting.catalogue import figure, figures_for, table, tables_for

try:
    SETTINGS = load_settings(config)
    RECIPES = load_recipes("config/miniature.yaml")
except (InvalidConfig, BadRecipe) as error:
    raise WorkflowError(str(error)) from None

START = time.time()
TABLES = ["results", "leaderboard", "judge_accuracy", "utility", "sample_counts"]
STUDIES = SETTINGS.main.studies
EXPERIMENTS = [
    name for name, study in SETTINGS.studies.items() if study.kind == "experiment"
]
PUBLISHED = [
    name for name, study in SETTINGS.studies.items() if study.kind == "published"
]
BENCHMARKS = [
    name for name, study in SETTINGS.studies.items() if study.kind == "benchmark"
]
VALIDATIONS = [
    name for name, study in SETTINGS.studies.items() if study.kind == "validation"
]
# The studies in which responses are judged, and those of them whose judges are put under attempts to talk them over.
JUDGED = EXPERIMENTS + VALIDATIONS
INJECTED = [name for name in JUDGED if SETTINGS.studies[name].injections]
# The studies whose figures, tables and part of the paper are made.
REPORTED = [
    name
    for name, study in SETTINGS.studies.items()
    if name in PUBLISHED or (name in EXPERIMENTS and study.reports)
]
REPORTED_NOW = [name for name in STUDIES if name in REPORTED]
# The studies that the paper speaks of; a run without them ends with its figures, tables and summary.
IN_PAPER = [name for name in REPORTED_NOW if name in ("published", "miniature")]
# Judges against people, whose numbers join those of the studies in the paper's appendix.
VALIDATED_NOW = [name for name in STUDIES if name in VALIDATIONS]
PAPER = ["results/paper/paper.pdf"] if IN_PAPER else []
DESIGNED = [name for name in EXPERIMENTS if SETTINGS.studies[name].protocol]
# The studies with judges whose stated probabilities can be held to labels.
CALIBRATED = [name for name in JUDGED if SETTINGS.calibrated(name)]
DOWNLOADED = [
    name
    for name, entry in {**SETTINGS.datasets, **SETTINGS.labelled}.items()
    if entry.download
]
RUNNABLE = [name for name, model in SETTINGS.models.items() if model.run]
JUDGES_WITH_CHECKPOINT = [
    name for name, entry in SETTINGS.judging.judges.items() if wanted_by(entry)
]
WORKERS_WITH_CODE = [
    name for name, entry in SETTINGS.workers.items() if entry.repository
]
WORKERS_WITH_ENVIRONMENT = [
    name for name, entry in SETTINGS.workers.items() if entry.requirements
]
# What files of responses, and all that is made from them, are named after.
RESPONDENTS = RUNNABLE + list(SETTINGS.labelled)


def any_of(names):
    """A wildcard constraint: one of the names, or nothing at all where there are none."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


def study_of(wildcards):
    return SETTINGS.studies[wildcards.study]


def run_of(wildcards):
    return SETTINGS.run_of(wildcards.study, wildcards.model)


def respondents(study):
    """What a study's files of responses are named after: its models, or the labelled sets that they come from."""
    settings = SETTINGS.studies[study]
    return settings.labelled if study in VALIDATIONS else settings.models


def response_files(study, models):
    """The response files of some models of a study, one for each shard."""
    shards = [f"{shard:03d}" for shard in range(SETTINGS.studies[study].shards)]
    pattern = "results/{study}/responses/{model}/{shard}.parquet"
    return expand(pattern, study=study, model=models, shard=shards)


def download_fingerprint(dataset):
    """Over what is downloaded."""
    entry = SETTINGS.data_entry(dataset)
    return digest(entry.download.model_dump_json(), entry.licence)


def manifests_of_study(wildcards):
    """The manifests of the data that a study's benchmark is built from, its controls included."""
    datasets = SETTINGS.datasets_of(wildcards.study)
    return [f"results/data/{name}.json" for name in datasets if name in DOWNLOADED]


def responses_of_model(wildcards):
    return response_files(wildcards.study, wildcards.model)


def all_responses(wildcards):
    return response_files(wildcards.study, respondents(wildcards.study))


def all_judgements(wildcards):
    pattern = "results/{study}/judgements/{judge}/{model}.parquet"
    study = study_of(wildcards)
    return expand(
        pattern,
        study=wildcards.study,
        judge=study.judges,
        model=respondents(wildcards.study),
    )


def judgements_with_probabilities(wildcards):
    return expand(
        "results/{study}/judgements/{judge}/{model}.parquet",
        study=wildcards.study,
        judge=SETTINGS.calibrated(wildcards.study),
        model=respondents(wildcards.study),
    )


def extractor_fingerprint(wildcards):
    """Over the extractor of intentions, if the study has one."""
    name = study_of(wildcards).extractor
    return SETTINGS.judging.extractors[name].fingerprint("extractor") if name else ""


def policy_of(wildcards):
    """The policy of a job that fuses: the one in its path, or the study's."""
    return getattr(wildcards, "policy", None) or study_of(wildcards).policy


def detections_of_policy(wildcards):
    """What the detectors found, where the policy listens to any."""
    if not SETTINGS.judging.policies[policy_of(wildcards)].detectors():
        return []
    return expand(
        "results/{study}/detections/{model}.parquet",
        study=wildcards.study,
        model=respondents(wildcards.study),
    )


def weights_file(wildcards):
    """The shipped (or trained) weights of a miniature arm; other checkpoints are no files of the workflow."""
    run = run_of(wildcards)
    if run.weights != "miniature":
        return []
    known = [f"{arm}-seed{seed}" for arm in RECIPES.names() for seed in RECIPES.seeds]
    if run.checkpoint not in known:
        hint = did_you_mean(run.checkpoint, known)
        raise WorkflowError(
            f"{SETTINGS.place_of(wildcards.model)}.checkpoint: unknown '{run.checkpoint}': {hint}"
        )
    if SETTINGS.main.miniature_weights == "trained":
        return packed_weights(run.checkpoint)
    return f"workflow/resources/miniature/weights/{run.checkpoint}.safetensors"


def skeletons_of_miniatures(wildcards):
    """What the weights of a miniature arm are put into; nothing for other models."""
    if run_of(wildcards).weights != "miniature":
        return []
    return "results/miniature_skeletons"


def needs_of_worker(wildcards):
    """The code and the environment of the worker that drives a model; none for other models."""
    run = run_of(wildcards)
    if run.adapter != "worker":
        return []
    worker = run.options["worker"]
    code = [f"results/vendor/{worker}/code.json"] if worker in WORKERS_WITH_CODE else []
    own = worker in WORKERS_WITH_ENVIRONMENT
    return code + ([f"results/vendor/{worker}/env.json"] if own else [])


def packed_weights(checkpoint):
    """Where the weights of an arm are that was trained here."""
    return f"results/miniature_weights/{checkpoint}/{checkpoint}.safetensors"


def judge_of(wildcards):
    return SETTINGS.judging.judges[wildcards.judge]


def weights_of_judge(wildcards):
    """The weights of a judge: shipped or trained, or a checkpoint that is brought; other judges have none."""
    if wildcards.judge in JUDGES_WITH_CHECKPOINT:
        return f"results/judges/{wildcards.judge}/weights"
    if SETTINGS.judging.judges[wildcards.judge].plugin != "miniature_trained":
        return []
    if SETTINGS.main.miniature_weights == "trained":
        return packed_weights("judge")
    return "workflow/resources/miniature/judge/judge.safetensors"


def responses_fingerprint(wildcards):
    study = study_of(wildcards)
    tasks = SETTINGS.tasks_of(wildcards.study, wildcards.model)
    return digest(run_of(wildcards).fingerprint(), study.seed, study.shards, *tasks)


def plugins_fingerprint(group):
    """A params function: over the study's detectors (or annotators)."""

    def fingerprint(wildcards):
        entries = getattr(SETTINGS.judging, f"{group}s")
        return digest(
            *(
                entries[name].fingerprint(group)
                for name in getattr(study_of(wildcards), f"{group}s")
            )
        )

    return fingerprint


def evidence_of(wildcards):
    """What rates and penalties are computed from: items where there are any, or else counts."""
    name = (
        "verdicts.parquet"
        if wildcards.study in EXPERIMENTS
        else "statistics/counts.csv"
    )
    return f"results/{wildcards.study}/{name}"


def of_kind(wildcards, studies, name):
    """A file of the study if it is one of ``studies``, as a list; none for others."""
    mine = wildcards.study in studies
    return [f"results/{wildcards.study}/{name}"] if mine else []


def all_detections(wildcards):
    return expand(
        "results/{study}/detections/{model}.parquet",
        study=wildcards.study,
        model=respondents(wildcards.study),
    )


def other_outcomes(study):
    """The outcomes of other arms that the study's protocol names, as far as they are there."""
    return [path for path in SETTINGS.protocol_of(study).also if Path(path).exists()]


def protocol_fingerprint(wildcards):
    """Over the protocol and what its outcomes are measured under."""
    protocol = SETTINGS.protocol_of(wildcards.study).model_dump_json()
    return digest(protocol, *frozen_now(SETTINGS, wildcards.study).values())


def statistics_fingerprint(wildcards):
    """Over the settings of the statistics and all that they use of the models' entries; display names are not."""
    models = SETTINGS.study_models(wildcards.study)
    used = [
        model.model_dump_json(exclude={"display_name", "run"})
        for model in models.values()
    ]
    return digest(study_of(wildcards).analysis.fingerprint(), *models, *used)


def statistics_of(*names):
    return [f"results/{{study}}/statistics/{name}.csv" for name in names]


def vision_of_arm(wildcards):
    """The vision encoder that an arm starts from, if it is a Janus."""
    needed = RECIPES.arm(wildcards.arm).janus
    return (
        f"results/miniature_training/vision-seed{wildcards.seed}/weights.safetensors"
        if needed
        else []
    )
