"""Train one arm of one seed."""

from pathlib import Path

from unicost.jobs import job
from unicost.miniature.recipes import load_recipes
from unicost.miniature.training import train_arm

with job(snakemake.log[0]):
    train_arm(
        load_recipes(Path("config/miniature.yaml")),
        seed=int(snakemake.wildcards.seed),
        arm=snakemake.wildcards.arm,
        base=snakemake.input.base,
        vision=snakemake.input.vision or None,
        weights=snakemake.output.weights,
        losses_csv=snakemake.output.losses,
    )
