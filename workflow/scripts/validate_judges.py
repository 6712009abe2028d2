"""Measure judges against people, and write the table."""

from pathlib import Path

from unicost.config import load_settings
from unicost.human.validation import validate_judges
from unicost.jobs import job
from unicost.reporting.tables.validation import write_validation

with job(snakemake.log[0]):
    study = load_settings(snakemake.config).judged(snakemake.wildcards.study)
    validate_judges(
        reference=Path(snakemake.input.reference),
        judgements=[Path(path) for path in snakemake.input.judgements],
        verdicts=Path(snakemake.input.verdicts),
        output=Path(snakemake.output.csv),
        resamples=study.analysis.resamples,
        seed=study.analysis.seed,
        confidence=study.analysis.confidence,
    )
    write_validation(Path(snakemake.output.csv), study.title, Path(snakemake.output.html))
