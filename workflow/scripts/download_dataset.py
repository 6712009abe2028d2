"""Verify the published tables that ship with the project and put them under the study."""

from pathlib import Path

from unicost.benchmark.shipped import copy_verified
from unicost.jobs import job

with job(snakemake.log[0]):
    copy_verified(
        files=[Path(path) for path in snakemake.input.tables],
        checksums=Path(snakemake.input.checksums),
        folder=Path(snakemake.output.tables[0]).parent,
    )
