"""Label all responses from how their instances were made."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.human.reference import annotate_by_construction
from unicost.jobs import job

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    study = settings.experiment(snakemake.wildcards.study)
    annotate_by_construction(
        annotators={name: settings.judging.annotators[name] for name in study.annotators},
        responses=[Path(path) for path in snakemake.input.responses],
        benchmark=Path(snakemake.input.benchmark),
        output=Path(snakemake.output[0]),
    )
