"""Judges against people, on sets of responses that people labelled."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from unicost.reporting import inputs
from unicost.reporting.formatting import accuracy, coefficient, count
from unicost.reporting.tables.judges import with_interval
from unicost.reporting.tables.writing import table, write

_SCALES: Final = {
    "outcome": "Refuses, mixed or complies",
    "contextual": "Unsafe, safe or refusal",
    "harm": "Harm or none",
}
_CAPTION: Final = (
    "Agreement with each annotator, by the scale on which people labelled the responses of a set; human stands for the "
    "label that people agreed on or gave by majority. Rows with two annotators show how well people agree. On the "
    "scale of three contextual labels the kind of request settles part of the label, which raises agreement over all "
    "requests. Brackets: intervals (Wilson for the accuracy, bootstrap over families of requests for the "
    "coefficients). A dash is a coefficient that is not defined, or a judge that labelled none of the responses."
)


def write_validation(validation: Path, study: str, output: Path) -> None:
    """Write what ``unicost.human.validation`` measured as a page, or as LaTeX, by the suffix of ``output``."""
    rows = [
        {
            "Set": str(line["set"]).replace("_", " "),
            "Scale": _SCALES[line["scale"]],
            "Requests": str(line["requests"]).capitalize(),
            "Judge or annotator": _short(line["rater"]),
            "Against": _short(line["annotator"]),
            "n": count(line["n"]),
            "Unscored": count(line["unscored"]),
            "Accuracy (%)": with_interval(accuracy, line, "accuracy"),
            "Cohen's kappa": with_interval(coefficient, line, "kappa"),
            "Gwet's AC1": with_interval(coefficient, line, "ac1"),
        }
        for line in inputs.read_file(validation, "validation").to_dict("records")
    ]
    text = ("Set", "Scale", "Requests", "Judge or annotator", "Against")
    write(table(rows, text), f"Judges against people: {study}", _CAPTION, [output])


def _short(rater: str) -> str:
    """The rater's name without that of the set."""
    return rater.rpartition("/")[2].replace("_", " ")
