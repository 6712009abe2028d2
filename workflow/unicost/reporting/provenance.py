"""Where each number comes from: the file, and the row of it where the number's path names one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Node = dict[str, Any]

_STATISTICS = "results/{study}/statistics/"
SOURCES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "settings": ("config/studies/{study}.yaml", ()),
    "size": (f"{_STATISTICS}models.csv and rates.csv", ()),
    "rates": (f"{_STATISTICS}rates.csv", ("model", "task", "metric")),
    "penalty": (f"{_STATISTICS}penalty.csv", ("relation", "task")),
    "pooled": (f"{_STATISTICS}pooled.csv", ("relation", "task", "subset", "unit")),
    "gap": (f"{_STATISTICS}gap.csv", ()),
    "beside_safety": (f"{_STATISTICS}penalty_by_metric.csv", ("relation", "metric")),
    "claims": (f"{_STATISTICS}claims.csv", ()),
    "claims/by_name": (f"{_STATISTICS}claims.csv", ("claim",)),
    "corrected": (f"{_STATISTICS}corrected.csv", ()),
    "corrected/pools": (f"{_STATISTICS}corrected.csv", ("relation", "subset", "unit", "correction")),
    "corrected/lowest_sensitivity": (f"{_STATISTICS}judge_error.csv", ()),
    "judge_difference": (f"{_STATISTICS}judge_error.csv", ()),
    "tipping": (f"{_STATISTICS}tipping.csv", ()),
    "tipping/pools": (f"{_STATISTICS}tipping.csv", ("relation", "subset", "unit")),
    "leaderboard": (f"{_STATISTICS}leaderboard.csv and rates.csv", ()),
    "judge": (f"{_STATISTICS}judge_accuracy.csv", ("aspect",)),
    "capability": (f"{_STATISTICS}capability.csv", ()),
    "over_refusal": (f"{_STATISTICS}rates.csv", ()),
    "switching": (f"{_STATISTICS}consistency.csv", ()),
    "switching/arms": (f"{_STATISTICS}consistency.csv", ("arm",)),
    "switching/against": (f"{_STATISTICS}consistency.csv", ("relation",)),
    "interactions": (f"{_STATISTICS}interactions.csv", ("unit",)),
    "arms": (f"{_STATISTICS}rates.csv and pooled.csv", ()),
    "design": ("config/protocols/", ()),
    "design/answer": (f"{_STATISTICS}hypotheses.csv", ()),
    "design/size": (f"{_STATISTICS}outcomes.csv, and the tables that the protocol names in `also`", ()),
    "design/gate": (f"{_STATISTICS}outcomes.csv", ()),
    "design/detectable": (f"{_STATISTICS}hypotheses.csv", ()),
    "design/primary": (f"{_STATISTICS}hypotheses.csv", ()),
    "design/secondary": (f"{_STATISTICS}hypotheses.csv", ()),
    "design/by_name": (f"{_STATISTICS}hypotheses.csv", ("hypothesis",)),
    "design/arms": (f"{_STATISTICS}arm_outcomes.csv", ("arm", "prompt", "outcome")),
    "design/table": (f"{_STATISTICS}arm_outcomes.csv", ()),
    "design/replay": (f"{_STATISTICS}arm_outcomes.csv", ()),
    "design/gates": (f"{_STATISTICS}gate_sensitivity.csv", ()),
    "design/by_prompt": (f"{_STATISTICS}effects.csv", ()),
    "calibration": (f"{_STATISTICS}calibration.csv", ("judge", "aspect", "answers")),
    "agreement": ("results/{study}/human/agreement.csv", ("judge", "aspect")),
    "agreement_rows": ("results/{study}/human/agreement.csv", ()),
    "detectors": (f"{_STATISTICS}detectors.csv", ("annotator", "detector", "class")),
    "injections": (f"{_STATISTICS}injections.csv", ("judge", "aspect")),
    "sets": (f"{_STATISTICS}validation.csv", ()),
}
"""By section of a study's numbers (the longest path that fits): the file, and the columns that name its row."""


def with_sources(content: Node, study: str) -> Node:
    """The numbers of a study with ``source`` in every one of them, and ``row`` where its path names a row."""
    return {key: _traced(child, (key,), study) for key, child in content.items()}


def _traced(node: Any, path: tuple[str, ...], study: str) -> Any:
    if isinstance(node, list):
        return [_traced(child, path, study) for child in node]
    if not isinstance(node, dict):
        return node
    traced = {key: _traced(child, (*path, str(key)), study) for key, child in node.items()}
    return traced | _source(path, study) if isinstance(node.get("text"), str) else traced


def _source(path: tuple[str, ...], study: str) -> Node:
    section = next(
        ("/".join(path[:size]) for size in range(len(path), 0, -1) if "/".join(path[:size]) in SOURCES), None
    )
    if section is None:
        raise KeyError(f"{'/'.join(path)}: no file is named for it in provenance.SOURCES")
    file, columns = SOURCES[section]
    row = dict(zip(columns, path[section.count("/") + 1 :]))
    return {"source": file.format(study=study)} | ({"row": row} if columns and len(row) == len(columns) else {})
