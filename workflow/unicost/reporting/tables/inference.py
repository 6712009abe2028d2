"""Tables of inference: the penalty of each pair, the pooled penalties, and the audit of claims."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unicost.reporting import catalogue, inputs, labels
from unicost.reporting.formatting import (
    MISSING,
    between,
    coefficient,
    count,
    is_missing,
    p_value,
    percent,
    points,
    points_interval,
)
from unicost.reporting.tables.correction import BOUNDS, comparison
from unicost.reporting.tables.writing import Table, table


def penalty(statistics: Path) -> Table:
    """One row a pair and task (all categories together): penalty in points, interval, p values, what was detectable."""
    names = labels.display_names(inputs.read(statistics, "models"))
    extra = ("detectable", "equivalent", "closeness", *BOUNDS)
    ratio = ("risk_ratio", "risk_ratio_low", "risk_ratio_high")
    frame = inputs.read(statistics, "penalty", extra=extra + ratio)
    frame = frame[frame["category"] == "all"]
    rows = [
        {
            "Unified": names.get(line["unified"], line["unified"]),
            "Counterpart": names.get(line["counterpart"], line["counterpart"]),
            "Relation": labels.name(labels.RELATIONS, line["relation"]),
            "Closeness": _plain(line["closeness"]),
            "Task": labels.name(labels.TASKS, line["task"]),
            "n": count(line["n"]),
            "Unscored": count(line["unscored"]),
            "Penalty (points)": points(line["estimate"]),
            "Interval": points_interval(line["low"], line["high"]),
            "If unscored (points)": points_interval(line["low_bound"], line["high_bound"]),
            "Risk ratio": coefficient(line["risk_ratio"]),
            "Interval, ratio": between(coefficient, line["risk_ratio_low"], line["risk_ratio_high"]),
            "p": p_value(line["p_value"]),
            "p adjusted": p_value(line["p_adjusted"]),
            "Detectable (points)": percent(line["detectable"]),
            "Shown to be nil": _yes(line["equivalent"]),
            "Gate": "missed" if line["gated"] else "",
            "Method": _plain(line["method"]),
        }
        for line in frame.to_dict("records")
    ]
    return table(
        rows,
        text=("Unified", "Counterpart", "Relation", "Closeness", "Task", "Shown to be nil", "Gate"),
        wrapped=("Method",),
    )


def pooled(statistics: Path) -> Table:
    """One row a relation, task, subset and unit of inference, with the smallest penalty that such a pool finds."""
    extra = ("i_squared", "prediction_low", "prediction_high", "permutation_p", "note", "arm")
    more = ("equivalent", "p_adjusted", *BOUNDS)
    keys = ["relation", "task", "subset", "unit", "arm"]
    power = inputs.read(statistics, "power", extra=("arm",))
    power = power[power["level"] == "pool"].fillna({"arm": ""})[[*keys, "detectable"]]
    frame = inputs.read(statistics, "pooled", extra=extra + more).fillna({"arm": ""}).merge(power, on=keys, how="left")
    rows = [
        {
            "Against": labels.name(labels.RELATIONS, line["relation"]),
            "Task": labels.name(labels.TASKS, line["task"]),
            "Models": labels.name(labels.SUBSETS, line["subset"]),
            "Unit": labels.name(labels.UNITS, line["unit"]),
            "Number of models": count(line["models"]),
            "n": count(line["n"]),
            "Unscored": count(line["unscored"]),
            "Penalty (points)": points(line["estimate"]),
            "Interval": points_interval(line["low"], line["high"]),
            "If unscored (points)": points_interval(line["low_bound"], line["high_bound"]),
            "p": p_value(line["p_value"]),
            "p adjusted": p_value(line["p_adjusted"]),
            "Permutation p (one-sided)": p_value(line["permutation_p"]),
            "Detectable (points)": percent(line["detectable"]),
            "Shown to be nil": _yes(line["equivalent"]),
            "I² (%)": percent(line["i_squared"], 0),
            "Prediction interval": points_interval(line["prediction_low"], line["prediction_high"]),
            "Method": _plain(line["method"]),
            "Note": _plain(line["note"]),
        }
        for line in frame.to_dict("records")
    ]
    return table(rows, text=("Against", "Task", "Models", "Unit", "Shown to be nil"), wrapped=("Method", "Note"))


def gap_penalty(statistics: Path) -> Table:
    """One row a pair, or a pool on the common tasks: the penalty in the contextual minus the intrinsic unsafe rate."""
    names = labels.display_names(inputs.read(statistics, "models"))
    rows = [
        {
            "Comparison": comparison(line, names),
            "Against": labels.name(labels.RELATIONS, line["relation"]),
            "Task": labels.name(labels.TASKS, line["task"]),
            "Unit": "item" if line["level"] == "pair" else labels.name(labels.UNITS, line["unit"]),
            "n": count(line["n"]),
            "Unscored": count(line["unscored"]),
            "Difference (points)": points(line["estimate"]),
            "Interval": points_interval(line["low"], line["high"]),
            "If unscored (points)": points_interval(line["low_bound"], line["high_bound"]),
            "p": p_value(line["p_value"]),
            "p adjusted": p_value(line["p_adjusted"]),
            "Method": _plain(line["method"]),
        }
        for line in inputs.read(statistics, "gap_penalty", extra=BOUNDS).to_dict("records")
    ]
    return table(rows, text=("Comparison", "Against", "Task", "Unit"), wrapped=("Method",))


def claims(statistics: Path, kind: str) -> Table:
    """One row a claim: what is claimed, verdict, estimate in points, evidence, figures, what would test it."""
    frame = inputs.read(statistics, "claims", extra=("text", "would_test", "p_value", "figures", "note"))
    rows = [
        {
            "Claim": _plain(line["claim"]) if is_missing(line["text"]) else labels.in_words(line["text"]),
            "Verdict": labels.name(labels.VERDICTS, line["verdict"]),
            "Estimate (points)": points(line["estimate"]),
            "Interval": points_interval(line["low"], line["high"]),
            "p": p_value(line["p_value"]),
            "Evidence": _sentence(line["evidence"]),
            "Note": _sentence(line["note"]),
            "Shown in": _figures(line["figures"], kind),
            "Would test it": _plain(line["would_test"]),
        }
        for line in frame.to_dict("records")
    ]
    return table(rows, text=("Verdict",), wrapped=("Claim", "Evidence", "Note", "Shown in", "Would test it"))


def _figures(names: Any, kind: str) -> str:
    """Titles of those figures that studies of this kind have."""
    entries = [catalogue.figure(name) for name in ("" if is_missing(names) else str(names)).split()]
    return "; ".join(entry.title for entry in entries if kind in entry.captions) or MISSING


def _plain(value: Any) -> str:
    return MISSING if is_missing(value) else labels.in_words(value)


def _sentence(value: Any) -> str:
    return MISSING if is_missing(value) else labels.sentence(value)


def _yes(value: Any) -> str:
    return {"true": "yes", "false": "no"}.get(str(value).lower(), MISSING)
