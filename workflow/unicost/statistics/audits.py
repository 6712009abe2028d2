"""What an audit of one claim says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from unicost.config import Claim
from unicost.statistics.findings import Findings, Interval

NOTHING = Interval(np.nan, np.nan, np.nan)


class Outcome(StrEnum):
    """What the data say about a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTABLE = "not_testable"


@dataclass(frozen=True)
class Audit:
    """The outcome for one claim, the measured number that decided, and a sentence or two of evidence.

    ``note`` says which test the p-value is of, and whether it is one-sided.
    """

    outcome: Outcome
    number: Interval
    evidence: str
    p_value: float = float("nan")
    note: str = ""


Test = Callable[[Findings, Claim], Audit]


def untestable(why: str) -> Audit:
    """The audit of a claim that the data at hand cannot speak to."""
    return Audit(Outcome.NOT_TESTABLE, NOTHING, why)


def count(number: int, noun: str) -> str:
    """``1 seed``, ``2 seeds``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
