"""Make all tables of one study."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.reporting.sources import sources_of
from unicost.reporting.tables import render

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    study = snakemake.params.study
    sources = sources_of(study, settings, snakemake.input)
    folder = Path(snakemake.output[0]).parent
    for name in snakemake.params.names:
        outputs = [folder / f"{name}{ending}" for ending in [".html", ".csv", ".tex"]]
        render(name, settings.studies[study].title, sources, outputs)
