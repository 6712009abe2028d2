"""Count and show what a benchmark holds."""

from pathlib import Path

from unicost.benchmark.contact_sheet import composition, task_sheets
from unicost.config import reload_settings
from unicost.jobs import job
from unicost.records import Instance
from unicost.reporting.tables.benchmark import write_composition
from unicost.reporting.tables.crosswalk import write_crosswalk
from unicost.store import read_records

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    study = settings.studies[snakemake.params.study]
    instances = list(read_records(snakemake.input[0], Instance))
    folder = Path(snakemake.output.sheets[0]).parent
    task_sheets(instances, seed=study.seed, pairs=study.pairs, folder=folder)
    write_composition(
        composition(instances), study.title, [Path(snakemake.output.composition), Path(snakemake.output.csv)]
    )
    write_crosswalk(
        instances,
        settings.taxonomies,
        settings.datasets[study.dataset].taxonomy,
        study.title,
        [Path(snakemake.output.crosswalk), Path(snakemake.output.crosswalk_csv)],
    )
