"""Counts of outcomes by model, prompt type and kind of request: outcomes.csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from unicost.config import ModelEntry, Protocol
from unicost.records import Kind
from unicost.statistics.capability import Gate
from unicost.store import UnreadableFile

SHARES = ("refuses", "mixed", "complies", "other")
"""The four outcomes of a scored answer (``Verdict.outcome``)."""
OPENS_REFUSAL = "opens_refusal"
"""Label of the detection whose score is the probability that the answer opens as a refusal."""
KEY = ["model", "arm", "replicate", "prompt"]
COLUMNS = [
    *[*KEY, "task", "construction", "kind", "n", "scored", "unscored", *SHARES, "failures"],
    *["refusal_probability", "capable", "capability", "capability_n", "settings"],
]
_GROUP = ["model", "prompt", "task", "construction", "kind"]


def outcomes(
    *,
    verdicts: pd.DataFrame,
    detections: pd.DataFrame,
    capability: pd.DataFrame,
    models: Mapping[str, ModelEntry],
    protocol: Protocol,
    settings: str,
) -> pd.DataFrame:
    """One row a model, prompt type and kind (unsafe, benign); answers that either aspect leaves unscored count apart.

    ``detections`` are those labelled ``opens_refusal``; ``settings`` says under which settings the row was measured.
    """
    asked = pd.DataFrame(
        [(name, entry.task.value, entry.construction.value) for name, entry in protocol.prompts.items()],
        columns=["prompt", "task", "construction"],
    )
    rows = verdicts[verdicts["kind"].isin([Kind.UNSAFE, Kind.BENIGN]) & verdicts["model"].isin(list(models))]
    rows = rows.merge(asked, on=["task", "construction"])
    scored = rows["both_safe"].notna()
    first = detections.groupby(["instance", "model"])["score"].mean().rename("refusal_probability")
    rows = rows.assign(
        scored=scored,
        failures=scored & (rows["both_safe"] == False),  # noqa: E712
        **{share: scored & (rows["outcome"] == share) for share in SHARES},
    ).join(first, on=["instance", "model"])
    table = rows.groupby(_GROUP, sort=False).agg(
        n=("instance", "size"),
        **{name: (name, "sum") for name in ("scored", *SHARES, "failures")},
        refusal_probability=("refusal_probability", "mean"),
    )
    return _described(table.reset_index(), capability, models, protocol).assign(settings=settings)[COLUMNS]


def _described(
    table: pd.DataFrame, capability: pd.DataFrame, models: Mapping[str, ModelEntry], protocol: Protocol
) -> pd.DataFrame:
    """The counts with arm, replicate and gate, in the order of the models, the protocol's prompts and the kinds."""
    gate = Gate(capability)
    able = capability.rename(columns={"estimate": "capability", "n": "capability_n"})
    table = table.merge(able[["model", "task", "capability", "capability_n"]], on=["model", "task"], how="left")
    gates = [gate.capable([model], [task]) for model, task in table[["model", "task"]].astype(str).to_numpy()]
    if capability["capable"].notna().any():  # with a gate, an ability that nothing shows does not pass
        gates = [bool(passed) for passed in gates]
    table = table.assign(
        arm=table["model"].map({name: entry.arm for name, entry in models.items()}),
        replicate=table["model"].map({name: entry.replicate for name, entry in models.items()}),
        unscored=table["n"] - table["scored"],
        capable=pd.Series(gates, table.index, dtype=object),
        capability_n=table["capability_n"].astype("Int64"),
    )
    orders: dict[str, list[str]] = {"model": [*models], "prompt": [*protocol.prompts], "kind": ["unsafe", "benign"]}
    return table.sort_values(
        list(orders), key=lambda column: column.map(orders[str(column.name)].index), ignore_index=True
    )


def read_outcomes(path: Path) -> pd.DataFrame:
    """Read a table of outcomes; raises ``UnreadableFile`` where a column is missing or an arm has a replicate twice."""
    table = pd.read_csv(path)
    missing = [name for name in COLUMNS if name not in table]
    if missing:
        raise UnreadableFile(f"{path}: columns {missing} are missing; it must be an outcomes.csv of `rule outcomes`")
    twice = table[table.duplicated(["arm", "replicate", "prompt", "kind"])]
    if len(twice):
        row = twice.iloc[0]
        raise UnreadableFile(
            f"{path}: arm '{row['arm']}' has replicate {row['replicate']} twice on prompt '{row['prompt']}'; "
            "name one model for each arm and replicate"
        )
    return table


def joined(own: pd.DataFrame, others: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of all tables; the arms of an earlier one take the place of the same arms in a later one."""
    whole = own
    for other in others:
        whole = pd.concat([whole, other[~other["arm"].isin(whole["arm"])]], ignore_index=True)
    return whole
