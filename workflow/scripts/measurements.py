"""What the verdicts of an experiment say directly."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.statistics import stages

with job(snakemake.log[0]):
    settings, study = reload_settings(snakemake.config), snakemake.wildcards.study
    stages.measurements(
        verdicts=Path(snakemake.input.verdicts),
        models=settings.study_models(study),
        analysis=settings.studies[study].analysis,
        output=Path(snakemake.output[0]).parent,
    )
