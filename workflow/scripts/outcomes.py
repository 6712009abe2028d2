"""Count outcomes by arm, seed and prompt type."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.config.freezing import measured_under
from unicost.jobs import job
from unicost.statistics.designed import stages

with job(snakemake.log[0]):
    settings, study = reload_settings(snakemake.config), snakemake.wildcards.study
    stages.count_outcomes(
        verdicts=Path(snakemake.input.verdicts),
        detections=[Path(path) for path in snakemake.input.detections],
        capability=Path(snakemake.input.capability),
        models=settings.study_models(study),
        protocol=settings.protocol_of(study),
        settings=measured_under(settings, study),
        output=Path(snakemake.output[0]),
    )
