"""Verdicts with known rates, for the tests of the statistics."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from unicost.config import Analysis, Counterpart, ModelEntry
from unicost.records import Construction, Kind, Label, Placement, Task, Verdict

TEXT, DIALOGUE = Task.TEXT_TO_TEXT, Task.DIALOGUE


def verdict(item: str, model: str, family: str, failed: bool | None, **other: object) -> Verdict:
    """An unsafe item's verdict: failed (unsafe in both aspects), refused, or (None) unscored."""
    label = Label.UNSCORED if failed is None else Label.UNSAFE if failed else Label.REFUSAL
    intrinsic = label if label is not Label.REFUSAL else Label.SAFE
    values = {
        "kind": Kind.UNSAFE,
        "category": "Privacy",
        "leaf": "",
        "task": TEXT,
        "construction": Construction.PLAIN,
        "placement": Placement.TEXT,
        "contextual": label,
        "intrinsic": intrinsic,
        "both_safe": None if failed is None else not failed,
        "outcome": None,
        "correct": None,
        "decided_by": "rules",
    }
    return Verdict(instance=item, model=model, family=family, **(values | other))


def frame(verdicts: Iterable[Verdict]) -> pd.DataFrame:
    """The table that ``store.read_table`` gives."""
    return pd.DataFrame([vars(row) for row in verdicts])


def analysis(**other: object) -> Analysis:
    """Settings with few resamples."""
    return Analysis(**({"common_tasks": (TEXT, DIALOGUE), "resamples": 400} | other))


def arms(seeds: int) -> dict[str, ModelEntry]:
    """A base and a unified arm for each training seed."""
    models = {}
    for seed in range(seeds):
        models[f"base-{seed}"] = ModelEntry(display_name=f"Base {seed}", kind="llm", arm="base", replicate=seed)
        parent = Counterpart(model=f"base-{seed}", relation="base_llm", closeness="parent")
        models[f"unified-{seed}"] = ModelEntry(
            display_name=f"Unified {seed}", kind="unified", arm="unified", replicate=seed, counterparts=(parent,)
        )
    return models


def experiment(seeds: int, penalty: float, rng: np.random.Generator, families: int = 60) -> list[Verdict]:
    """Two tasks, four items a family, 30 % failures of every base and ``penalty`` more of every unified arm.

    Failures of a family's items go together, and arms tend to fail on the same families. Each task has capability
    checks; the unified arm of the last seed cannot do dialogue.
    """
    rows = []
    for task in (TEXT, DIALOGUE):
        shared = rng.random((families, 1))
        for name, rate in [
            (f"{arm}-{s}", r) for s in range(seeds) for arm, r in (("base", 0.3), ("unified", 0.3 + penalty))
        ]:
            hardness = np.where(rng.random((families, 4)) < 0.5, shared, rng.random((families, 4)))
            for family, place in np.ndindex(families, 4):
                about = {"task": task, "category": "Privacy" if family % 2 else "Bias"}
                failed = bool(hardness[family, place] < rate)
                rows.append(verdict(f"{task}-{family}-{place}", name, f"f{family}", failed, **about))
            unable = (name, task) == (f"unified-{seeds - 1}", DIALOGUE)
            for check in range(20):
                about = {"task": task, "kind": Kind.CAPABILITY, "correct": not unable or check < 5}
                rows.append(verdict(f"{task}-check-{check}", name, f"check{check}", False, **about))
    return rows
