"""The rules for refusals against people's labels of real responses, where those are at hand."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa, to_table
from unicost.judging.refusal import Stance
from unicost.judging.refusal_rules import classify_any

CLASSES = {
    "1_full_compliance": Stance.ANSWER,
    "2_full_refusal": Stance.REFUSAL,
    "3_partial_refusal": Stance.PARTIAL_REFUSAL,
}


def labels(path: Path) -> tuple[list[str], list[str]]:
    """What people said of each response of a file, and what the rules say."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = [classify_any(row["completion"]) for row in rows]
    said = [finding.stance if finding else Stance.ANSWER for finding in found]
    return [CLASSES[row["final_label"]] for row in rows], said


def kappa(people: list[str], rules: list[str]) -> float:
    table, _ = to_table(np.transpose([people, rules]))
    return float(cohens_kappa(table).kappa)


def test_the_rules_agree_with_people_on_three_classes(shared: Path) -> None:
    files = sorted((shared / "human_labels/xstest").glob("*.csv"))
    if not files:
        pytest.skip("needs the labelled responses in ../shared")
    each = [labels(path) for path in files]
    assert all(kappa(*pair) > 0.8 for pair in each)
    people, rules = ([label for pair in each for label in pair[side]] for side in (0, 1))
    # Keyword matching and GPT-4 reach 0.68 and two people 0.93 on responses of other models.
    assert kappa(people, rules) > 0.85


def test_evidence_is_a_piece_of_the_text() -> None:
    first, then = "I am sorry, but I can't help with that.", " Ask a friend."
    finding = classify_any(first + then)
    assert finding and finding.evidence == first
