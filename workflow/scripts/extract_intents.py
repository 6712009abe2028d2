"""Write intents.parquet."""

from pathlib import Path

from unicost.jobs import job
from unicost.judging.intents import extract_intents

with job(snakemake.log[0]):
    extract_intents(benchmark=Path(snakemake.input.benchmark), output=Path(snakemake.output[0]))
