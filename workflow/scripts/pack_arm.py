"""Store the trained weights of one arm small, with the manifest that says what they are."""

from pathlib import Path

from unicost.jobs import job
from unicost.miniature.recipes import load_recipes
from unicost.miniature.weights import pack
from unicost.store import write_json

with job(snakemake.log[0]):
    name = f"{snakemake.wildcards.arm}-seed{snakemake.wildcards.seed}"
    row = pack(
        load_recipes(Path("config/miniature.yaml")),
        snakemake.wildcards.arm,
        int(snakemake.wildcards.seed),
        trained=snakemake.input[0],
        destination=Path(snakemake.output.weights).parent,
    )
    write_json(snakemake.output.manifest, {name: row})
