"""Make all tables of one study."""

from pathlib import Path

from unicost.config import load_settings
from unicost.jobs import job
from unicost.reporting.tables import render

with job(snakemake.log[0]):
    study = load_settings(snakemake.config).studies[snakemake.params.study]
    folder = Path(snakemake.output[0]).parent
    agreement = [Path(path) for path in snakemake.input if path.endswith("agreement.csv")]
    for name in snakemake.params.names:
        outputs = [folder / f"{name}{ending}" for ending in [".html", ".csv", ".tex"]]
        render(name, study.title, Path(snakemake.input[0]).parent, outputs, *agreement)
