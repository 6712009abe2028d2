"""Gather the loss curves of the miniature training in one table."""

from pathlib import Path

from unicost.jobs import job
from unicost.miniature.loss_table import collect_losses

with job(snakemake.log[0]):
    collect_losses(Path(snakemake.output[0]).parent, Path(snakemake.output[0]))
