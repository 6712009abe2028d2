"""The calibration of the judges in the paper's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unicost.reporting import formatting, inputs, labels
from unicost.reporting.numbers_of_effects import Node, effect, leaf
from unicost.reporting.rows import of_row

_SCORES = ("brier", "miscalibration", "by_chance", "discrimination", "uncertainty")


def calibration_section(path: Path, alpha: float) -> Node:
    """``<judge>/<aspect>/<answers>`` (all, scored, unsure) against the first annotator.

    ``departs`` says whether the judge is shown not to mean what it says, at level ``alpha``.
    """
    frame = inputs.read_file(path, "calibration")
    whole = frame[frame["bin"] == "all"]
    whole = whole[whole["annotator"] == whole.groupby(["judge", "aspect"])["annotator"].transform("first")]
    content: Node = {}
    for line in whole.to_dict("records"):
        found = of_row("calibration", line, _numbers(line)) | {"departs": bool(line["p_value"] < alpha)}
        content.setdefault(line["judge"], {}).setdefault(line["aspect"], {})[line["answers"]] = found
    return content


def _numbers(line: Mapping[Any, Any]) -> Node:
    row = {f"{name}": line[f"excess_{name}"] for name in ("low", "high")} | {"estimate": line["excess"], "n": line["n"]}
    return {
        "excess": effect(row),
        "n": leaf(line["n"], formatting.count),
        "unsure": leaf(line["unsure"], formatting.count),
        "stated": leaf(line["stated"], formatting.percent),
        "observed": leaf(line["observed"], formatting.percent),
        "interval": {"text": formatting.percent_interval(line["low"], line["high"])},
        "brier_interval": {"text": formatting.between(formatting.fine, line["brier_low"], line["brier_high"])},
        "p": leaf(line["p_value"], formatting.p_value),
        "reference": {"text": labels.reference(line["annotator"])},
        **{name: leaf(line[name], formatting.fine) for name in _SCORES},
    }
