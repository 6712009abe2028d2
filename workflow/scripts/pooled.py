"""The penalty pooled, with the item and with the model as the unit."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.statistics import stages

with job(snakemake.log[0]):
    settings, study = reload_settings(snakemake.config), snakemake.wildcards.study
    stages.pooled(
        evidence=Path(snakemake.input.evidence),
        capability=Path(snakemake.input.capability),
        penalty=Path(snakemake.input.penalty),
        models=settings.study_models(study),
        analysis=settings.studies[study].analysis,
        output=Path(snakemake.output[0]).parent,
    )
