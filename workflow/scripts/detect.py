"""Run the detectors of a study over one model's responses."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.judging.detect import detect

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    study = settings.judged(snakemake.wildcards.study)
    detect(
        responses=[Path(path) for path in snakemake.input.responses],
        benchmark=Path(snakemake.input.benchmark),
        detectors={name: settings.judging.detectors[name] for name in study.detectors},
        journal=Path(snakemake.params.journal),
        output=Path(snakemake.output[0]),
    )
