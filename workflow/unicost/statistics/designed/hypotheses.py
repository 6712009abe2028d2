"""The declared hypotheses and what the seeds say about each: hypotheses.csv."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from unicost.config import Protocol
from unicost.statistics.designed.cells import Cells
from unicost.statistics.designed.contrasts import Effect, effect
from unicost.statistics.hypothesis_tests import adjust, sign_flip

COLUMNS = [
    *["hypothesis", "family", "statement", "contrast", "prompt", "outcome", "predicted", "estimate", "low", "high"],
    *["p_value", "p_adjusted", "sign_flip_p", "detectable", "seeds", "verdict", "left_out", "settings"],
    *["bound_low", "bound_high", "worst_low", "worst_high"],
]
FEWEST_SEEDS = 3


class Finding(StrEnum):
    """What the seeds say about a hypothesis."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    ABSENT = "absent"
    INCONCLUSIVE = "inconclusive"
    UNTESTABLE = "untestable"


def hypotheses(cells: Cells, protocol: Protocol, standing: str, elsewhere: Collection[str] = ()) -> pd.DataFrame:
    """One row for each hypothesis of the protocol.

    ``p_value`` is Student's, two-sided; ``p_adjusted`` is Holm's within the family; ``sign_flip_p`` is the one-sided
    permutation p-value in the predicted direction, never below 0.5 ** seeds, and decides nothing; ``detectable`` is
    the smallest true effect found 4 times in 5 at the family's strictest level. ``standing`` says whether the settings
    are as frozen, and ``elsewhere`` names arms that were measured under other settings than the study's. ``worst_low``
    and ``worst_high`` are the interval over seeds with the unscored answers at their worst either way; verdicts are of
    scored answers, as declared.
    """
    found = {
        name: effect(cells, protocol, protocol.contrasts[entry.contrast], entry.outcome)
        for name, entry in protocol.hypotheses.items()
    }
    table = pd.DataFrame([_row(protocol, name, one) for name, one in found.items()])
    table["p_adjusted"] = table.groupby("family")["p_value"].transform(adjust, method="holm")
    tests = table.groupby("family")["p_value"].transform("count").clip(lower=1)
    level = 1 - protocol.confidence
    table["detectable"] = [one.over_seeds.detectable(level / n) for one, n in zip(found.values(), tests)]
    table["verdict"] = [_verdict(row, protocol) for _, row in table.iterrows()]
    table["settings"] = [_settings(protocol, str(name), standing, elsewhere) for name in table["contrast"]]
    return table[COLUMNS]


def _row(protocol: Protocol, name: str, found: Effect) -> dict[str, object]:
    entry, over = protocol.hypotheses[name], found.over_seeds
    contrast = protocol.contrasts[entry.contrast]
    low, high = over.interval(protocol.confidence, contrast.limits())
    testable = over.size >= FEWEST_SEEDS
    direction = 1 if entry.predicted == "greater" else -1
    return {
        **entry.model_dump(),
        **{"hypothesis": name, "prompt": contrast.prompts, "estimate": over.mean, "low": low, "high": high},
        **{"p_value": over.p_value if testable else np.nan, "seeds": over.size},
        "sign_flip_p": sign_flip(direction * over.values, seed=0) if testable else np.nan,
        "left_out": "; ".join(found.left_out),
        **dict(zip(("bound_low", "bound_high"), found.bounds)),
        **dict(zip(("worst_low", "worst_high"), found.worst_interval(protocol.confidence, contrast.limits()))),
    }


def _verdict(row: pd.Series[Any], protocol: Protocol) -> Finding:
    """Absent comes first: an effect shown to be within the margin counts as none, whatever its sign."""
    estimate, low, high, p_value = row[["estimate", "low", "high", "p_adjusted"]]
    if np.isnan(p_value):
        return Finding.UNTESTABLE
    if -protocol.margin < low and high < protocol.margin:
        return Finding.ABSENT
    if p_value >= 1 - protocol.confidence:
        return Finding.INCONCLUSIVE
    as_predicted = (estimate > 0) == (row["predicted"] == "greater")
    return Finding.SUPPORTED if as_predicted else Finding.CONTRADICTED


def _settings(protocol: Protocol, contrast: str, standing: str, elsewhere: Collection[str]) -> str:
    others = [arm for arm in protocol.contrasts[contrast].terms if arm in elsewhere]
    return f"{standing}; measured under other settings: {', '.join(others)}" if others else standing
