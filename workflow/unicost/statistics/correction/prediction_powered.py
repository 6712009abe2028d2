"""The mean of labels that only some answers have, with the judge's verdicts on all (prediction-powered inference).

Angelopoulos, Bates, Fannjiang, Jordan and Zrnic (2023, Science 382:669), with the tuned weight of Angelopoulos, Duchi
and Zrnic (2023, arXiv 2311.01453). The library ``ppi-python`` takes items as independent; here families of items are
the sources of error, and the labelled sample may have unequal inclusion probabilities: the verdicts of all answers,
labelled or not, are the mean that the labels correct. With one item a family and equal weights both agree (a test).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unicost.statistics.uncertain import Floats, Uncertain

Codes = NDArray[np.int64]

FEWEST = 5
"""Fewer labelled answers than this are not corrected from."""


def prediction_powered(
    judged: Floats, labels: Floats, weights: Floats, family: Codes, families: int
) -> Uncertain | None:
    """The mean label of scored answers: ``judged`` 0 or 1, ``labels`` NaN where nobody labelled, all of one length.

    ``weights`` are inverse inclusion probabilities of labelled answers. None with too few labels.
    """
    labelled = ~np.isnan(labels)
    if labelled.sum() < FEWEST:
        return None
    truth, said = labels[labelled], judged[labelled]
    share = weights[labelled] / weights[labelled].sum()
    tuned = _weight(truth, said, share)
    corrections = truth - tuned * said
    correction = float(share @ corrections)
    parts = np.bincount(family[labelled], weights=share * (corrections - correction), minlength=families)
    spread = tuned * (judged - judged.mean()) / len(judged)
    parts = parts + np.bincount(family, weights=spread, minlength=families)
    clusters = len(np.unique(family))
    value = tuned * float(judged.mean()) + correction
    return Uncertain(value, parts * np.sqrt(clusters / max(clusters - 1, 1)), max(clusters - 1, 1))


def _weight(truth: Floats, said: Floats, share: Floats) -> float:
    """How much the verdicts are trusted, in [0, 1]: the slope of labels on verdicts, 0 where it is unknown."""
    about = said - share @ said
    variance = float(share @ about**2)
    return float(np.clip(share @ (truth * about) / variance, 0, 1)) if variance > 0 else 0.0
