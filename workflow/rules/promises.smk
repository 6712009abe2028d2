# What a run promises: the figures, tables and files of each study, and what they are made from. Paths only.


def having(study):
    """What a study has that some figures and tables need."""
    settings = SETTINGS.studies[study]
    runs = [SETTINGS.models[name].run for name in settings.models]
    found = {
        "replicates": settings.analysis.replicates,
        "protocol": study in DESIGNED,
        "sensitivity": bool(getattr(settings, "sensitivity", ())),
        "injections": study in INJECTED,
        "calibration": study in CALIBRATED,
        "training": any(run is not None and run.weights == "miniature" for run in runs),
    }
    return [name for name, there in found.items() if there]


def figure_names(study):
    return figures_for(SETTINGS.studies[study].kind, having(study))


def table_names(study):
    return tables_for(SETTINGS.studies[study].kind, having(study))


def loss_table():
    """The loss curves of the miniature training: those that ship with its weights, or those of the training here."""
    if SETTINGS.main.miniature_weights == "trained":
        return "results/miniature_training/losses.csv"
    return "workflow/resources/miniature/losses.csv"


def losses_of_training(wildcards):
    """The loss curves of every training that the reported studies of this run answer with."""
    runs = [
        run
        for study in REPORTED_NOW
        for run in (model.run for model in SETTINGS.study_models(study).values())
        if run is not None and run.weights == "miniature"
    ]
    names = {run.checkpoint for run in runs}
    names |= {f"vision-seed{name.rpartition('-seed')[2]}" for name in names}
    return [f"results/miniature_training/{name}/losses.csv" for name in sorted(names)]


def drawn_from(study):
    """All that the figures, tables and numbers of a study are made from."""
    if study in VALIDATIONS:
        return [f"results/{study}/tables/validation.csv", *injections_of(study)]
    names = [
        "models",
        "counts",
        "rates",
        "rates_by_category",
        "gap",
        "penalty",
        "penalty_by_metric",
        "pooled",
        "pooled_by_category",
    ]
    names += ["capability", "utility", "claims"]
    names += ["corrected", "judge_error", "tipping", "gap_penalty", "power"]
    if study in PUBLISHED:
        names += [
            "leaderboard",
            "panel_generation",
            "panel_understanding",
            "judge_accuracy",
        ]
    if study in EXPERIMENTS:
        names += ["consistency", "interactions", "detectors"]
    others = [f"results/{study}/human/agreement.csv"] if study in EXPERIMENTS else []
    if "sensitivity" in having(study):
        names.append("sensitivity")
    if study in CALIBRATED:
        names += ["calibration", "stated_probabilities"]
    if study in DESIGNED:
        names += ["outcomes", "arm_outcomes", "effects", "hypotheses"]
        names += ["gate_sensitivity"]
        others += other_outcomes(study)
    if "training" in having(study):
        others.append(loss_table())
    others += injections_of(study)
    return [f"results/{study}/statistics/{name}.csv" for name in names] + others


def injections_of(study):
    """What the attempts to talk the judges of a study over did, if it has any."""
    return [f"results/{study}/statistics/injections.csv"] if study in INJECTED else []


def validation_figures(study):
    """The figures of a study of judges against people."""
    names = ["validation", "injections"] if study in INJECTED else ["validation"]
    return [f"results/{study}/figures/{name}.svg" for name in names]


def benchmark_files(study):
    """What a study of a benchmark makes: the instances, how many of which, and a sheet for each task."""
    sheets = [f"contact_sheets/{task}.png" for task in SETTINGS.studies[study].tasks]
    tables = ["tables/composition.html", "tables/crosswalk.html"]
    return ["benchmark.parquet", *tables, *sheets]


def promised(study):
    """The files of a study that a run promises: `rule all` asks for each, so that a lost one is made again."""
    if study in BENCHMARKS:
        return [f"results/{study}/{name}" for name in benchmark_files(study)]
    if study in VALIDATIONS:
        shown = ["human/agreement.csv"]
        shown += ["tables/injections.html"] if study in INJECTED else []
        shown += ["statistics/calibration.csv"] if study in CALIBRATED else []
        paths = drawn_from(study) + validation_figures(study)
        return paths + [f"results/{study}/{name}" for name in shown]
    if study not in REPORTED:
        return [f"results/{study}/statistics/outcomes.csv"]
    paths = drawn_from(study)
    paths += expand(
        "results/{study}/figures/{name}.svg", study=study, name=figure_names(study)
    )
    paths += expand(
        "results/{study}/tables/{name}.html", study=study, name=table_names(study)
    )
    if study in EXPERIMENTS:
        paths += response_files(study, SETTINGS.studies[study].models)
        names = [
            "benchmark.parquet",
            "verdicts.parquet",
            "human/sample.csv",
            "human/annotate.html",
        ]
        if SETTINGS.studies[study].human_labels:
            names.append("human/people.csv")
        paths += expand("results/{study}/{name}", study=study, name=names)
    return paths


def print_summary(path):
    """The headline numbers, at the end of a run that made them."""
    summary = Path(path)
    if summary.exists() and summary.stat().st_mtime >= START:
        print(f"\n{summary.read_text(encoding='utf-8')}", file=sys.stderr)
