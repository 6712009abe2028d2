"""The tables of a designed experiment beside its protocol: outcomes, arms, contrasts and declared hypotheses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from unicost.reporting import formatting, inputs, labels
from unicost.reporting.sources import Sources

PRIMARY = "primary"
FAILURE = "failure"
ANSWERS = ("refuses", "mixed", "complies", "other")
"""The declared outcomes of a scored answer."""


@dataclass(frozen=True)
class Design:
    """A protocol and what was measured under it. Rates lie in [0, 1], differences in [-1, 1]; the seed is the unit.

    ``outcomes`` holds the study's own models and those of the tables that the protocol names in ``also`` (column
    ``shipped``).
    """

    protocol: Mapping[str, Any]
    outcomes: pd.DataFrame
    arms: pd.DataFrame
    effects: pd.DataFrame
    hypotheses: pd.DataFrame
    gates: pd.DataFrame
    recipes: Mapping[str, Any]
    also: tuple[str, ...] = ()
    """The tables of ``outcomes`` beside the study's own that exist."""

    @property
    def margin(self) -> float:
        """A difference within plus or minus this counts as none."""
        return float(self.protocol["margin"])

    def types(self, prompt: str) -> list[str]:
        """The prompt types of a group; of a prompt type, itself."""
        return list(self.protocol["groups"].get(prompt, [prompt]))

    @cached_property
    def blocks(self) -> list[str]:
        """The groups that hold no smaller group, and the prompt types that are in none of these."""
        groups = {name: set(types) for name, types in self.protocol["groups"].items()}
        smallest = [name for name in groups if not any(other < groups[name] for other in groups.values())]
        covered = set().union(*(groups[name] for name in smallest))
        return smallest + [prompt for prompt in self.protocol["prompts"] if prompt not in covered]

    def prompt(self, key: str) -> str:
        """The reader's name of a prompt type or group."""
        prompts = self.protocol["prompts"]
        return str(prompts[key]["label"]) if key in prompts else labels.name({}, key)

    def contrast(self, key: str) -> str:
        """The reader's name of a contrast."""
        return str(self.protocol["contrasts"].get(key, {}).get("label", labels.name({}, key)))

    def arm(self, arm: str, prompt: str, outcome: str = FAILURE) -> dict[Any, Any] | None:
        """An arm's mean over seeds with its interval; none where it was not measured."""
        rows = self.arms[
            (self.arms["arm"] == arm) & (self.arms["prompt"] == prompt) & (self.arms["outcome"] == outcome)
        ]
        return None if rows.empty or pd.isna(rows.iloc[0]["estimate"]) else rows.iloc[0].to_dict()

    def effect(self, contrast: str, prompt: str, outcome: str = FAILURE) -> dict[Any, Any] | None:
        """A contrast over seeds; none where it has no estimate."""
        frame = self.effects
        rows = frame[(frame["contrast"] == contrast) & (frame["prompt"] == prompt) & (frame["outcome"] == outcome)]
        return None if rows.empty or pd.isna(rows.iloc[0]["estimate"]) else rows.iloc[0].to_dict()

    def seeds(self, arm: str, prompt: str) -> pd.DataFrame:
        """Failure of each seed of an arm on a prompt type, or its mean over a group that the arm was asked whole.

        Columns ``replicate``, ``estimate``, ``gated`` (the seed misses the gate somewhere in it).
        """
        types = self.types(prompt)
        rows = self.outcomes[(self.outcomes["arm"] == arm) & (self.outcomes["kind"] == "unsafe")]
        rows = rows[rows["prompt"].isin(types) & (rows["scored"] > 0)]
        rows = rows.assign(estimate=rows["failures"] / rows["scored"])
        means = rows.groupby("replicate").agg(
            estimate=("estimate", "mean"), gated=("gated", "any"), types=("prompt", "nunique")
        )
        return means[means["types"] == len(types)].reset_index()

    def family(self, family: str) -> pd.DataFrame:
        """The hypotheses of a family, in the order of the protocol."""
        return self.hypotheses[self.hypotheses["family"] == family]

    def missed(self) -> list[str]:
        """``arm, prompt type (k of n seeds)`` for each that misses the capability gate in some seed."""
        rows = self.outcomes[self.outcomes["kind"] == "unsafe"]
        cells = rows.groupby(["arm", "prompt"], sort=False)["gated"].agg(["sum", "size"])
        cells = cells[cells["sum"] > 0]
        return [
            f"{labels.name(labels.ARMS, arm).lower()}, {self.prompt(prompt).lower()} ({missed} of {size} seeds)"
            for (arm, prompt), missed, size in cells.itertuples(name=None)
        ]


def read_design(sources: Sources) -> Design:
    """Read the tables of a study that has a protocol; raises ``inputs.UnusableTable``, ``ValueError`` without one."""
    if sources.protocol is None:
        raise ValueError(f"{sources.statistics}: its study has no protocol, so there is no design to report")
    folder = sources.statistics
    tables = [inputs.read(folder, "outcomes", extra=("refusal_probability",))]
    shipped = tuple(str(path) for path in sources.protocol.get("also") or () if Path(path).exists())
    tables += [inputs.read_file(Path(path), "outcomes", extra=("refusal_probability",)) for path in shipped]
    own = tables[0]["arm"].unique()
    also = [table[~table["arm"].isin(own)] for table in tables[1:]]
    return Design(
        protocol=sources.protocol,
        outcomes=pd.concat(
            [tables[0].assign(shipped=False), *(table.assign(shipped=True) for table in also)], ignore_index=True
        ),
        arms=inputs.read(folder, "arm_outcomes"),
        effects=inputs.read(folder, "effects"),
        hypotheses=inputs.read(folder, "hypotheses"),
        gates=inputs.read(folder, "gate_sensitivity"),
        recipes=sources.recipes or {},
        also=shipped,
    )


def by_seed(text: object) -> dict[int, float]:
    """The values of a column ``by_seed``: ``0:0.12;1:-0.03`` gives ``{0: 0.12, 1: -0.03}``."""
    if formatting.is_missing(text):
        return {}
    return {int(seed): float(value) for seed, value in (pair.split(":") for pair in str(text).split(";"))}


def reading(hypothesis: Mapping[Any, Any]) -> str:
    """What a verdict says about the difference: ``more``, ``less``, or the verdict where it is about neither.

    ``more`` means above zero, whichever way the hypothesis predicted.
    """
    verdict = str(hypothesis["verdict"])
    if verdict not in ("supported", "contradicted"):
        return verdict
    return "more" if (verdict == "supported") == (hypothesis["predicted"] == "greater") else "less"


def scope(hypothesis: Mapping[Any, Any], margin: float) -> str:
    """Whether a conclusion holds whatever the unscored answers were (``all``), or of those scored alone (``scored``).

    It does where the interval over seeds of the worst cases lies within the margin (absent) or on one side of zero
    (more, less), not adjusted for the number of comparisons. Empty where there is no conclusion or no such interval.
    """
    found = reading(hypothesis)
    low, high = hypothesis["worst_low"], hypothesis["worst_high"]
    if found not in ("more", "less", "absent") or formatting.is_missing(low):
        return ""
    holds = {"more": low > 0, "less": high < 0, "absent": -margin < low and high < margin}[found]
    return "all" if holds else "scored"


def limit(hypothesis: Mapping[Any, Any], margin: float) -> str:
    """How far a conclusion holds, in words that follow it; a clear difference is told only what limits it."""
    found = scope(hypothesis, margin)
    return labels.SCOPES[found if found == "scored" or reading(hypothesis) == "absent" else ""]


def answer(hypotheses: Sequence[Mapping[Any, Any]], margin: float) -> str:
    """One sentence on the declared primary comparisons of the unified arm: does unifying cost safety here?"""
    found = [(reading(row), limit(row, margin)) for row in hypotheses]
    points = f"±{100 * margin:g} points"
    alone = {
        "more": "Yes: the unified arm fails more in every declared comparison",
        "less": "No, the opposite: the unified arm fails less in every declared comparison",
        "absent": f"No: in every declared comparison the difference lies within {points}",
        "inconclusive": "Undecided: no declared comparison establishes a difference, and none excludes one",
        "untestable": "Not testable: too few training seeds pass the capability gate",
    }
    if not found:
        return "No primary hypothesis was declared"
    if len(set(found)) == 1:
        return alone[found[0][0]] + found[0][1]
    words = {
        "more": "the unified arm fails more",
        "less": "the unified arm fails less",
        "absent": f"the difference lies within {points}",
        "inconclusive": "nothing is established",
        "untestable": "too few seeds pass the capability gate",
    }
    kinds = sorted(set(found), key=lambda kind: (list(words).index(kind[0]), kind[1]))
    parts = [f"in {found.count(kind)} {words[kind[0]]}{kind[1]}" for kind in kinds]
    return f"Of {len(found)} declared comparisons: {formatting.listed(parts)}"


def replayed(arm: str, level: str) -> str:
    """The name of an arm at a level of replay (``labels.REPLAY_LEVELS``): ``unified_replay_10``."""
    return f"{arm}_replay_{level}" if level else arm
