"""Train the small judge of the miniature world."""

from pathlib import Path

from unicost.jobs import job
from unicost.miniature.judge_training import train_judge
from unicost.miniature.recipes import load_recipes

with job(snakemake.log[0]):
    train_judge(
        load_recipes(Path("config/miniature.yaml")),
        weights=snakemake.output.weights,
        losses_csv=snakemake.output.losses,
    )
