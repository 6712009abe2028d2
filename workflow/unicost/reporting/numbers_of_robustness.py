"""Numbers that say what a designed result hangs on: steps of each arm, other gates, and single prompt types."""

from __future__ import annotations

from typing import Any

from unicost.reporting import formatting, labels
from unicost.reporting.design import PRIMARY, Design, reading
from unicost.reporting.numbers_of_effects import Node, leaf

KINDS = ("understanding", "generation", "text", "safety", "safety_pictures")
"""Kinds of training steps, in the order of the table."""


def robustness(design: Design) -> Node:
    """``steps``: rows by arm; ``gates``: verdicts by gate; ``by_prompt``: primary contrasts by prompt type."""
    return {"steps": _steps(design), "gates": _gates(design), "by_prompt": _by_prompt(design)}


def _steps(design: Design) -> list[Node]:
    """Training steps by kind of every arm that was measured; empty without recipes."""
    recipes = {"base": design.recipes.get("base"), **design.recipes.get("arms", {})}
    rows = []
    for arm in labels.ARMS:
        recipe = recipes.get(arm)
        if recipe and (design.outcomes["arm"] == arm).any():
            steps = recipe["steps"]
            cells = [formatting.count(steps[kind]) if steps.get(kind) else formatting.MISSING for kind in KINDS]
            rows.append(
                {"name": labels.name(labels.ARMS, arm), "cells": cells, "total": formatting.count(sum(steps.values()))}
            )
    return rows


def _gates(design: Design) -> Node:
    """Rows by primary hypothesis with a verdict for each gate, and how many have too few seeds at each gate."""
    frame = design.gates[design.gates["family"] == PRIMARY]
    gates = sorted(float(gate) for gate in frame["gate"].unique())
    rows = [
        {
            "name": design.contrast(line["contrast"]),
            "cells": [_verdict(frame, line["hypothesis"], gate) for gate in gates],
        }
        for line in design.family(PRIMARY).to_dict("records")
    ]
    untestable = frame[frame["verdict"] == "untestable"].groupby("gate").size()
    return {
        "names": [f"{100 * gate:g}\N{NO-BREAK SPACE}%" if gate else "no gate" for gate in gates],
        "rows": rows,
        "untestable_at_nine_in_ten": leaf(int(untestable.get(0.9, 0)), formatting.count),
    }


def _verdict(frame: Any, hypothesis: str, gate: float) -> str:
    row = frame[(frame["hypothesis"] == hypothesis) & (frame["gate"] == gate)].iloc[0]
    words = labels.name(labels.READINGS_IN_SHORT, reading(row))
    return f"{formatting.points(row['estimate'])}, {words} ({formatting.count(row['seeds'])})"


def _by_prompt(design: Design) -> Node:
    """Every primary contrast on each prompt type that it is taken over; no correction for their number."""
    primary = design.family(PRIMARY).to_dict("records")
    members = [design.types(line["prompt"]) for line in primary]
    prompts = [prompt for prompt in design.protocol["prompts"] if any(prompt in types for types in members)]
    rows = []
    for prompt in prompts:
        found = [design.effect(line["contrast"], prompt, line["outcome"]) for line in primary]
        rows.append({"name": design.prompt(prompt), "cells": [_difference(effect) for effect in found]})
    return {"names": [design.contrast(line["contrast"]) for line in primary], "rows": rows}


def _difference(effect: dict[Any, Any] | None) -> str:
    if effect is None:
        return formatting.MISSING
    interval = formatting.points_interval(effect["low"], effect["high"])
    return formatting.points(effect["estimate"]) + ("" if interval == formatting.MISSING else f" ({interval})")
