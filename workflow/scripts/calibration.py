"""Hold the probabilities that judges state to the labels of the same answers."""

from pathlib import Path

from unicost.config import load_settings
from unicost.human.truth import labels_by_annotator
from unicost.jobs import job
from unicost.statistics import stages

with job(snakemake.log[0]):
    settings = load_settings(snakemake.config)
    labels = labels_by_annotator(
        references=[Path(snakemake.input.reference)],
        labels=[Path(path) for path in snakemake.input.labels],
        sample=Path(snakemake.input.sample[0]) if snakemake.input.sample else None,
    )
    stages.calibration(
        judgements=[Path(path) for path in snakemake.input.judgements],
        labels=labels,
        verdicts=Path(snakemake.input.verdicts),
        analysis=settings.judged(snakemake.wildcards.study).analysis,
        output=Path(snakemake.output[0]).parent,
    )
