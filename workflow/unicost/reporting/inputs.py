"""Reads the tables that the statistics wrote, and says in one sentence what is wrong with one that does not fit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

REQUIRED: dict[str, tuple[str, ...]] = {
    "models": ("model", "display_name", "kind", "access", "arm", "replicate"),
    "rates": ("model", "task", "metric", "n", "unscored", "estimate", "low", "high"),
    "penalty": (
        *("unified", "counterpart", "relation", "task", "category", "n", "estimate", "low", "high"),
        *("p_value", "p_adjusted", "method"),
    ),
    "penalty_by_metric": ("relation", "task", "category", "metric", "estimate"),
    "pooled": (*("relation", "task", "subset", "unit", "method", "models", "n", "estimate", "low", "high", "p_value"),),
    "pooled_by_category": (*("relation", "category", "unit", "models", "n", "estimate", "low", "high", "p_adjusted"),),
    "power": ("level", "relation", "task", "subset", "unit", "detectable"),
    "gap_penalty": (
        *("level", "unified", "counterpart", "relation", "task", "subset", "unit", "n"),
        *("estimate", "low", "high", "p_value", "p_adjusted", "method"),
    ),
    "gap": ("model", "task", "n", "c_unsafe", "i_unsafe", "estimate", "low", "high"),
    "capability": ("model", "task", "n", "estimate", "low", "high", "capable"),
    "utility": ("model", "task", "estimate", "low", "high"),
    "claims": ("claim", "verdict", "estimate", "low", "high", "evidence"),
    "leaderboard": ("model", "tasks", "c_unsafe", "c_reject", "i_unsafe", "both_safe"),
    "judge_accuracy": ("task", "n", "aspect", "accuracy", "low", "high"),
    "agreement": (
        *("annotator", "judge", "aspect", "task", "model_kind", "n", "unscored", "prevalence"),
        *("accuracy", "accuracy_low", "accuracy_high", "kappa", "kappa_low", "kappa_high"),
        *("ac1", "ac1_low", "ac1_high"),
    ),
    "detectors": (
        *("annotator", "detector", "class", "n", "unscored", "unread", "prevalence", "positive", "negative"),
        *("sensitivity", "sensitivity_low", "sensitivity_high", "specificity", "specificity_low", "specificity_high"),
        *("precision", "precision_low", "precision_high"),
    ),
    "injections": ("judge", "aspect", "kind", "attempts", "flips", "rate", "low", "high", "unscored", "untold"),
    "validation": (
        *("set", "scale", "requests", "rater", "annotator", "n", "unscored"),
        *("accuracy", "accuracy_low", "accuracy_high", "kappa", "kappa_low", "kappa_high"),
        *("ac1", "ac1_low", "ac1_high", "left_out"),
    ),
    "validation_classes": (
        *("set", "scale", "requests", "rater", "annotator", "class", "prevalence", "positive", "negative"),
        *("sensitivity", "sensitivity_low", "sensitivity_high", "specificity", "specificity_low", "specificity_high"),
        *("precision", "precision_low", "precision_high"),
    ),
    "outcomes": (
        *("model", "arm", "replicate", "prompt", "kind", "n", "scored", "unscored"),
        *("refuses", "mixed", "complies", "other", "failures", "capable"),
    ),
    "arm_outcomes": ("arm", "prompt", "outcome", "estimate", "low", "high", "seeds", "left_out"),
    "effects": ("contrast", "prompt", "outcome", "estimate", "low", "high", "seeds", "detectable", "by_seed"),
    "hypotheses": (
        *("hypothesis", "family", "statement", "contrast", "prompt", "outcome", "predicted"),
        *("estimate", "low", "high", "p_value", "p_adjusted", "detectable", "seeds", "verdict", "settings"),
        *("bound_low", "bound_high", "worst_low", "worst_high"),
    ),
    "gate_sensitivity": ("hypothesis", "family", "predicted", "gate", "declared", "estimate", "seeds", "verdict"),
    "sensitivity": (
        "policy",
        "declared",
        "number",
        "of",
        "units",
        "n",
        "unscored",
        "estimate",
        "low",
        "high",
        "change",
    ),
    "losses": ("arm", "seed", "step", "kind", "smoothed"),
    "corrected": (
        *("metric", "correction", "level", "model", "counterpart", "relation", "task", "subset", "unit", "n"),
        *("estimate", "low", "high", "judged", "judged_low", "judged_high", "survives"),
    ),
    "tipping": (
        *("level", "unified", "counterpart", "relation", "task", "subset", "unit", "estimate", "low", "high"),
        *("conclusion", "error_needed", "error_known", "robust"),
    ),
    "judge_error": ("metric", "task", "group", "labelled", "sensitivity", "specificity"),
    "calibration": (
        *("annotator", "judge", "aspect", "answers", "bin", "n", "families", "unsure", "unstated"),
        *("lowest", "highest", "stated", "observed", "low", "high", "brier", "brier_low", "brier_high"),
        *("excess", "excess_low", "excess_high", "miscalibration", "by_chance", "p_value"),
        *("discrimination", "uncertainty"),
    ),
    "stated_probabilities": ("judge", "aspect", "lowest", "highest", "scored", "unsure"),
    "consistency": (
        *("level", "model", "counterpart", "relation", "arm", "first_task", "second_task", "families", "units"),
        *("consistency", "low", "high", "by_chance", "first_only", "second_only"),
    ),
    "interactions": (
        *("relation", "factor", "level", "unit", "units", "n", "estimate", "low", "high"),
        *("interaction_p", "interaction_p_adjusted", "permutation_p", "note"),
    ),
    "panel_generation": ("model",),
    "panel_understanding": ("model",),
}

_FALSE = ("false", "0", "0.0")


class UnusableTable(ValueError):
    """A table that is missing or lacks a column; the message names file and column."""


def read(folder: Path, name: str, extra: Iterable[str] = ()) -> pd.DataFrame:
    """Read ``folder/name.csv`` and check its columns; ``extra`` optional columns are added empty where absent.

    Column ``gated`` is added: True where ``capable`` is false, so that the model is unable to do the task.
    Raises ``UnusableTable``.
    """
    return read_file(folder / f"{name}.csv", name, extra)


def read_file(path: Path, name: str, extra: Iterable[str] = ()) -> pd.DataFrame:
    """Read a table of the kind ``name`` from any file; otherwise as ``read``."""
    try:
        frame = pd.read_csv(path)
    except FileNotFoundError:
        raise UnusableTable(f"{path}: no such file; the statistics of this study have not run") from None
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise UnusableTable(f"{path}: not a CSV table ({error}); delete it and run again") from None
    missing = [column for column in REQUIRED[name] if column not in frame.columns]
    if missing:
        raise UnusableTable(f"{path}: columns {missing} are missing; this table has {list(REQUIRED[name])}")
    for column in extra:
        if column not in frame.columns:
            frame[column] = None
    capable = frame.get("capable", pd.Series([None] * len(frame)))
    frame["gated"] = [str(value).lower() in _FALSE for value in capable]
    return frame


def of_all_responses(agreement: pd.DataFrame) -> pd.DataFrame:
    """The rows that speak of all responses and not of the sample that people labelled, where a table has both.

    ``agreement`` has the column ``weighted`` (see ``read``'s ``extra``).
    """
    key = ["annotator", "judge", "aspect", "task", "model_kind"]
    weighted = agreement["weighted"].map(lambda value: str(value).lower() == "true")
    both = agreement.assign(weighted=weighted).groupby(key, dropna=False)["weighted"].transform("any")
    return agreement[weighted | ~both]


def compares(folder: Path) -> bool:
    """Whether the study compares a unified model with another one."""
    return bool(read(folder, "penalty")["estimate"].notna().any())
