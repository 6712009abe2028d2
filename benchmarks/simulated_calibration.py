"""Simulated judges that state probabilities, for ``simulated.py``."""

from __future__ import annotations

from typing import Final

import numpy as np
from unicost.statistics.calibration.scores import Answers, scores

LEVEL: Final = 0.95


def calibration(rng: np.random.Generator, studies: int, families: int, size: int) -> dict[str, float]:
    """An honest judge, families' answers going together: its Brier score is known, and it is not found dishonest."""
    first, second = 0.6, 0.9
    truth = first * second / ((first + second) * (first + second + 1))
    hits, rejected = [], []
    for _ in range(studies):
        stated = np.round(rng.beta(first, second, families * size), 3)
        family = np.repeat(np.arange(families), size)
        luck = np.where(rng.random(len(stated)) < 0.5, rng.random(families)[family], rng.random(len(stated)))
        answers = Answers(stated, (luck < stated).astype(float), np.ones(len(stated)), family)
        found = scores(answers, LEVEL, 200, 0)
        hits.append(found["brier_low"] <= truth <= found["brier_high"])
        rejected.append(found["p_value"] < 1 - LEVEL)
    return {"coverage": float(np.mean(hits)), "type_one": float(np.mean(rejected))}
