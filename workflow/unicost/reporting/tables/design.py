"""Tables of experiments with a protocol: declared hypotheses, contrasts by prompt type, and levels of replay."""

from __future__ import annotations

from itertools import product
from typing import Any

from unicost.reporting import labels
from unicost.reporting.design import FAILURE, Design, by_seed, read_design, replayed, scope
from unicost.reporting.formatting import MISSING, count, is_missing, p_value, percent, points, points_interval
from unicost.reporting.sources import Sources
from unicost.reporting.tables.writing import Table, table

_REPLAYED = ("understanding", "generation", "unified")


def hypotheses(sources: Sources) -> Table:
    """One row a hypothesis: what was declared, the difference in points, p adjusted, detectable, verdict."""
    design = read_design(sources)
    rows = [
        {
            "Hypothesis": str(line["statement"]),
            "Family": str(line["family"]).capitalize(),
            "Contrast": design.contrast(line["contrast"]),
            "Prompts": design.prompt(line["prompt"]),
            "Outcome": labels.name({}, line["outcome"]),
            "Seeds": count(line["seeds"]),
            "Difference (points)": points(line["estimate"]),
            "Interval over seeds": points_interval(line["low"], line["high"]),
            "p": p_value(line["p_value"]),
            "p adjusted": p_value(line["p_adjusted"]),
            "Detectable (points)": percent(line["detectable"]),
            "Bounds for unscored": points_interval(line["bound_low"], line["bound_high"]),
            "Interval of the bounds": points_interval(line["worst_low"], line["worst_high"]),
            "Verdict": labels.name(labels.HYPOTHESIS_VERDICTS, line["verdict"]),
            "Holds": labels.SCOPES[scope(line, design.margin)].lstrip(", ") or MISSING,
            "Settings": str(line["settings"]),
        }
        for line in design.hypotheses.to_dict("records")
    ]
    return table(
        rows, text=("Family", "Prompts", "Outcome", "Verdict", "Holds"), wrapped=("Hypothesis", "Contrast", "Settings")
    )


def effects(sources: Sources) -> Table:
    """One row a contrast and its group of prompt types, or a prompt type of it: difference in failure in points."""
    design = read_design(sources)
    frame = design.effects[design.effects["outcome"] == FAILURE]
    rows = [_effect(design, line) for line in frame.to_dict("records")]
    return table(rows, text=("Prompts", "Left out"), wrapped=("Contrast",))


def _effect(design: Design, line: dict[Any, Any]) -> dict[str, str]:
    return {
        "Contrast": design.contrast(line["contrast"]),
        "Prompts": design.prompt(line["prompt"]),
        "Seeds": count(line["seeds"]),
        "Difference (points)": points(line["estimate"]),
        "Interval over seeds": points_interval(line["low"], line["high"]),
        "Detectable (points)": percent(line["detectable"]),
        "Bounds for unscored": points_interval(line.get("bound_low"), line.get("bound_high")),
        "By seed (points)": ", ".join(points(value) for value in by_seed(line["by_seed"]).values()) or MISSING,
        "Left out": "" if is_missing(line.get("left_out")) else labels.in_words(line["left_out"]),
    }


def gates(sources: Sources) -> Table:
    """One row a hypothesis and capability gate: seeds that pass, difference in points, verdict."""
    design = read_design(sources)
    statements = dict(zip(design.hypotheses["hypothesis"], design.hypotheses["statement"]))
    rows = [
        {
            "Hypothesis": str(statements[line["hypothesis"]]),
            "Gate": f"{100 * line['gate']:g} %" if line["gate"] else "none",
            "Declared": "yes" if line["declared"] else "",
            "Seeds": count(line["seeds"]),
            "Difference (points)": points(line["estimate"]),
            "Interval over seeds": points_interval(line["low"], line["high"]),
            "p adjusted": p_value(line["p_adjusted"]),
            "Verdict": labels.name(labels.HYPOTHESIS_VERDICTS, line["verdict"]),
        }
        for line in design.gates.to_dict("records")
    ]
    return table(rows, text=("Gate", "Declared", "Verdict"), wrapped=("Hypothesis",))


def replay(sources: Sources) -> Table:
    """One row an arm and level of replay; for each block of prompt types the failure in percent with its interval."""
    design = read_design(sources)
    rows = []
    for arm, level in product(_REPLAYED, labels.REPLAY_LEVELS):
        found = {block: design.arm(replayed(arm, level), block) for block in design.blocks}
        if any(found.values()):
            words = labels.REPLAY_LEVELS[level].replace("\n", " ")
            cells = {f"{design.prompt(block)} (%)": _rate(line) for block, line in found.items()}
            rows.append({"Arm": labels.name(labels.ARMS, arm), "Safety replay": words, **cells})
    return table(rows, text=("Arm", "Safety replay"))


def _rate(line: dict[Any, Any] | None) -> str:
    if line is None:
        return MISSING
    bounds = "" if is_missing(line["low"]) else f" ({percent(line['low'])} to {percent(line['high'])})"
    seeds = f", {count(line['seeds'])} seeds" if line["left_out"] else ""
    return f"{percent(line['estimate'])}{bounds}{seeds}"
