# What the rules share: the validated settings, the names allowed in paths, and the values that decide what reruns.
# Nothing here opens data.
import re

from snakemake.exceptions import WorkflowError

from unicost.config import InvalidConfig, digest, load_settings
from unicost.reporting.catalogue import figures_for, tables_for

try:
    SETTINGS = load_settings(config)
except InvalidConfig as error:
    raise WorkflowError(str(error)) from None

STUDIES = SETTINGS.main.studies
EXPERIMENTS = [name for name, study in SETTINGS.studies.items() if study.kind == "experiment"]
PUBLISHED = [name for name, study in SETTINGS.studies.items() if study.kind == "published"]
RUNNABLE = [name for name, model in SETTINGS.models.items() if model.run]


def any_of(names):
    """A wildcard constraint: one of the names, or nothing at all where there are none."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


def study_of(wildcards):
    return SETTINGS.studies[wildcards.study]


def run_of(wildcards):
    return SETTINGS.models[wildcards.model].run


def every_model(pattern):
    """An input function: the pattern for each model of the study."""
    return lambda wildcards: expand(pattern, study=wildcards.study, model=study_of(wildcards).models)


def shards_of(pattern):
    """An input function: the pattern for each shard of one model's responses."""

    def paths(wildcards):
        shards = [f"{shard:03d}" for shard in range(study_of(wildcards).shards)]
        return expand(pattern, study=wildcards.study, model=wildcards.model, shard=shards)

    return paths


def all_responses(wildcards):
    shards = [f"{shard:03d}" for shard in range(study_of(wildcards).shards)]
    pattern = "results/{study}/responses/{model}/{shard}.parquet"
    return expand(pattern, study=wildcards.study, model=study_of(wildcards).models, shard=shards)


def all_judgements(wildcards):
    pattern = "results/{study}/judgements/{judge}/{model}.parquet"
    study = study_of(wildcards)
    return expand(pattern, study=wildcards.study, judge=study.judges, model=study.models)


def weights_file(wildcards):
    """The shipped (or trained) weights of a miniature arm; other checkpoints are no files of the workflow."""
    run = run_of(wildcards)
    if run.weights != "miniature":
        return []
    trained = SETTINGS.main.miniature_weights == "trained"
    folder = "results/miniature_weights" if trained else "workflow/resources/miniature/weights"
    return f"{folder}/{run.checkpoint}.safetensors"


def responses_fingerprint(wildcards):
    study = study_of(wildcards)
    tasks = SETTINGS.tasks_of(wildcards.study, wildcards.model)
    return digest(run_of(wildcards).fingerprint(), study.seed, study.shards, *tasks)


def plugins_fingerprint(group):
    """A params function: over the study's detectors (or annotators)."""

    def fingerprint(wildcards):
        entries = getattr(SETTINGS.judging, f"{group}s")
        return digest(*(entries[name].fingerprint(group) for name in getattr(study_of(wildcards), f"{group}s")))

    return fingerprint
