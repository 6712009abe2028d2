"""Write all numbers of the paper, as JSON and for LaTeX."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.reporting.latex_numbers import write_latex
from unicost.reporting.numbers import write_numbers
from unicost.reporting.sources import sources_of

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    studies = snakemake.params.studies
    write_numbers(
        studies={study: sources_of(study, settings, snakemake.input) for study in studies},
        settings={study: settings.studies[study].model_dump(mode="json") for study in studies},
        output=Path(snakemake.output[0]),
    )
    write_latex(Path(snakemake.output[0]), Path(snakemake.output[1]))
