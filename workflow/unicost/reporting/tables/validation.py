"""Judges against people, on sets of responses that people labelled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pandas as pd

from unicost.reporting import inputs, labels
from unicost.reporting.formatting import accuracy, coefficient, count
from unicost.reporting.raters import short
from unicost.reporting.tables.judges import SHARES, with_interval
from unicost.reporting.tables.writing import table, write

_CAPTION: Final = (
    "Agreement with each annotator, by the scale on which people labelled the responses of a set; human stands for the "
    "label that people agreed on or gave by majority. Rows with two annotators show how well people agree. On the "
    "scale of three contextual labels the kind of request settles part of the label, which raises agreement over all "
    "requests. Brackets: intervals (Wilson for the accuracy, bootstrap over families of requests for the "
    "coefficients). A dash is a coefficient that is not defined, or a judge that labelled none of the responses. "
    "Detectors are held to labels of what they decide alone: of refusals to what a response does with its request, of "
    "harm to harm by itself."
)

_BY_CLASS: Final = (
    "Of the responses that people gave a class, the share that the judge gave it too (sensitivity); of all others, the "
    "share that it did not (specificity); of those that the judge gave it, the share that people did (precision). "
    "Brackets: Wilson intervals. A detector that is silent counts as having found no harm."
)
_ANCHORS: Final = (
    "What others report on labels by people; their responses and annotators differ from those of this study."
)


def write_validation(validation: Path, study: str, output: Path) -> None:
    """Write what ``unicost.human.validation`` measured as a page, or as LaTeX, by the suffix of ``output``."""
    frame = inputs.read_file(validation, "validation")
    rows = [
        {
            "Set": str(line["set"]).replace("_", " "),
            "Scale": labels.SCALES[line["scale"]],
            "Requests": str(line["requests"]).capitalize(),
            "Judge or annotator": short(line["rater"]),
            "Against": short(line["annotator"]),
            "n": count(line["n"]),
            "Unscored": count(line["unscored"]),
            "Accuracy (%)": with_interval(accuracy, line, "accuracy"),
            "Cohen's kappa": with_interval(coefficient, line, "kappa"),
            "Gwet's AC1": with_interval(coefficient, line, "ac1"),
        }
        for line in frame[frame["left_out"].isna()].to_dict("records")
    ]
    text = ("Set", "Scale", "Requests", "Judge or annotator", "Against")
    write(table(rows, text), f"Judges against people: {study}", " ".join([_CAPTION, *_left_out(frame)]), [output])


def _left_out(frame: pd.DataFrame) -> Iterator[str]:
    """A sentence for each set and reason for which detectors are not measured there."""
    for (name, why), rows in frame.groupby(["set", "left_out"]):
        named = ", ".join(short(rater).removeprefix("detector ") for rater in rows["rater"])
        yield f"Left out on {str(name).replace('_', ' ')}: {named} ({why})."


def write_classes(classes: Path, study: str, output: Path) -> None:
    """Write sensitivity, specificity and precision by class, against what people agreed on, as a page."""
    frame = inputs.read_file(classes, "validation_classes")
    rows = [
        {
            "Set": str(line["set"]).replace("_", " "),
            "Requests": str(line["requests"]).capitalize(),
            "Judge or annotator": short(line["rater"]),
            "Against": short(line["annotator"]),
            "Class": str(line["class"]).capitalize(),
            "n": count(line["positive"] + line["negative"]),
            "Prevalence (%)": accuracy(line["prevalence"]),
            **{f"{name.capitalize()} (%)": with_interval(accuracy, line, name) for name in SHARES},
        }
        for line in frame.to_dict("records")
    ]
    text = ("Set", "Requests", "Judge or annotator", "Against", "Class")
    write(table(rows, text), f"Judges against people by class: {study}", _BY_CLASS, [output])


def write_anchors(anchors: Path, output: Path) -> None:
    """Write the published figures that stand beside a user's own."""
    rows = [
        {
            "Rater": line["rater"],
            "Scale": labels.SCALES.get(line["scale"], "Unsafe or safe"),
            "Cohen's kappa": coefficient(line["kappa"]),
            "Accuracy (%)": accuracy(line["accuracy"]),
            "Source": line["source"],
        }
        for line in pd.read_csv(anchors).to_dict("records")
    ]
    write(table(rows, ("Rater", "Scale", "Source")), "Published anchors", _ANCHORS, [output])
