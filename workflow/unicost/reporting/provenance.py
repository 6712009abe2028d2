"""Where each number comes from: the file, the one row that it was read from, or the rows among which it sums up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Node = dict[str, Any]

_STATISTICS = "results/{study}/statistics/"
SOURCES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "settings": ("config/studies/{study}.yaml", ()),
    "size": (f"{_STATISTICS}models.csv", ()),
    "rates": (f"{_STATISTICS}rates.csv", ()),
    "penalty": (f"{_STATISTICS}penalty.csv", ("relation", "task")),
    "pooled": (f"{_STATISTICS}pooled.csv", ()),
    "gap": (f"{_STATISTICS}gap.csv", ()),
    "beside_safety": (f"{_STATISTICS}penalty_by_metric.csv", ("relation", "metric")),
    "claims": (f"{_STATISTICS}claims.csv", ()),
    "corrected": (f"{_STATISTICS}corrected.csv", ()),
    "corrected/lowest_sensitivity": (f"{_STATISTICS}judge_error.csv", ()),
    "judge_difference": (f"{_STATISTICS}judge_error.csv", ()),
    "tipping": (f"{_STATISTICS}tipping.csv", ()),
    "leaderboard": (f"{_STATISTICS}leaderboard.csv", ()),
    "judge": (f"{_STATISTICS}judge_accuracy.csv", ("aspect",)),
    "capability": (f"{_STATISTICS}capability.csv", ()),
    "over_refusal": (f"{_STATISTICS}rates.csv", ()),
    "switching": (f"{_STATISTICS}consistency.csv", ()),
    "interactions": (f"{_STATISTICS}interactions.csv", ("unit",)),
    "arms": (f"{_STATISTICS}rates.csv", ()),
    "design": ("config/protocols/{protocol}.yaml", ()),
    "design/answer": (f"{_STATISTICS}hypotheses.csv", ()),
    "design/size": (f"{_STATISTICS}outcomes.csv", ()),
    "design/gate": (f"{_STATISTICS}outcomes.csv", ()),
    "design/detectable": (f"{_STATISTICS}hypotheses.csv", ()),
    "design/primary": (f"{_STATISTICS}hypotheses.csv", ()),
    "design/secondary": (f"{_STATISTICS}hypotheses.csv", ()),
    "design/arms": (f"{_STATISTICS}arm_outcomes.csv", ()),
    "design/table": (f"{_STATISTICS}arm_outcomes.csv", ()),
    "design/replay": (f"{_STATISTICS}arm_outcomes.csv", ()),
    "design/gates": (f"{_STATISTICS}gate_sensitivity.csv", ()),
    "design/by_prompt": (f"{_STATISTICS}effects.csv", ()),
    "calibration": (f"{_STATISTICS}calibration.csv", ()),
    "agreement": ("results/{study}/human/agreement.csv", ()),
    "agreement_rows": ("results/{study}/human/agreement.csv", ()),
    "detectors": (f"{_STATISTICS}detectors.csv", ()),
    "injections": (f"{_STATISTICS}injections.csv", ()),
    "sets": (f"{_STATISTICS}validation.csv", ()),
}
"""By section of a study's numbers (the longest path that fits): the file, and what the next steps of a path say about
the rows that a number there sums up."""
_ELSEWHERE: Mapping[str, str] = {"agreement": "results/{study}/human/agreement.csv"}
"""Files of tables that are not among the statistics."""


def with_sources(content: Node, study: str, protocol: str | None = None) -> Node:
    """The numbers of a study with ``source`` in every one of them.

    With ``row`` where ``rows.of_row`` marked the one row that it was read from, else with ``over`` where its path says
    among which rows it sums up. ``protocol`` is the name of the study's protocol.
    """
    names = {"study": study, "protocol": str(protocol)}
    return {key: _traced(child, (key,), names) for key, child in content.items()}


def _traced(node: Any, path: tuple[str, ...], names: Mapping[str, str]) -> Any:
    if isinstance(node, list):
        return [_traced(child, path, names) for child in node]
    if not isinstance(node, dict):
        return node
    if not isinstance(node.get("text"), str):
        return {key: _traced(child, (*path, str(key)), names) for key, child in node.items()}
    table = node.get("table")
    children = {key: _traced(child, (*path, key), names) if isinstance(child, dict) and key != "row" else child
                for key, child in node.items() if key != "table"}  # fmt: skip
    if table is None:
        return children | _source(path, names)
    return children | {"source": _ELSEWHERE.get(table, f"{_STATISTICS}{table}.csv").format(**names)}


def _source(path: tuple[str, ...], names: Mapping[str, str]) -> Node:
    section = next(
        ("/".join(path[:size]) for size in range(len(path), 0, -1) if "/".join(path[:size]) in SOURCES), None
    )
    if section is None:
        raise KeyError(f"{'/'.join(path)}: no file is named for it in provenance.SOURCES")
    file, columns = SOURCES[section]
    over = dict(zip(columns, path[section.count("/") + 1 :]))
    return {"source": file.format(**names)} | ({"over": over} if columns and len(over) == len(columns) else {})
