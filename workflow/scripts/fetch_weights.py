"""Put one model's checkpoint in its folder and record what is in it."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.models.weights import fetch

with job(snakemake.log[0]):
    run = reload_settings(snakemake.config).models[snakemake.wildcards.model].run
    packed = [Path(snakemake.input.weights).parent, Path(snakemake.input.skeletons)] if snakemake.input.weights else []
    fetch(run, Path(snakemake.output.folder), *packed)
