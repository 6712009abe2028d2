"""Put one model's checkpoint in its folder and record what is in it."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.models.weights import fetch

with job(snakemake.log[0]):
    run = reload_settings(snakemake.config).models[snakemake.wildcards.model].run
    packed = [Path(path).parent for path in snakemake.input]
    fetch(run, Path(snakemake.output.folder), *packed)
