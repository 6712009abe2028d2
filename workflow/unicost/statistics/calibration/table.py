"""Every judge that states probabilities against every annotator: calibration.csv."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from unicost.config import Analysis, Resampling
from unicost.records import Label
from unicost.statistics.calibration.scores import NAMES, Answers, equal_count_bins, scores, unsafe_share

BINS = 10
ALL, SCORED, UNSURE = "all", "scored", "unsure"
"""Values of ``answers``: all with a stated probability, those that the judge labelled, those that it left unscored."""
WHOLE = "all"
"""Value of ``bin`` in the rows over every bin, which alone have scores."""
COLUMNS = [
    *["annotator", "judge", "aspect", "answers", "bin", "n", "families", "unsure", "unstated"],
    *["lowest", "highest", "stated", "observed", "low", "high"],
    *NAMES,
]


def calibration(
    stated: pd.DataFrame, labels: pd.DataFrame, families: pd.DataFrame, analysis: Analysis | Resampling
) -> pd.DataFrame:
    """Rows for each annotator, judge and aspect: one a bin of equal counts, and one each for all, scored and unsure.

    ``stated`` as ``stated.read_stated`` gives it, ``labels`` as ``human.truth.labels_by_annotator``; ``families`` has
    ``instance``, ``model`` and ``family``. ``unstated`` counts labelled answers without a probability, which enter
    nothing else. ``stated`` is the mean probability of ``unsafe`` and ``observed`` the share of unsafe labels.
    """
    given = labels[labels["label"] != Label.UNSCORED].merge(families, on=["instance", "model"])
    whole = given.merge(stated, on=["instance", "model", "aspect"])
    rows: list[dict[str, object]] = []
    for (annotator, judge, aspect), group in whole.groupby(["annotator", "judge", "aspect"], sort=True):
        known = group.dropna(subset="stated")
        key = {"annotator": annotator, "judge": judge, "aspect": aspect}
        rows += [key | row for row in _rows(known, len(group) - len(known), analysis)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(known: pd.DataFrame, unstated: int, analysis: Analysis | Resampling) -> Iterator[dict[str, object]]:
    if known.empty:
        return
    answers = Answers(
        known["stated"].to_numpy(float),
        np.asarray(known["label"] == Label.UNSAFE, np.float64),
        known["weight"].to_numpy(float),
        pd.factorize(known["family"])[0].astype(np.int64),
    )
    unsure = known["unsure"].to_numpy(bool)
    places = equal_count_bins(answers.stated, BINS)
    for place in range(int(places.max()) + 1):
        here = places == place
        row = _shares(answers[here], int(unsure[here].sum()), analysis.confidence)
        yield {"answers": ALL, "bin": str(place + 1), **row}
    for name, chosen in ((ALL, np.ones(len(known), bool)), (SCORED, ~unsure), (UNSURE, unsure)):
        if chosen.any():
            part = answers[chosen]
            row = _shares(part, int(unsure[chosen].sum()), analysis.confidence)
            found = scores(part, analysis.confidence, analysis.resamples, analysis.seed)
            yield {"answers": name, "bin": WHOLE, **row, **found, "unstated": unstated if name == ALL else None}


def _shares(answers: Answers, unsure: int, confidence: float) -> dict[str, object]:
    observed, low, high = unsafe_share(answers, confidence)
    return {
        "n": len(answers.stated),
        "families": answers.families,
        "unsure": unsure,
        "lowest": float(answers.stated.min()),
        "highest": float(answers.stated.max()),
        "stated": float(np.average(answers.stated, weights=answers.weight)),
        "observed": observed,
        "low": low,
        "high": high,
    }
