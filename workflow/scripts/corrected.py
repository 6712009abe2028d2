"""Correct rates and penalties for the judge's error, and say how large it would have to be to overturn them."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.human.truth import truth
from unicost.jobs import job
from unicost.statistics.correction import stages

with job(snakemake.log[0]):
    settings, study = reload_settings(snakemake.config), snakemake.wildcards.study
    common = {
        "statistics": Path(snakemake.output[0]).parent,
        "models": settings.study_models(study),
        "analysis": settings.studies[study].analysis,
    }
    if settings.studies[study].kind == "published":
        stages.correct_counts(**common)
    else:
        labels = truth(
            references=[Path(path) for path in snakemake.input.reference],
            labels=[Path(path) for path in snakemake.input.labels],
            sample=Path(snakemake.input.sample[0]),
        )
        stages.correct_items(verdicts=Path(snakemake.input.verdicts[0]), labels=labels, **common)
