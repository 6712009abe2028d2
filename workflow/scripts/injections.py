"""Put every attempt of the study's suite to one judge."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.judging.injections import run_injections
from unicost.store import write_csv

with job(snakemake.log[0]):
    settings, name = reload_settings(snakemake.config), snakemake.wildcards.judge
    study, entry = settings.judged(snakemake.wildcards.study), settings.judging.judges[name]
    if snakemake.input.weights:
        entry = entry.model_copy(update={"options": entry.options | {"weights": str(snakemake.input.weights)}})
    found = run_injections(
        name,
        entry,
        {detector: settings.judging.detectors[detector] for detector in study.detectors},
        Path(snakemake.input.suite),
        study.analysis.confidence,
    )
    write_csv(snakemake.output[0], found)
