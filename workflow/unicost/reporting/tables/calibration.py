"""Stated probabilities of the judges beside the labels of the same answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unicost.reporting import inputs, labels
from unicost.reporting.formatting import (
    coefficient,
    count,
    fine,
    p_value,
    percent,
    percent_interval,
    points,
    points_interval,
)
from unicost.reporting.tables.judges import with_interval
from unicost.reporting.tables.writing import Table, table


def table_of(statistics: Path) -> Table:
    """One row for all answers of a judge, those that it scored and those that it did not, then one a bin."""
    frame = inputs.read(statistics, "calibration")
    order = {True: 0, False: 1}
    keys = ["annotator", "judge", "aspect"]
    frame = frame.assign(place=frame["bin"].eq("all").map(order)).sort_values([*keys, "place"], kind="stable")
    rows = [
        {
            "Judge": str(line["judge"]),
            "Reference": labels.from_whom(line["annotator"]),
            "Aspect": str(line["aspect"]).capitalize(),
            "Answers": _answers(line),
            "n": count(line["n"]),
            "Families": count(line["families"]),
            "Unscored": count(line["unsure"]),
            "No probability": count(line["unstated"]),
            "Stated (%)": percent(line["stated"]),
            "Unsafe by the labels (%)": percent(line["observed"]),
            "Interval": percent_interval(line["low"], line["high"]),
            "Excess (points)": points(line["excess"]),
            "Interval, excess": points_interval(line["excess_low"], line["excess_high"]),
            "Brier score": with_interval(fine, line, "brier"),
            "Miscalibration": fine(line["miscalibration"]),
            "By chance": fine(line["by_chance"]),
            "p": p_value(line["p_value"]),
            "Discrimination": fine(line["discrimination"]),
            "Uncertainty": fine(line["uncertainty"]),
        }
        for line in frame.to_dict("records")
    ]
    return table(rows, text=("Judge", "Reference", "Aspect", "Answers"))


def _answers(line: Mapping[Any, Any]) -> str:
    if line["bin"] == "all":
        return labels.name(labels.JUDGED, line["answers"]).lower()
    low, high = coefficient(line["lowest"]), coefficient(line["highest"])
    return f"stated {low}" if low == high else f"stated {low} to {high}"
