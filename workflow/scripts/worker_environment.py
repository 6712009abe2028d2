"""Make the virtual environment of one worker."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.models.vendor import build_environment

with job(snakemake.log[0]):
    name = snakemake.wildcards.worker
    entry = reload_settings(snakemake.config).workers[name]
    build_environment(name, entry, Path(snakemake.output.folder), Path(snakemake.output.provenance))
