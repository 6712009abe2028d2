"""Download one dataset and write its manifest."""

from pathlib import Path

from unicost.benchmark.download.fetch import fetch_data
from unicost.config import reload_settings
from unicost.jobs import job

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    name = snakemake.wildcards.dataset
    fetch_data(dataset=name, entry=settings.data_entry(name), manifest=Path(snakemake.output[0]))
