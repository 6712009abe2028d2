"""The labels that verdicts are corrected by: people's where there are any, or else those by construction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from unicost.human.labels import read_labels
from unicost.records import Aspect, Judgement, Label
from unicost.store import read_table

COLUMNS = ["instance", "model", *Aspect, "weight"]
_PLACE = ["instance", "model"]


def truth(*, references: Sequence[Path], labels: Sequence[Path], sample: Path | None) -> pd.DataFrame:
    """One row a labelled answer with the columns ``COLUMNS``.

    Several annotators of an answer decide by majority; an aspect without one is unscored. ``weight`` is the inverse of
    the inclusion probability in ``sample``, 1 for labels by construction, of which every answer has one. Raises
    ``unicost.human.labels.WrongLabels`` and ``unicost.store.UnreadableFile``.
    """
    given = [row for path in labels if sample is not None for row in read_labels(path, sample)]
    if given and sample is not None:
        rows = pd.DataFrame([(row.instance, row.model, str(row.aspect), str(row.label)) for row in given])
        wide = _wide(rows.set_axis([*_PLACE, "aspect", "label"], axis=1))
        chance = pd.read_csv(sample, usecols=[*_PLACE, "probability"])
        wide = wide.merge(chance, on=_PLACE, how="left", validate="one_to_one")
        return wide.assign(weight=1 / wide["probability"])[COLUMNS]
    frames = [read_table(path, Judgement, [*_PLACE, "aspect", "label"]) for path in references]
    return _wide(pd.concat(frames, ignore_index=True)).assign(weight=1.0)[COLUMNS]


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """The majority's label of each aspect in a column of its own."""
    votes = rows.groupby([*_PLACE, "aspect", "label"], sort=True).size().rename("votes").reset_index()
    most = votes.groupby([*_PLACE, "aspect"])["votes"].transform("max")
    leading = votes[votes["votes"] == most]
    tied = leading.duplicated([*_PLACE, "aspect"], keep=False)
    decided = leading.assign(label=leading["label"].mask(tied, Label.UNSCORED.value)).drop_duplicates(
        [*_PLACE, "aspect"]
    )
    wide = decided.pivot(index=_PLACE, columns="aspect", values="label").reset_index()
    return wide.reindex(columns=[*_PLACE, *Aspect]).fillna(Label.UNSCORED.value)
