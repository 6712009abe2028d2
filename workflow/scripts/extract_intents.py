"""Write intents.parquet."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.judging.intents import extract_intents

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    name = settings.judged(snakemake.wildcards.study).extractor
    extract_intents(
        benchmark=Path(snakemake.input.benchmark),
        output=Path(snakemake.output[0]),
        extractor=settings.judging.extractors[name] if name else None,
        journal=Path(snakemake.params.journal),
    )
