"""The numbers of the paper: every figure that its text shows, raw and as text, in one JSON file.

A leaf is ``{"value": raw, "text": as printed, "source": file}``, with ``row`` where it was read from one row of that
file. Keys are readable and nested, for example ``published/pooled/group/common/open/model/estimate``; the paper looks
them up by such paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from unicost.reporting import formatting, inputs, labels
from unicost.reporting.design import read_design
from unicost.reporting.numbers_of_arms import arms_section, beside_safety, interactions_section
from unicost.reporting.numbers_of_calibration import calibration_section
from unicost.reporting.numbers_of_correction import correction_section, judge_difference
from unicost.reporting.numbers_of_design import design_section
from unicost.reporting.numbers_of_effects import Node, effect, leaf
from unicost.reporting.numbers_of_judges import judges_section, validation_numbers
from unicost.reporting.numbers_of_published import RATE_METRICS, published_section
from unicost.reporting.numbers_of_switching import switching_section
from unicost.reporting.provenance import with_sources
from unicost.reporting.rows import of_row, of_table
from unicost.reporting.sources import Sources
from unicost.store import write_json

_ESTIMANDS = ("all_supported", "common")


def write_numbers(studies: Mapping[str, Sources], settings: Mapping[str, Mapping[str, Any]], output: Path) -> None:
    """Write ``output`` from the sources of each study.

    ``settings`` holds each study's configuration as plain data (``study.model_dump(mode="json")``): its ``kind``,
    ``title`` and ``analysis``. Raises ``inputs.UnusableTable``.
    """
    found = {name: study_numbers(sources, settings[name]) for name, sources in studies.items()}
    write_json(
        output,
        {name: with_sources(content, name, settings[name].get("protocol")) for name, content in found.items()},
    )


def study_numbers(sources: Sources, settings: Mapping[str, Any]) -> Node:
    """All numbers of one study."""
    if sources.validation is not None:
        return validation_numbers(sources.validation, sources, settings)
    statistics = sources.statistics
    models = labels.with_groups(inputs.read(statistics, "models"))
    rates = inputs.read(statistics, "rates", extra=["low_bound", "high_bound"])
    alpha = 1 - float(settings["analysis"]["confidence"])
    content: Node = {
        "kind": settings["kind"],
        "title": settings["title"],
        "settings": _settings(settings["analysis"]),
        "size": _size(models, rates, settings["analysis"]),
        "rates": _rates(rates),
        "penalty": _penalty(inputs.read(statistics, "penalty"), alpha, labels.display_names(models)),
        "pooled": _pooled(statistics),
        "gap": _gap(inputs.read(statistics, "gap"), models),
        "claims": _claims(inputs.read(statistics, "claims", extra=("text", "would_test", "p_value", "note"))),
    }
    content |= correction_section(statistics, models)
    if settings["kind"] == "published":
        content |= published_section(statistics, rates, labels.display_names(models))
    else:
        content["capability"] = _capability(inputs.read(statistics, "capability"))
        content["over_refusal"] = _over_refusal(rates)
        content["switching"] = switching_section(statistics)
        content["interactions"] = interactions_section(statistics, alpha)
        content["judge_difference"] = judge_difference(statistics)
        content["beside_safety"] = beside_safety(statistics)
        if models["arm"].notna().any():
            content["arms"] = arms_section(statistics)
    if sources.protocol is not None:
        content["design"] = design_section(read_design(sources))
    if sources.calibration is not None:
        content["calibration"] = calibration_section(sources.calibration, alpha)
    return content | judges_section(sources, settings)


def _settings(analysis: Mapping[str, Any]) -> Node:
    gate = analysis.get("capability_gate")
    return {
        "confidence": leaf(analysis["confidence"], formatting.whole_percent),
        "resamples": leaf(analysis["resamples"], formatting.count),
        "margin": leaf(analysis["margin"], lambda value: f"{100 * value:g}"),
        "equivalence": leaf(round(2 * float(analysis["confidence"]) - 1, 9), formatting.whole_percent),
        "capability_gate": leaf(gate, formatting.whole_percent),
        "common_tasks": {"text": "; ".join(labels.name(labels.TASKS, task) for task in analysis["common_tasks"])},
        "common_tasks_number": leaf(len(analysis["common_tasks"]), formatting.count),
    }


def _size(models: pd.DataFrame, rates: pd.DataFrame, analysis: Mapping[str, Any]) -> Node:
    """How many models, tasks and items; items are the most that any model was asked on a task, summed over tasks."""
    cells = rates[(rates["metric"] == "failure") & ~rates["task"].isin(["all_supported", "common"])]
    asked = (cells["n"] + cells["unscored"].fillna(0)).groupby(cells["task"]).max()
    unified = models["kind"] == "unified"
    open_weights = models["access"] == "open"
    counts = {
        "models": len(models),
        "unified": unified.sum(),
        "unified_open": (unified & open_weights).sum(),
        "unified_closed": (unified & ~open_weights).sum(),
        "specialised": (~unified).sum(),
        "specialised_closed": (~unified & ~open_weights).sum(),
        "language_models": (models["kind"] == "llm").sum(),
        "understanding_models": (models["kind"] == "vlm").sum(),
        "generators": models["kind"].isin(["generator", "editor"]).sum(),
        "tasks": len(asked),
        "items": asked.sum(),
        "answers": cells["n"].sum(),
        "unscored": cells["unscored"].fillna(0).sum(),
        "seeds": models["replicate"].nunique(),
        "arms": models["arm"].nunique(),
    }
    leaves = {key: leaf(int(value), formatting.count) for key, value in counts.items()}
    asked_for = ("tasks", "items", "answers", "unscored")
    return leaves | {key: of_table("rates", leaves[key]) for key in asked_for}


def _rates(rates: pd.DataFrame) -> Node:
    """``<model>/<estimand>/<metric>``: estimate, low, high, n, unscored."""
    content: Node = {}
    chosen = rates[rates["metric"].isin(RATE_METRICS) & rates["task"].isin(_ESTIMANDS)]
    for line in chosen.to_dict("records"):
        node = content.setdefault(line["model"], {}).setdefault(line["task"], {})
        leaves = {key: leaf(line[key], formatting.percent) for key in ("estimate", "low", "high")}
        leaves |= {key: leaf(line[key], formatting.count) for key in ("n", "unscored")}
        node[line["metric"]] = of_row("rates", line, leaves)
    return content


def _penalty(penalty: pd.DataFrame, alpha: float, names: Mapping[str, str]) -> Node:
    """``<relation>/<task>``: how many pairs, how many clearly worse or better after adjustment, and the extremes.

    ``alone`` lists the unified models that have no counterpart of their own.
    """
    alone = sorted(set(penalty["unified"]) - set(penalty.loc[penalty["relation"] != "group", "unified"]))
    content: Node = {"alone": {"text": formatting.listed([names.get(model, model) for model in alone])}}
    chosen = penalty[(penalty["category"] == "all") & penalty["estimate"].notna() & ~penalty["gated"]]
    for (relation, task), rows in chosen.groupby(["relation", "task"], sort=False):
        clear = rows["p_adjusted"] < alpha
        ranked = rows.sort_values("estimate", kind="stable").to_dict("records")
        content.setdefault(str(relation), {})[str(task)] = {
            "pairs": leaf(len(rows), formatting.count),
            "counterparts": leaf(rows["counterpart"].nunique(), formatting.count),
            "worse": leaf(int((clear & (rows["estimate"] > 0)).sum()), formatting.count),
            "better": leaf(int((clear & (rows["estimate"] < 0)).sum()), formatting.count),
            "unclear": leaf(int((~clear).sum()), formatting.count),
            "largest": _named_effect(ranked[-1], names),
            "smallest": _named_effect(ranked[0], names),
        }
    return content


def _named_effect(row: Mapping[Any, Any], names: Mapping[str, str]) -> Node:
    pair = {key: names.get(row[key], row[key]) for key in ("unified", "counterpart")}
    return of_row("penalty", row, {**effect(row), **{key: {"text": str(value)} for key, value in pair.items()}})


_GROUPINGS: Final = {
    unit: {
        "n": f"{unit}s",
        "estimate": f"{unit}_estimate",
        "low": f"{unit}_low",
        "high": f"{unit}_high",
        "p_value": f"{unit}_p",
    }
    for unit in ("lineage", "base")
}


def _pooled(statistics: Path) -> Node:
    """``<relation>/<task>/<subset>/<unit>``; ``lineage`` and ``base`` are the same by family of language models and by
    the very language model."""
    grouped = [column for columns in _GROUPINGS.values() for column in columns.values()]
    extra = ("i_squared", "prediction_low", "prediction_high", "permutation_p", "p_adjusted", *grouped)
    content: Node = {}
    for line in inputs.read(statistics, "pooled", extra=extra).to_dict("records"):
        node = content
        for key in ("relation", "task", "subset"):
            node = node.setdefault(line[key], {})
        found = {
            **effect(line),
            "models": leaf(line["models"], formatting.count),
            "permutation_p": leaf(line["permutation_p"], formatting.p_value),
            "p_adjusted": leaf(line["p_adjusted"], formatting.p_value),
            "i_squared": leaf(line["i_squared"], lambda value: formatting.percent(value, 0)),
            "prediction_low": leaf(line["prediction_low"], formatting.points),
            "prediction_high": leaf(line["prediction_high"], formatting.points),
            "prediction": {"text": formatting.points_interval(line["prediction_low"], line["prediction_high"])},
            **{
                unit: effect({key: line[column] for key, column in columns.items()})
                for unit, columns in _GROUPINGS.items()
            },
        }
        node[line["unit"]] = of_row("pooled", line, found)
    return content


def _gap(gap: pd.DataFrame, models: pd.DataFrame) -> Node:
    """Over the common tasks (or the supported ones): models whose interval is above or below zero, and extremes."""
    task = "common" if (gap["task"] == "common").any() else "all_supported"
    names = labels.display_names(models)
    content: Node = {"task": {"text": labels.name(labels.TASKS, task)}}
    rows = gap[gap["task"] == task].merge(models[["model", "kind"]], on="model")
    for group, members in (
        ("unified", rows[rows["kind"] == "unified"]),
        ("specialised", rows[rows["kind"] != "unified"]),
    ):
        ranked = members.sort_values("estimate", kind="stable").to_dict("records")
        if ranked:
            content[group] = {
                "models": leaf(len(members), formatting.count),
                "above": leaf(int((members["low"] > 0).sum()), formatting.count),
                "below": leaf(int((members["high"] < 0).sum()), formatting.count),
                **{
                    key: of_row("gap", line, {**effect(line), "model": {"text": names[line["model"]]}})
                    for key, line in (("largest", ranked[-1]), ("smallest", ranked[0]))
                },
            }
    return content


def _claims(claims: pd.DataFrame) -> Node:
    rows = [
        {
            **of_row("claims", line, effect(line)),
            "claim": line["claim"],
            "verdict": line["verdict"],
            "verdict_text": labels.name(labels.VERDICTS, line["verdict"]),
            "claim_text": labels.in_words(line["claim"] if formatting.is_missing(line["text"]) else line["text"]),
            "evidence": labels.sentence(line["evidence"]),
            "would_test": "" if formatting.is_missing(line["would_test"]) else labels.in_words(line["would_test"]),
            "note": "" if formatting.is_missing(line["note"]) else labels.sentence(line["note"]),
        }
        for line in claims.to_dict("records")
    ]
    verdicts = [row["verdict"] for row in rows]
    counts = {verdict: leaf(verdicts.count(verdict), formatting.count) for verdict in labels.VERDICTS}
    return {
        "rows": rows,
        "by_name": {row["claim"]: row for row in rows},
        "total": leaf(len(rows), formatting.count),
        **counts,
    }


def _capability(frame: pd.DataFrame) -> Node:
    return {
        "cells": leaf(len(frame), formatting.count),
        "passed": leaf(int((~frame["gated"]).sum()), formatting.count),
        "missed": leaf(int(frame["gated"].sum()), formatting.count),
        "lowest_passed": leaf(frame.loc[~frame["gated"], "estimate"].min(), formatting.percent),
    }


def _over_refusal(rates: pd.DataFrame) -> Node:
    """The number of tasks on which it is measured: those with scored answers to benign requests."""
    measured = rates[(rates["metric"] == "over_refusal") & ~rates["task"].isin(_ESTIMANDS)]
    return {"tasks": leaf(measured["task"].nunique(), formatting.count)}
