"""Measure how well several people agree, and list what they labelled and where they differ."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.human.several import agreement_of_people
from unicost.jobs import job

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    study = settings.experiment(snakemake.wildcards.study)
    agreement_of_people(
        labels=[Path(path) for path in snakemake.input.labels],
        sample=Path(snakemake.input.sample),
        verdicts=Path(snakemake.input.verdicts),
        model_kinds=settings.model_kinds(snakemake.wildcards.study),
        output=Path(snakemake.output.people),
        coverage=Path(snakemake.output.coverage),
        differences=Path(snakemake.output.differences),
        resamples=study.analysis.resamples,
        seed=study.analysis.seed,
        confidence=study.analysis.confidence,
    )
