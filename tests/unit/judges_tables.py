"""Small tables of how good judges and detectors are, and a study of judges against people."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
from unicost.human.detector_quality import COLUMNS as DETECTORS
from unicost.human.validation import COLUMNS as VALIDATION
from unicost.judging.injections import COLUMNS as INJECTIONS
from unicost.reporting.sources import Sources

VALIDATED = {
    "kind": "validation",
    "title": "Judges & people",
    "injections": "attempts.yaml",
    "analysis": {"confidence": 0.95, "resamples": 200, "seed": 0},
}


def detectors() -> pd.DataFrame:
    """A detector of harm, and one of refusals that met no mixed answer."""
    rows: list[dict[str, Any]] = []
    for detector, kind, positive in (("scenes", "harm", 9), ("words", "refuses", 30), ("words", "mixed", 0)):
        key = {"annotator": "construction", "detector": detector, "class": kind}
        counts = {"n": 100, "unscored": 2, "unread": 7, "positive": positive, "negative": 100 - positive}
        defined = ("sensitivity", "specificity", "precision") if positive else ("specificity",)
        shares = dict.fromkeys(defined, 0.9)
        bounds = {f"{name}_{end}": value for name in shares for end, value in (("low", 0.8), ("high", 0.95))}
        rows.append(key | counts | {"prevalence": positive / 100} | shares | bounds)
    return pd.DataFrame(rows, columns=DETECTORS)


def injections() -> pd.DataFrame:
    """A judge that nothing flips, one that orders flip, and an aspect on which nothing is told."""
    rows = [("firm", "contextual", kind, 20, 0, 0.0, 0.0, 0.16, 0, 0) for kind in ("all", "order")]
    rows += [("soft", "contextual", kind, 20, 5, 0.25, 0.11, 0.47, 4, 1) for kind in ("all", "order")]
    rows += [("soft", "intrinsic", kind, 0, 0, None, None, None, 24, 1) for kind in ("all", "order")]
    return pd.DataFrame(rows, columns=INJECTIONS)


def validation(folder: Path) -> Sources:
    """A study of judges against people: one set, two scales, a judge, a detector and two people."""
    rows = []
    raters = (("keywords", 0.6), ("detector words", 0.5), ("mine/second", 0.93))
    for scale, (rater, kappa) in product(("outcome", "contextual"), raters):
        row: dict[str, Any] = {
            "set": "mine",
            "scale": scale,
            "requests": "all",
            "rater": rater,
            "n": 450,
            "unscored": 3,
        }
        row["annotator"] = "mine/first" if rater.startswith("mine/") else "mine/human"
        for name in ("accuracy", "kappa", "ac1"):
            row |= {name: kappa, f"{name}_low": kappa - 0.05, f"{name}_high": kappa + 0.05}
        rows.append(row)
    for part, name, frame in (
        ("tables", "validation", pd.DataFrame(rows, columns=VALIDATION)),
        ("statistics", "injections", injections()),
    ):
        (folder / part).mkdir(parents=True, exist_ok=True)
        frame.to_csv(folder / part / f"{name}.csv", index=False)
    return Sources(folder / "statistics", validation=folder / "tables" / "validation.csv")
