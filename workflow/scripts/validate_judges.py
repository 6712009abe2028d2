"""Measure judges and detectors against people, and write the tables and the figure."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.human.validation import validate_judges
from unicost.jobs import job
from unicost.reporting.figures.validation import draw_validation
from unicost.reporting.style import save
from unicost.reporting.tables.validation import write_anchors, write_classes, write_validation

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    study = settings.judged(snakemake.wildcards.study)
    validate_judges(
        reference=Path(snakemake.input.reference),
        judgements=[Path(path) for path in snakemake.input.judgements],
        detections=[Path(path) for path in snakemake.input.detections],
        detectors={name: settings.judging.detectors[name] for name in study.detectors},
        verdicts=Path(snakemake.input.verdicts),
        output=Path(snakemake.output.csv),
        classes=Path(snakemake.output.classes),
        resamples=study.analysis.resamples,
        seed=study.analysis.seed,
        confidence=study.analysis.confidence,
    )
    write_validation(Path(snakemake.output.csv), study.title, Path(snakemake.output.html))
    write_classes(Path(snakemake.output.classes), study.title, Path(snakemake.output.classes_html))
    anchors = Path(snakemake.input.anchors)
    write_anchors(anchors, Path(snakemake.output.anchors_html))
    figure = draw_validation(Path(snakemake.output.csv), anchors)
    save(figure, f"Judges against people: {study.title}", map(Path, [snakemake.output.figure, snakemake.output.png]))
