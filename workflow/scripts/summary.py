"""Write the summary that ends a run."""

from pathlib import Path

from unicost.jobs import job
from unicost.reporting.summary import write_summary

with job(snakemake.log[0]):
    studies = ", ".join(snakemake.params.studies)
    write_summary(
        numbers=Path(snakemake.input.numbers),
        output=Path(snakemake.output[0]),
        places={
            **({"paper": snakemake.input.paper} if snakemake.input.paper else {}),
            "figures, tables": f"results/<study>/figures/, results/<study>/tables/ (studies: {studies})",
            "report": ".venv/bin/snakemake --report report.html",
            "every column": "results/README.md",
        },
    )
