"""Fetch the vendor's code of one worker at its pinned commit."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.models.vendor import fetch_code

with job(snakemake.log[0]):
    name = snakemake.wildcards.worker
    entry = reload_settings(snakemake.config).workers[name]
    fetch_code(name, entry, Path(snakemake.output.folder), Path(snakemake.output.provenance))
