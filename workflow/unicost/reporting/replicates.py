"""Tables by model summed up by arm, for figures of experiments in which an arm is trained from several seeds."""

from __future__ import annotations

import pandas as pd

from unicost.reporting import labels


def replicated(models: pd.DataFrame) -> bool:
    """Whether some arm has more than one model."""
    arms = models["arm"].dropna()
    return bool(arms.duplicated().any())


def arms_as_models(models: pd.DataFrame) -> pd.DataFrame:
    """One row an arm in place of its models (a model without an arm stays), named and sorted as arms are."""
    frame = models.assign(model=models["arm"].fillna(models["model"]))
    named = [labels.name(labels.ARMS, arm) if isinstance(arm, str) else name
             for arm, name in zip(frame["arm"], frame["display_name"], strict=True)]  # fmt: skip
    frame = frame.assign(display_name=named).drop_duplicates("model")
    order = labels.ordered(labels.ARMS, frame["model"])
    return frame.set_index("model").loc[order].reset_index()


def means_over_seeds(frame: pd.DataFrame, models: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The rows of each arm with the same other keys (``task``, and ``metric`` where there is one) as one row.

    ``columns`` are averaged over the seeds above the capability gate (over all, where none is), which makes the arm
    ``gated`` where every seed is; ``lowest`` and ``highest`` are the range of the first of them, ``seeds`` how many
    enter. ``n`` and ``unscored`` are summed.
    """
    arms = dict(zip(models["model"], models["arm"].fillna(models["model"]), strict=True))
    rows = frame[frame["model"].isin(models["model"])].assign(arm_=lambda table: table["model"].map(arms))
    keys = ["arm_", *(key for key in ("task", "metric") if key in rows)]
    hopeless = rows.groupby(keys)["gated"].transform("all")
    able = rows[~rows["gated"] | hopeless].groupby(keys, sort=False)
    merged = (
        able[columns]
        .mean()
        .assign(
            lowest=able[columns[0]].min(), highest=able[columns[0]].max(), seeds=able.size(), gated=able["gated"].all()
        )
    )
    for count in ("n", "unscored"):
        if count in rows:
            merged[count] = rows.groupby(keys, sort=False)[count].sum()
    return merged.reset_index().rename(columns={"arm_": "model"})
