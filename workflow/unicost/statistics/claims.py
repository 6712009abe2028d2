"""The audit: what the data say about each claim. Claims and the figures they state are in config/claims.yaml.

Published tables and experiments have tests of their own under the same names, for they hold different evidence.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from unicost.config import Claim
from unicost.registry import did_you_mean
from unicost.statistics import claims_experiment, claims_published
from unicost.statistics.audits import Outcome
from unicost.statistics.findings import Findings

__all__ = ["COLUMNS", "Outcome", "UnknownTest", "audit"]

COLUMNS = [
    *["claim", "verdict", "estimate", "low", "high", "evidence", "text", "would_test", "p_value", "figures", "note"]
]


class UnknownTest(ValueError):
    """A claim that names no known test."""


def audit(claims: Mapping[str, Claim], findings: Findings) -> pd.DataFrame:
    """One row for each claim; raises ``UnknownTest``."""
    tests = claims_experiment.TESTS if findings.experiment else claims_published.TESTS
    rows = []
    for name, claim in claims.items():
        if claim.test not in tests:
            raise UnknownTest(f"claim '{name}': unknown test '{claim.test}'; {did_you_mean(claim.test, list(tests))}")
        found = tests[claim.test](findings, claim)
        number = found.number
        rows.append(
            (
                *(name, found.outcome.value, number.estimate, number.low, number.high),
                *(found.evidence, claim.text, claim.would_test, found.p_value, " ".join(claim.figures), found.note),
            )
        )
    return pd.DataFrame(rows, columns=COLUMNS)
