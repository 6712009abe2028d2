"""Write a benchmark as a dataset for the hub."""

from pathlib import Path

from unicost.benchmark.export.export import export_benchmark
from unicost.config import reload_settings
from unicost.jobs import job

with job(snakemake.log[0]):
    export_benchmark(
        settings=reload_settings(snakemake.config),
        study=snakemake.params.study,
        benchmark=Path(snakemake.input.benchmark),
        citation=Path(snakemake.input.citation),
        folder=Path(snakemake.output[0]),
    )
