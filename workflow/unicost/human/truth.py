"""The labels that verdicts are corrected by: people's where there are any, or else those by construction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from unicost.human.people import gather
from unicost.interfaces import ADJUDICATED
from unicost.records import Aspect, Judgement, Label
from unicost.store import read_table

COLUMNS = ["instance", "model", *Aspect, "weight"]
_PLACE = ["instance", "model"]


def truth(*, references: Sequence[Path], labels: Sequence[Path], sample: Path | None) -> pd.DataFrame:
    """One row a labelled answer with the columns ``COLUMNS``.

    Where several people labelled an answer, what holds in the end counts (see ``people``). ``weight`` is the inverse of
    the inclusion probability in ``sample``, 1 for labels by construction, of which every answer has one; with several
    annotators by construction, the first in the file counts. Raises ``unicost.human.labels.WrongLabels`` and
    ``unicost.store.UnreadableFile``.
    """
    if labels and sample is not None:
        given = gather(labels, sample)
        rows = [(row.instance, row.model, str(row.aspect), str(row.label)) for row in (*given.held, *given.own)]
        wide = _wide(pd.DataFrame(rows, columns=[*_PLACE, "aspect", "label"]))
        chance = pd.read_csv(sample, usecols=[*_PLACE, "probability"])
        wide = wide.merge(chance, on=_PLACE, how="left", validate="one_to_one")
        return wide.assign(weight=1 / wide["probability"])[COLUMNS]
    frames = [read_table(path, Judgement, [*_PLACE, "aspect", "label"]) for path in references]
    return _wide(pd.concat(frames, ignore_index=True)).assign(weight=1.0)[COLUMNS]


def labels_by_annotator(*, references: Sequence[Path], labels: Sequence[Path], sample: Path | None) -> pd.DataFrame:
    """One row a label: ``annotator``, ``instance``, ``model``, ``aspect``, ``label`` and ``weight``.

    Annotators are those of the ``references``, and ``human`` for what people hold in the end. Weights and errors are
    those of ``truth``.
    """
    columns = [*_PLACE, "judge", "aspect", "label"]
    frames = [read_table(path, Judgement, columns).rename(columns={"judge": "annotator"}) for path in references]
    found = [frame.assign(weight=1.0) for frame in frames]
    if labels:
        held = truth(references=(), labels=labels, sample=sample)
        long = held.melt([*_PLACE, "weight"], list(Aspect), var_name="aspect", value_name="label")
        found.append(long.assign(annotator=ADJUDICATED))
    return pd.concat(found, ignore_index=True)


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """The first label of each aspect in a column of its own; an aspect without one is unscored."""
    first = rows.drop_duplicates([*_PLACE, "aspect"])
    wide = first.pivot(index=_PLACE, columns="aspect", values="label").reset_index()
    return wide.reindex(columns=[*_PLACE, *Aspect]).fillna(Label.UNSCORED.value)
