"""How the headline numbers of a study move under other policies."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.statistics import stages

with job(snakemake.log[0]):
    settings, name = reload_settings(snakemake.config), snakemake.wildcards.study
    study = settings.experiment(name)
    stages.sensitivity(
        verdicts=dict(
            zip(
                [study.policy, *study.sensitivity],
                map(Path, [snakemake.input.verdicts, *snakemake.input.others]),
                strict=True,
            )
        ),
        models=settings.study_models(name),
        analysis=study.analysis,
        output=Path(snakemake.output[0]).parent,
    )
