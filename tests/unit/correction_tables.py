"""Tables of correction, tipping points, task-switching and interactions, for the tests of the reporting."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pandas as pd


def published(folder: Path, penalty: pd.DataFrame, pooled: pd.DataFrame, sign: float = 1.0) -> None:
    """What a published study has, made from its penalties."""
    corrections = ("rogan_gladen_misses", "rogan_gladen_false_alarms")
    _shared(folder, penalty, pooled, corrections=corrections, groups=("misses", "false_alarms"), sign=sign)


def experiment(folder: Path, penalty: pd.DataFrame, pooled: pd.DataFrame, models: pd.DataFrame) -> None:
    """What an experiment has."""
    corrections = ("rogan_gladen", "rogan_gladen_by_kind", "prediction_powered")
    arms = pooled.assign(arm="unified")
    groups = ("all", "unified", "other", "difference")
    _shared(folder, penalty, arms, corrections=corrections, groups=groups, sign=1.0)
    tasks = ("dialogue", "text_to_text")
    single = [("model", name, "", "", arm, *tasks, 40, 40, 0.8) for name, arm in zip(models["model"], models["arm"])]
    seeds = [("seeds", "", "", "", arm, *tasks, 40, 2, 0.8) for arm in dict.fromkeys(models["arm"])]
    pairs = [
        ("pair", row.unified, row.counterpart, row.relation, "unified", *tasks, 40, 40, -0.1)
        for row in penalty.drop_duplicates(["unified", "counterpart"]).itertuples()
    ]
    over = [("seeds of pairs", "", "", name, "unified", *tasks, 40, 2, -0.1) for name in set(penalty["relation"])]
    columns = ["level", "model", "counterpart", "relation", "arm", "first_task", "second_task", "families", "units"]
    table = pd.DataFrame([*single, *seeds, *pairs, *over], columns=[*columns, "consistency"])
    table = table.assign(low=table["consistency"] - 0.05, high=table["consistency"] + 0.05, by_chance=0.6)
    table.assign(first_only=0.05, second_only=0.15, p_value=0.02).to_csv(folder / "consistency.csv", index=False)
    rows = [
        ("vlm", "category", level, unit, estimate, 0.02, "")
        for unit in ("family", "seed")
        for level, estimate in (("Bias", 0.3), ("Privacy", 0.1))
    ]
    rows.append(("vlm", "access", None, "family", None, None, "one level: no interaction"))
    columns = ["relation", "factor", "level", "unit", "estimate", "interaction_p", "note"]
    levels = pd.DataFrame(rows, columns=columns).assign(n=100, units=40, interaction_p_adjusted=0.04)
    levels["permutation_p"] = levels["interaction_p"].where(levels["unit"] == "seed")
    levels = levels.assign(low=levels["estimate"] - 0.1, high=levels["estimate"] + 0.1)
    levels.to_csv(folder / "interactions.csv", index=False)
    whole = penalty[penalty["category"] == "all"]
    both = [whole.assign(metric=metric, estimate=0.01) for metric in ("over_refusal", "helpful")]
    pd.concat(both).to_csv(folder / "penalty_by_metric.csv", index=False)


def calibration(folder: Path) -> None:
    """A judge that is sure most of the time and says a little too often that there is harm."""
    rows = []
    for aspect in ("contextual", "intrinsic"):
        key = {"annotator": "construction", "judge": "trained", "aspect": aspect}
        parts = [("all", str(k + 1), 100, 0, p, p - 0.02) for k, p in enumerate((0.02, 0.3, 0.6, 0.99))]
        parts += [("all", "all", 400, 40, 0.48, 0.46), ("scored", "all", 360, 0, 0.4, 0.39)]
        for answers, place, n, unsure, stated, observed in [*parts, ("unsure", "all", 40, 40, 0.5, 0.45)]:
            row = {**key, "answers": answers, "bin": place, "n": n, "families": 30, "unsure": unsure, "unstated": 2}
            row |= {"lowest": stated, "highest": stated + 0.005, "stated": stated, "observed": observed}
            row |= {"low": max(0, observed - 0.05), "high": min(1, observed + 0.05)}
            if place == "all":
                row |= {"brier": 0.05, "brier_low": 0.04, "brier_high": 0.06, "excess": stated - observed}
                row |= {"excess_low": 0.01, "excess_high": 0.03, "miscalibration": 0.004, "by_chance": 0.001}
                row |= {"p_value": 0.01, "discrimination": 0.2, "uncertainty": 0.246}
            rows.append(row)
    columns = [*rows[-1], *(name for name in rows[0] if name not in rows[-1])]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "calibration.csv", index=False)
    edges = [0.05 * k for k in range(21)]
    strip = [("trained", aspect, low, high, 18, 2) for aspect in ("contextual", "intrinsic")
             for low, high in pairwise(edges)]  # fmt: skip
    columns = ["judge", "aspect", "lowest", "highest", "scored", "unsure"]
    pd.DataFrame(strip, columns=columns).to_csv(folder / "stated_probabilities.csv", index=False)


def _shared(
    folder: Path,
    penalty: pd.DataFrame,
    pooled: pd.DataFrame,
    *,
    corrections: tuple[str, ...],
    groups: tuple[str, ...],
    sign: float,
) -> None:
    pairs = penalty[penalty["category"] == "all"].rename(columns={"unified": "model"}).assign(level="pair")
    whole = pd.concat([pairs, pooled.assign(level="pool")], ignore_index=True)
    judged = {f"judged{end}": whole[name] for name, end in (("estimate", ""), ("low", "_low"), ("high", "_high"))}
    wider = whole.assign(metric="failure", survives=True, **judged)
    wider = wider.assign(estimate=whole["estimate"] * 1.2, low=whole["low"] - 0.01, high=whole["high"] + 0.05)
    for name in ("subset", "unit", "arm", "models", "p_value", "counterpart"):
        wider[name] = wider.get(name)
    parts = [wider.assign(correction=correction) for correction in corrections]
    pd.concat(parts).to_csv(folder / "corrected.csv", index=False)
    tipping = whole.rename(columns={"model": "unified"})
    tipping = tipping.assign(
        conclusion="more" if sign > 0 else "less", error_needed=0.08, error_known=0.06, robust=True
    )
    for name in ("subset", "unit", "arm", "counterpart"):
        tipping[name] = tipping.get(name)
    tipping.to_csv(folder / "tipping.csv", index=False)
    gaps = whole.rename(columns={"model": "unified"}).assign(p_adjusted=None, n=100)
    for name in ("subset", "unit", "counterpart", "arm"):
        gaps[name] = gaps.get(name)
    gaps.to_csv(folder / "gap_penalty.csv", index=False)
    gaps.assign(detectable=0.04).to_csv(folder / "power.csv", index=False)
    errors = [("failure", task, group, 300, 0.9, 0.95) for task in penalty["task"].unique() for group in groups]
    columns = ["metric", "task", "group", "labelled", "sensitivity", "specificity"]
    pd.DataFrame([row for row in errors if row[1] != "common"], columns=columns).to_csv(
        folder / "judge_error.csv", index=False
    )
