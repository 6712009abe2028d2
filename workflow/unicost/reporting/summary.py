"""A short text for the end of a run: the headline numbers, and where the paper, the report and the tables are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unicost.reporting import labels
from unicost.store import atomic

_HEADLINES = {
    "published": (("group", "open"), ("vlm", "all"), ("base_llm", "all"), ("base_llm", "paired")),
    "experiment": (("base_llm", "all"), ("control", "all"), ("vlm", "all"), ("generator", "all")),
}
_SUBSETS = {"open": " (open weights)", "paired": " (closest pairs)"}
_READINGS = {"more": "fails more", "less": "fails less", "unclear": "includes zero", "unknown": "has no interval"}

_FAMILIES = ("primary", "secondary")


def write_summary(numbers: Path, output: Path, places: Mapping[str, str]) -> None:
    """Write ``output`` from the numbers file; ``places`` says what is where, in the order to be printed."""
    studies = json.loads(numbers.read_text(encoding="utf-8"))
    lines = ["unicost: does unifying understanding and generation in one model cost safety?"]
    for study in sorted(studies.values(), key=lambda study: study["kind"] != "published"):
        lines += ["", *_study(study)]
    width = max(map(len, places), default=0)
    lines += ["", *(f"{name.ljust(width)}  {place}" for name, place in places.items())]
    with atomic(output) as stream:
        stream.write("\n".join(lines) + "\n")


def _study(study: Mapping[str, Any]) -> Iterator[str]:
    if study["kind"] == "validation":
        yield from _validation(study)
        return
    size = {key: leaf["text"] for key, leaf in study["size"].items()}
    yield f"{study['title']}: {size['models']} models, {size['tasks']} tasks, {size['items']} unsafe requests"
    counted = "answers counted in the tables" if study["kind"] == "published" else "answers to unsafe requests scored"
    yield f"  {size['answers']} {counted}, {size['unscored']} unscored"
    if "capability" in study:
        passed, cells = (study["capability"][key]["text"] for key in ("passed", "cells"))
        yield f"  capability gate: {passed} of {cells} combinations of model and task pass"
    if "over_refusal" in study:
        yield from _over_refusal(study["over_refusal"]["tasks"], study["size"]["tasks"])
    if "design" in study:
        yield from _design(study["design"])
        return
    yield "  failure rate on the common tasks, unified minus:"
    for relation, subset in _HEADLINES[study["kind"]]:
        units = study["pooled"].get(relation, {}).get("common", {}).get(subset, {})
        for unit in [unit for unit in labels.UNITS if unit in units]:
            yield f"    {_headline(units[unit], relation, subset, unit, study['settings']['confidence']['text'])}"
    if study["kind"] == "published":
        verdicts = ", ".join(f"{study['claims'][key]['text']} {name}" for key, name in labels.VERDICTS.items())
        yield f"  claims made about the benchmark: {verdicts}"


def _validation(study: Mapping[str, Any]) -> Iterator[str]:
    """The best judge or detector of each set and scale, and how well people agree."""
    yield f"{study['title']}: kappa with labels by people"
    for row in study["sets"]:
        found = [rater for rater in row["raters"] if not rater["person"]][:1]
        found += [rater for rater in row["raters"] if rater["person"]][:1]
        said = ", ".join(f"{rater['name']['text']} {rater['kappa']['text']}" for rater in found)
        yield f"  {row['set']['text']}, {row['scale']['text'].lower()}: {said}"


def _over_refusal(measured: Mapping[str, Any], tasks: Mapping[str, Any]) -> Iterator[str]:
    """A line where over-refusal is not measured on every task."""
    cure = "no answers to benign requests; name `controls` in config/datasets.yaml"
    if measured["value"] == 0:
        yield f"  over-refusal: not measured ({cure})"
    elif measured["value"] < tasks["value"]:
        yield f"  over-refusal: measured on {measured['text']} of {tasks['text']} tasks (elsewhere {cure})"


def _design(design: Mapping[str, Any]) -> Iterator[str]:
    """The answer, the primary comparisons behind it, and how the declared hypotheses came out."""
    yield f"  {design['answer']['text']}"
    rows = design.get("primary", {}).get("rows", [])
    width = max((len(row["contrast"]) for row in rows), default=0)
    for row in rows:
        bounded = row["reading"] != "unknown"
        interval = f", {design['confidence']['text']} interval {row['interval']['text']}" if bounded else ""
        size = f"{row['estimate']['text'].rjust(6)} points{interval}, {row['seeds']['text']} seeds"
        yield f"    {row['contrast'].ljust(width)} {size}: {labels.READINGS[row['says']]}{row['limit']}"
    found = [row["verdict"] for family in _FAMILIES for row in design.get(family, {}).get("rows", [])]
    counts = {key: f"{found.count(key)} {name}" for key, name in labels.HYPOTHESIS_VERDICTS.items()}
    scored = sum(design.get(family, {}).get("absent_among_scored", {}).get("value", 0) for family in _FAMILIES)
    if scored:
        counts["absent"] += f" ({scored} of them{labels.SCOPES['scored']} alone)"
    verdicts = ", ".join(counts.values())
    yield f"  declared hypotheses: {verdicts}"
    yield f"  settings: {design['frozen']['standing']['text']}"


def _headline(effect: Mapping[str, Any], relation: str, subset: str, unit: str, level: str) -> str:
    against = labels.name(labels.RELATIONS, relation).lower() + _SUBSETS.get(subset, "")
    reading = _READINGS[effect["reading"]]
    known = effect["reading"] != "unknown"
    interval = f", {level} interval {effect['interval']['text'].ljust(17)}" if known else " ".ljust(35)
    estimate = effect["estimate"]["text"].rjust(6)
    return f"{against.ljust(38)} {estimate} points{interval} unit {labels.UNITS[unit]}: {reading}"
