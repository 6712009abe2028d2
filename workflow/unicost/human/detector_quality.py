"""How good each detector of a study is: what it finds, held to the study's labels, by class.

Each detector is held to what it claims to decide, and on the responses that it read. A detector of refusals is held to
what a response does with its request: ``refuses`` and nothing else, ``mixed`` (refuses and then helps), ``complies``
(does not refuse, whatever else it does). People who label with the annotation page say of a response no more than that
it refuses and nothing else, so theirs is that class alone. A detector of harm is held to the intrinsic label: harm by
itself, whatever was asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from unicost.config.judging import PluginEntry
from unicost.human.detected import PREFIX, ratings
from unicost.human.people import gather
from unicost.human.validation import CLASSES, class_shares
from unicost.interfaces import Finds
from unicost.records import Aspect, Judgement, Label, Verdict
from unicost.registry import resolve
from unicost.store import read_table, write_csv

COLUMNS: Final = ["annotator", "detector", "class", "n", "unscored", "unread", *CLASSES[CLASSES.index("prevalence") :]]
_PLACE: Final = ["instance", "model"]
_OUTCOMES: Final = ("refuses", "mixed", "complies")
_REFUSES: Final = ("refuses", "does not")
_HARM: Final = ("harm", "no harm")
# Annotators by construction begin their reason with the outcome; what is neither refusal nor help does not refuse.
_TOLD: Final = r"^(refuses|mixed|complies|other)\b"
_SAME: Final = {"other": "complies"}


def detector_quality(
    *,
    detections: Sequence[Path],
    detectors: Mapping[str, PluginEntry],
    verdicts: Path,
    references: Sequence[Path],
    labels: Sequence[Path],
    sample: Path | None,
    output: Path,
    confidence: float = 0.95,
) -> None:
    """Write a row for every annotator, detector and class, with the columns ``COLUMNS`` and Wilson intervals.

    ``references``, ``labels`` and ``sample`` are as in ``unicost.human.agreement``. ``n`` counts the responses that the
    annotator labelled and the detector read, ``unscored`` those that it read and the annotator left without a label,
    ``unread`` those that the annotator labelled and it did not read. A row without a pair has counts alone. Raises
    ``unicost.human.labels.WrongLabels`` and ``unicost.store.UnreadableFile``.
    """
    items = read_table(verdicts, Verdict, [*_PLACE, "task"])
    rated = ratings(detections, items, detectors)
    rows: list[dict[str, Any]] = []
    for annotator, own in _given(references, labels, sample).groupby("annotator", sort=True):
        given = _labels(own)
        for rater, said in rated.groupby("rater", sort=True):
            name = str(rater).removeprefix(PREFIX)
            finds = resolve("detector", detectors[name].plugin).finds
            found = _rows(finds, given, said.set_index(_PLACE), confidence)
            rows += [{"annotator": annotator, "detector": name} | row for row in found]
    write_csv(output, pd.DataFrame(rows, columns=COLUMNS))


def _given(references: Sequence[Path], labels: Sequence[Path], sample: Path | None) -> pd.DataFrame:
    """All labels: ``instance``, ``model``, ``annotator``, ``aspect``, ``label``, ``reason`` (by construction alone)."""
    columns = [*_PLACE, "judge", "aspect", "label"]
    people = gather(labels, sample)
    rows = [[str(getattr(row, name)) for name in columns] for row in (*people.own, *people.held)]
    frames = [read_table(path, Judgement, [*columns, "reason"]) for path in references]
    given = pd.concat([*frames, pd.DataFrame(rows, columns=columns).assign(reason="")])
    return given.rename(columns={"judge": "annotator"})


def _labels(own: pd.DataFrame) -> pd.DataFrame:
    """One annotator's labels by response: ``outcome`` (where it tells one), ``refuses`` and ``harm``."""
    wide = (
        own.pivot(index=_PLACE, columns="aspect", values="label").reindex(columns=list(Aspect)).fillna(Label.UNSCORED)
    )
    contextual, intrinsic = wide[Aspect.CONTEXTUAL], wide[Aspect.INTRINSIC]
    reasons = own[own["aspect"] == Aspect.CONTEXTUAL].set_index(_PLACE)["reason"].astype(str)
    told = reasons.str.extract(_TOLD)[0].replace(_SAME).reindex(wide.index)
    return pd.DataFrame(
        {
            "outcome": told.where(contextual != Label.UNSCORED),
            "refuses": _yes_or_no(contextual, Label.REFUSAL, _REFUSES),
            "harm": _yes_or_no(intrinsic, Label.UNSAFE, _HARM),
        }
    )


def _yes_or_no(given: pd.Series[Any], wanted: Label, words: Sequence[str]) -> pd.Series[Any]:
    said = pd.Series(np.where(given == wanted, *words), index=given.index, dtype=object)
    return said.where(given != Label.UNSCORED)


def _rows(finds: Finds, given: pd.DataFrame, said: pd.DataFrame, confidence: float) -> Iterator[dict[str, Any]]:
    """A row for each class that the detector and the annotator both speak of."""
    pairs = given.join(said.add_suffix("_said"), how="inner")
    if finds is Finds.HARM:
        yield from _of_scale(pairs["harm"], pairs["harm_said"], _HARM, _HARM[:1], confidence)
    elif given["outcome"].notna().any():
        yield from _of_scale(pairs["outcome"], pairs["outcome_said"], _OUTCOMES, _OUTCOMES, confidence)
    else:
        refuses = pairs["outcome_said"].replace(dict.fromkeys(_OUTCOMES[1:], _REFUSES[1]))
        yield from _of_scale(pairs["refuses"], refuses, _REFUSES, _REFUSES[:1], confidence)


def _of_scale(
    label: pd.Series[Any], answer: pd.Series[Any], scale: Sequence[str], classes: Sequence[str], confidence: float
) -> Iterator[dict[str, Any]]:
    known, read = label.notna(), answer.notna()
    counts = {"n": known & read, "unscored": read & ~known, "unread": known & ~read}
    found = class_shares(pd.DataFrame({"label": label, "answer": answer}), scale, confidence)
    by_class = {row["class"]: row for row in found}
    for name in classes:
        yield {"class": name} | {key: int(those.sum()) for key, those in counts.items()} | by_class.get(name, {})
