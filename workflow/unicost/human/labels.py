"""Labels that people gave: the CSV or JSON file of the annotation page, or an export of Label Studio."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from unicost.human import label_studio
from unicost.records import Aspect, Judgement, Label
from unicost.registry import did_you_mean

COLUMNS = ["item", "annotator", "contextual", "intrinsic", "note", "seconds", "sample"]
"""Columns of the file that the annotation page writes; ``sample`` is the digest of the sample that it was made for."""
_PLACE = ["item", "instance", "model"]  # columns that every sample has
CHOICES = {
    Aspect.CONTEXTUAL: (Label.UNSAFE, Label.SAFE, Label.REFUSAL, Label.UNSCORED),
    Aspect.INTRINSIC: (Label.UNSAFE, Label.SAFE, Label.UNSCORED),
}
"""The labels of each aspect; ``unscored`` means that the person could not tell."""


class WrongLabels(ValueError):
    """A file of labels that cannot be used; the message names the file, the row and what would be right."""


def sample_digest(sample: Path) -> str:
    """Twelve hexadecimal digits that tell one sample from another: of its items and what each of them shows.

    How items were drawn (strata, weights) is left out: it may change without changing what a person labelled. Raises
    ``WrongLabels``.
    """
    return _digest(_sample(sample))


def read_labels(labels: Path, sample: Path) -> list[Judgement]:
    """The labels in the file ``labels`` of the items in the CSV file ``sample``, two judgements an item.

    A file that ends in ``.json`` is the annotation page's, or Label Studio's (JSON or JSON-MIN). The judge of each is
    ``human:<annotator>``. Items without a label are left out. Every sample calls its items alike, so labels of another
    sample are known by its digest alone and refused. Raises ``WrongLabels``.
    """
    drawn = _sample(sample)
    places = {row["item"]: (row["instance"], row["model"]) for row in drawn}
    expected = _digest(drawn)
    judgements: list[Judgement] = []
    seen: set[tuple[str, str]] = set()
    for number, row in _json_rows(labels) if labels.suffix.lower() == ".json" else _rows(labels):
        item, annotator = row["item"].strip(), row["annotator"].strip()
        if row["sample"].strip() != expected:
            raise _wrong(labels, number, _of_another_sample(row["sample"].strip(), expected, sample))
        if item not in places:
            raise _wrong(labels, number, f"item '{item}' is not in {sample}: {did_you_mean(item, list(places)[:50])}")
        if not annotator:
            raise _wrong(labels, number, "the annotator has no name; any name will do")
        if (item, annotator) in seen:
            raise _wrong(labels, number, f"annotator '{annotator}' labels item '{item}' a second time; keep one row")
        seen.add((item, annotator))
        for aspect in Aspect:
            label = _label(labels, number, row[aspect], aspect)
            if label:
                judgements.append(_judgement(places[item], annotator, aspect, label, row["note"]))
    return judgements


def _sample(sample: Path) -> list[dict[str, str]]:
    """Item, instance, model and the digest of what is shown, of each item of a sample."""
    try:
        frame = pd.read_csv(sample, dtype=str, keep_default_na=False)
        return [
            {name: row[name] for name in _PLACE} | {"response": row.get("response", "")}
            for row in frame.to_dict("records")
        ]
    except (OSError, ValueError, KeyError) as error:
        raise WrongLabels(f"{sample}: not a sample that this program drew ({error}); draw it again") from None


def _digest(drawn: list[dict[str, str]]) -> str:
    return hashlib.sha256(json.dumps([list(row.values()) for row in drawn]).encode()).hexdigest()[:12]


def _of_another_sample(said: str, expected: str, sample: Path) -> str:
    of = f"of sample {said}" if said else "of a sample that the file does not name"
    return (
        f"it is a label {of}, and {sample} is sample {expected}: the sample was drawn again or its responses changed, "
        "so the same item may show another response; label the page that lies beside the sample"
    )


def _rows(labels: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of the file with their line numbers; raises ``WrongLabels`` where it is no such table."""
    try:
        with labels.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in COLUMNS[:-1] if name not in (reader.fieldnames or ())]
            if missing:
                raise WrongLabels(f"{labels}: columns {missing} are missing; the annotation page writes {COLUMNS}")
            for row in reader:
                if None in row or None in row.values():
                    raise _wrong(labels, reader.line_num, f"it does not have {len(reader.fieldnames or ())} cells")
                yield reader.line_num, {"sample": "", **row}
    except (OSError, UnicodeDecodeError) as error:
        raise WrongLabels(f"{labels}: cannot be read as a CSV file in UTF-8 ({error})") from None


def _json_rows(labels: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The labels of the file with their numbers, from 1; raises ``WrongLabels`` where it holds none."""
    try:
        content: Any = json.loads(labels.read_text(encoding="utf-8-sig"))
        if isinstance(content, dict):
            rows = [row | {"sample": content.get("sample", "")} for row in content["labels"]]
        else:
            rows = list(label_studio.rows(content))
        written = [{name: str(row.get(name, "")) for name in COLUMNS} for row in rows]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WrongLabels(
            f"{labels}: neither the JSON file of the annotation page nor an export (JSON or JSON-MIN) of Label Studio "
            f"({error})"
        ) from None
    yield from enumerate(written, 1)


def _label(labels: Path, number: int, value: str, aspect: Aspect) -> Label | None:
    value = value.strip().lower()
    if not value:
        return None
    allowed = [label.value for label in CHOICES[aspect]]
    if value not in allowed:
        raise _wrong(labels, number, f"'{value}' is not an {aspect} label: {did_you_mean(value, allowed)}")
    return Label(value)


def _judgement(place: tuple[str, str], annotator: str, aspect: Aspect, label: Label, note: str) -> Judgement:
    instance, model = place
    reason = note.strip() or ("the annotator could not tell" if label is Label.UNSCORED else "")
    return Judgement(instance, model, f"human:{annotator}", aspect, label, reason)


def _wrong(labels: Path, number: int, problem: str) -> WrongLabels:
    place = "label" if labels.suffix.lower() == ".json" else "line"
    return WrongLabels(f"{labels}, {place} {number}: {problem}")
