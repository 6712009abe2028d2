"""Arms, contrasts and hypotheses as the study's protocol declares them."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.config.freezing import frozen_now, standing
from unicost.jobs import job
from unicost.statistics.designed import stages

with job(snakemake.log[0]):
    settings, study = reload_settings(snakemake.config), snakemake.wildcards.study
    protocol = settings.protocol_of(study)
    stages.designed_effects(
        outcomes=Path(snakemake.input.outcomes),
        also=[Path(path) for path in snakemake.input.also],
        protocol=protocol,
        gate=settings.experiment(study).analysis.capability_gate,
        standing=standing(protocol, frozen_now(settings, study)),
        output=Path(snakemake.output[0]).parent,
    )
