"""Pretrain the vision encoder of one seed."""

from pathlib import Path

from unicost.jobs import job
from unicost.miniature.recipes import load_recipes
from unicost.miniature.training import train_vision

with job(snakemake.log[0]):
    train_vision(
        load_recipes(Path("config/miniature.yaml")),
        seed=int(snakemake.wildcards.seed),
        weights=snakemake.output.weights,
        losses_csv=snakemake.output.losses,
    )
