"""Bring the checkpoint of a judge that runs on this machine."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.judging.weights import fetch

with job(snakemake.log[0]):
    entry = reload_settings(snakemake.config).judging.judges[snakemake.wildcards.judge]
    fetch(entry, Path(snakemake.output.folder))
