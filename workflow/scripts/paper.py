"""Compile the paper."""

from pathlib import Path

from unicost.jobs import job
from unicost.reporting import paper

with job(snakemake.log[0]):
    paper.compile(
        source_dir=Path("paper"),
        numbers=Path(snakemake.input.numbers),
        figures={study: Path(f"results/{study}/figures") for study in snakemake.params.studies},
        output=Path(snakemake.output[0]),
    )
