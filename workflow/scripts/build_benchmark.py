"""Write benchmark.parquet."""

from pathlib import Path

from unicost.benchmark.build import build_benchmark
from unicost.config import load_settings
from unicost.jobs import job

with job(snakemake.log[0]):
    settings = load_settings(snakemake.config)
    entry = settings.dataset_of(snakemake.wildcards.study)
    build_benchmark(entry=entry, taxonomy=settings.taxonomies[entry.taxonomy], output=Path(snakemake.output[0]))
