"""All that people said about a sample: who labelled how much, where they differ, and what holds in the end.

What holds is the label that most people gave. Where as many say one thing as another it is unscored, until somebody who
signs as ``adjudicator`` decides; the adjudicator's label goes before any majority.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from unicost.human.labels import WrongLabels, read_labels
from unicost.interfaces import ADJUDICATED
from unicost.records import Aspect, Judgement, Label

ADJUDICATOR = "human:adjudicator"
COVERAGE = ["annotator", "aspect", "sampled", "labelled", "could_not_tell", "missing"]
DIFFERENCES = ["item", "aspect", "labels", "decided"]
"""Columns of the table of items on which people differ; ``decided`` is what holds."""


class Given(NamedTuple):
    """``own`` are the labels of each person, ``held`` those that hold where several people labelled."""

    own: list[Judgement]
    held: list[Judgement]
    coverage: pd.DataFrame
    differences: pd.DataFrame


def gather(labels: Sequence[Path], sample: Path | None) -> Given:
    """Read all files; raises ``WrongLabels``, also where one person labels an item in two files or a file is empty."""
    if not labels:
        return Given([], [], pd.DataFrame(columns=COVERAGE), pd.DataFrame(columns=DIFFERENCES))
    if sample is None:
        raise ValueError(f"{labels[0]}: labels can only be read with the sample that they belong to; name the sample")
    own: list[Judgement] = []
    source: dict[tuple[str, str, str], Path] = {}
    for path in labels:
        rows = read_labels(path, sample)
        if not rows:
            raise WrongLabels(f"{path}: holds no label; label the sample on the annotation page and download it again")
        for row in rows:
            first = source.setdefault((row.instance, row.model, row.judge), path)
            if first != path:
                name = row.judge.partition(":")[2]
                raise WrongLabels(f"{path}: annotator '{name}' labels items that are in {first} too; keep one file")
        own += rows
    items = _items(sample)
    by_place = _by_place(own)
    held = [_decide(rows) for rows in by_place.values() if len(rows) > 1]
    return Given(own, held, _coverage(own, len(items)), _differences(by_place, held, items))


def _items(sample: Path) -> dict[tuple[str, str], str]:
    frame = pd.read_csv(sample, dtype=str, usecols=["item", "instance", "model"], keep_default_na=False)
    return dict(zip(zip(frame["instance"], frame["model"]), frame["item"]))


def _by_place(own: Sequence[Judgement]) -> dict[tuple[str, str, Aspect], list[Judgement]]:
    found: dict[tuple[str, str, Aspect], list[Judgement]] = {}
    for row in own:
        found.setdefault((row.instance, row.model, row.aspect), []).append(row)
    return found


def _decide(rows: Sequence[Judgement]) -> Judgement:
    """What holds of the labels of one aspect of one response."""
    decided = [row.label for row in rows if row.judge == ADJUDICATOR and row.label is not Label.UNSCORED]
    votes = Counter(row.label for row in rows if row.label is not Label.UNSCORED and row.judge != ADJUDICATOR)
    most = [label for label, count in votes.items() if count == max(votes.values())]
    label, reason = Label.UNSCORED, "people differ, and nobody has decided"
    if decided:
        label, reason = decided[0], "decided by the adjudicator"
    elif len(most) == 1:
        label, reason = most[0], f"said by {votes[most[0]]} of {len(rows)} people"
    elif not votes:
        reason = "nobody could tell"
    return Judgement(rows[0].instance, rows[0].model, ADJUDICATED, rows[0].aspect, label, reason)


def _coverage(own: Sequence[Judgement], sampled: int) -> pd.DataFrame:
    """A row for each person and aspect; the adjudicator need not have seen everything."""
    counts = Counter((row.judge, row.aspect, row.label is Label.UNSCORED) for row in own)
    rows = []
    for judge in sorted({row.judge for row in own}):
        for aspect in Aspect:
            unsure, told = counts[judge, aspect, True], counts[judge, aspect, False]
            rows.append([judge, aspect.value, sampled, told + unsure, unsure, sampled - told - unsure])
    return pd.DataFrame(rows, columns=COVERAGE)


def _differences(
    by_place: dict[tuple[str, str, Aspect], list[Judgement]],
    held: Sequence[Judgement],
    items: dict[tuple[str, str], str],
) -> pd.DataFrame:
    decided = {(row.instance, row.model, row.aspect): row.label.value for row in held}
    rows = [
        [items[place[:2]], place[2].value, _told(given), decided[place]]
        for place, given in by_place.items()
        if len({row.label for row in given}) > 1
    ]
    return pd.DataFrame(rows, columns=DIFFERENCES).sort_values(["item", "aspect"], ignore_index=True)


def _told(given: Sequence[Judgement]) -> str:
    return "; ".join(f"{row.judge.partition(':')[2]}: {row.label}" for row in given)
