"""Write the page on which people label the sample, and the same as tasks of Label Studio."""

from pathlib import Path

from unicost.human.page import annotation_page
from unicost.jobs import job

with job(snakemake.log[0]):
    annotation_page(
        sample=Path(snakemake.input.sample),
        benchmark=Path(snakemake.input.benchmark),
        responses=[Path(path) for path in snakemake.input.responses],
        output=Path(snakemake.output.page),
        tasks=Path(snakemake.output.tasks),
        categories=snakemake.params.categories,
    )
