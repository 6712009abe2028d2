"""Check the published tables that ship with the project and put them under the study."""

from pathlib import Path

from unicost.benchmark.shipped import copy_verified
from unicost.config import reload_settings
from unicost.jobs import job
from unicost.statistics.published_tables import check_tables

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    study = settings.published(snakemake.wildcards.study)
    check_tables(Path(study.tables), study.models, settings.models)
    copy_verified(
        files=[Path(path) for path in snakemake.input.tables],
        checksums=Path(snakemake.input.checksums),
        folder=Path(snakemake.output.tables[0]).parent,
    )
