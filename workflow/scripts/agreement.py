"""Measure how well judges agree with the reference labels."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.human.agreement import agreement
from unicost.jobs import job

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    study = settings.judged(snakemake.wildcards.study)
    agreement(
        judgements=[Path(path) for path in snakemake.input.judgements],
        references=[Path(snakemake.input.reference)],
        verdicts=Path(snakemake.input.verdicts),
        labels=[Path(path) for path in snakemake.input.labels],
        sample=Path(snakemake.input.sample) if snakemake.input.sample else None,
        model_kinds=settings.model_kinds(snakemake.wildcards.study),
        output=Path(snakemake.output[0]),
        resamples=study.analysis.resamples,
        seed=study.analysis.seed,
        confidence=study.analysis.confidence,
    )
