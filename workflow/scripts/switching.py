"""How consistent models are over the tasks of one target, and what the penalty depends on."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.statistics import stages

with job(snakemake.log[0]):
    settings, study = reload_settings(snakemake.config), snakemake.wildcards.study
    stages.switching(
        verdicts=Path(snakemake.input.verdicts),
        capability=Path(snakemake.input.capability),
        models=settings.study_models(study),
        analysis=settings.studies[study].analysis,
        output=Path(snakemake.output[0]).parent,
    )
