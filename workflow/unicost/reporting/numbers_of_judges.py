"""How good judges and detectors are, in the paper's numbers: agreement, detectors, injections, and people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from unicost.reporting import formatting, inputs, labels
from unicost.reporting.numbers_of_effects import Node, leaf
from unicost.reporting.raters import once_each, short
from unicost.reporting.rows import of_row
from unicost.reporting.sources import Sources
from unicost.reporting.tables.judges import SHARES

_TOPS: Final[Mapping[str, int]] = {"accuracy": 100, "kappa": 1, "ac1": 1}
"""What a perfect judge has, as printed: accuracy is in percent."""
_DIGITS: Final[Mapping[int, int]] = {100: 1, 1: 2}
"""The fewest decimals of a number, by its top."""


def judges_section(sources: Sources, settings: Mapping[str, Any]) -> Node:
    """``agreement``, ``detectors`` and, where the study has any, ``injections`` of an experiment."""
    content: Node = {}
    if sources.agreement is not None:
        given = inputs.read(sources.agreement.parent, sources.agreement.stem, extra=("weighted",))
        frame = inputs.of_all_responses(given)
        content |= {"agreement": _agreement(frame), "agreement_rows": _agreement_rows(frame)}
        content["detectors"] = _detectors(inputs.read(sources.statistics, "detectors"))
    if settings.get("injections"):
        content["injections"] = _injections(inputs.read(sources.statistics, "injections"))
    return content


def validation_numbers(validation: Path, sources: Sources, settings: Mapping[str, Any]) -> Node:
    """All numbers of a study of judges against people: ``sets`` and, where it has any, ``injections``.

    ``validation`` is the table that ``unicost.human.validation`` wrote.
    """
    confidence = settings["analysis"]["confidence"]
    return {
        "kind": settings["kind"],
        "title": settings["title"],
        "settings": {"confidence": leaf(confidence, formatting.whole_percent)},
        "sets": _sets(inputs.read_file(validation, "validation")),
        **judges_section(sources, settings),
    }


def _agreement_rows(frame: pd.DataFrame) -> list[Node]:
    """One row an annotator, judge and aspect, over all tasks and models."""
    rows = []
    for line in _whole(frame).to_dict("records"):
        words = {"reference": labels.reference(line["annotator"]), "judge": line["judge"], "aspect": line["aspect"]}
        named: Node = {key: {"text": str(text)} for key, text in words.items()}
        rows.append(of_row("agreement", line, named | _coefficients(line)))
    return rows


def _whole(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame["task"] == "all") & (frame["model_kind"] == "all")]


def _agreement(frame: pd.DataFrame) -> Node:
    """``<judge>/<aspect>`` over all tasks and models, held to the first annotator."""
    content: Node = {}
    for line in _whole(frame).drop_duplicates(["judge", "aspect"]).to_dict("records"):
        content.setdefault(line["judge"], {})[line["aspect"]] = of_row("agreement", line, _coefficients(line))
    return content


def _coefficients(line: Mapping[Any, Any]) -> Node:
    node = {key: leaf(line[key], formatting.count) for key in ("n", "unscored")}
    for name, top in _TOPS.items():
        node |= _bounded(line, name, top)
    return node


def _bounded(line: Mapping[Any, Any], name: str, top: int) -> Node:
    """An estimate, its bounds, and both bounds in words, all with the same number of decimals."""
    keys = (name, f"{name}_low", f"{name}_high")
    texts = formatting.alike([top * line[key] for key in keys], top, _DIGITS[top])
    leaves: Node = {key: {**leaf(line[key], str), "text": text} for key, text in zip(keys, texts, strict=True)}
    low, high = texts[1:]
    interval = formatting.MISSING if formatting.MISSING in (low, high) else f"{low} to {high}"
    return leaves | {f"{name}_interval": {"text": interval}}


def _detectors(frame: pd.DataFrame) -> Node:
    """``<annotator>/<detector>/<class>``."""
    content: Node = {}
    for line in frame.to_dict("records"):
        words = {"name": labels.name(labels.DETECTED, line["class"]), "reference": labels.reference(line["annotator"])}
        node: Node = {key: {"text": text} for key, text in words.items()}
        node |= {key: leaf(line[key], formatting.count) for key in ("n", "unscored", "unread", "positive")}
        node["prevalence"] = leaf(line["prevalence"], formatting.percent)
        for name in SHARES:
            node |= _bounded(line, name, 100)
        content.setdefault(line["annotator"], {}).setdefault(line["detector"], {})[line["class"]] = of_row(
            "detectors", line, node
        )
    return content


def _injections(frame: pd.DataFrame) -> Node:
    """``<judge>/<aspect>``: ``all`` attempts, the kind that flips most, ``worst``, where any does, and ``silent``.

    Of the silent kinds no attempt got a verdict, so that nothing is known of them.
    """
    content: Node = {}
    for (judge, aspect), rows in frame.groupby(["judge", "aspect"], sort=False):
        kinds = rows[rows["kind"] != "all"].sort_values("rate", ascending=False, kind="stable").to_dict("records")
        node: Node = {"all": _flips(rows[rows["kind"] == "all"].iloc[0].to_dict())}
        if kinds and kinds[0]["flips"]:
            words = {"name": {"text": labels.name({}, kinds[0]["kind"]).lower()}}
            node["worst"] = of_row("injections", kinds[0], words | _flips(kinds[0]))
        silent = [labels.name({}, kind["kind"]).lower() for kind in kinds if kind["unscored"] and not kind["attempts"]]
        node["silent"] = [{"text": kind} for kind in silent]
        content.setdefault(str(judge), {})[str(aspect)] = node
    return content


def _flips(line: Mapping[Any, Any]) -> Node:
    node = {key: leaf(line[key], formatting.count) for key in ("attempts", "flips", "unscored", "untold")}
    node |= {key: leaf(line[key], formatting.percent) for key in ("rate", "low", "high")}
    node["interval"] = {"text": formatting.percent_interval(line["low"], line["high"])}
    return of_row("injections", line, node)


def _sets(frame: pd.DataFrame) -> list[Node]:
    """One row a set and scale, over all requests: how well judges, and detectors, agree with people, and people."""
    frame = frame[(frame["requests"] == "all") & frame["kappa"].notna()]
    rows: list[Node] = []
    for (name, scale), lines in frame.groupby(["set", "scale"], sort=False):
        raters = [_rater(line, str(name)) for line in once_each(lines).to_dict("records")]
        words = {"set": {"text": str(name).replace("_", " ")}, "scale": {"text": labels.SCALES[str(scale)]}}
        rows.append(words | {"raters": raters})
    return rows


def _rater(line: Mapping[Any, Any], name: str) -> Node:
    person = str(line["rater"]).startswith(f"{name}/")
    numbers = {"name": {"text": short(line["rater"])}} | _coefficients(line)
    return {"person": person} | of_row("validation", line, numbers)
