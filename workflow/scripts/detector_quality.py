"""Hold every detector of a study to the study's labels."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.human.detector_quality import detector_quality
from unicost.jobs import job

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    study = settings.experiment(snakemake.wildcards.study)
    detector_quality(
        detections=[Path(path) for path in snakemake.input.detections],
        detectors={name: settings.judging.detectors[name] for name in study.detectors},
        verdicts=Path(snakemake.input.verdicts),
        references=[Path(snakemake.input.reference)],
        labels=[Path(path) for path in snakemake.input.labels],
        sample=Path(snakemake.input.sample),
        output=Path(snakemake.output[0]),
        confidence=study.analysis.confidence,
    )
