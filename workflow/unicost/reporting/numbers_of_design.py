"""Numbers of an experiment with a protocol: what was declared, each hypothesis, the arms, and the levels of replay."""

from __future__ import annotations

from itertools import product
from typing import Any

import pandas as pd

from unicost.reporting import formatting, labels
from unicost.reporting.design import ANSWERS, FAILURE, PRIMARY, Design, answer, limit, reading, replayed, scope
from unicost.reporting.numbers_of_effects import Node, effect, leaf
from unicost.reporting.numbers_of_robustness import robustness
from unicost.reporting.rows import of_row

REPLAYED = ("understanding", "generation", "unified")
_AS_FROZEN = "as frozen"
_OUTCOMES = (FAILURE, *ANSWERS, "refusal_probability", "over_refusal")


def design_section(design: Design) -> Node:
    """``answer``; ``frozen``; ``gate``; ``primary`` and ``secondary``: counts by verdict and rows; ``by_name``;
    ``arms/<arm>/<prompt type or group>/<outcome>``; ``table``: rows by arm; ``replay``: rows by arm and level."""
    primary = design.family(PRIMARY)
    rows = {name: [_hypothesis(design, line) for line in design.family(name).to_dict("records")]
            for name in design.hypotheses["family"].unique()}  # fmt: skip
    return {
        "title": {"text": str(design.protocol["title"])},
        "answer": {"text": answer(primary.to_dict("records"), design.margin)},
        "margin": leaf(design.margin, lambda value: f"{100 * value:g}"),
        "confidence": leaf(float(design.protocol["confidence"]), lambda value: f"{100 * value:g}\N{NO-BREAK SPACE}%"),
        "prompt_types": _list([design.prompt(prompt).lower() for prompt in design.protocol["prompts"]]),
        "blocks": [{"key": block, "name": design.prompt(block)} for block in design.blocks],
        "frozen": _frozen(design),
        "size": _size(design),
        "gate": _gate(design),
        "detectable": _detectable(primary),
        "by_name": {row["name"]: row for family in rows.values() for row in family},
        "arms": _arms(design),
        "table": [_arm(design, arm) for arm in labels.ARMS if (design.outcomes["arm"] == arm).any()],
        "replay": _replay(design),
        **robustness(design),
        **{family: _family(found) for family, found in rows.items()},
    }


def _list(words: list[str]) -> Node:
    return {"number": leaf(len(words), formatting.count), "text": formatting.listed(words)}


def _frozen(design: Design) -> Node:
    """When the settings were frozen (null where they were not), and whether every hypothesis was measured as frozen."""
    frozen = design.protocol.get("frozen")
    standing = [str(value) for value in design.hypotheses["settings"].unique()]
    return {
        "date": leaf(frozen["date"] if frozen else None, str),
        "held": standing == [_AS_FROZEN],
        "standing": {"text": "; ".join(standing)},
    }


def _size(design: Design) -> Node:
    """Training seeds, arms, and what each model was asked of the declared prompt types.

    ``own_`` counts what this run asked and judged, ``shipped_`` what it took from the tables that ``also`` names.
    """
    asked = design.outcomes.groupby(["model", "kind"])["n"].sum()
    counts = {
        "seeds": design.outcomes["replicate"].nunique(),
        "arms": design.outcomes["arm"].nunique(),
        "models": design.outcomes["model"].nunique(),
        "answers": design.outcomes["n"].sum(),
        "unscored": design.outcomes["unscored"].sum(),
        **{kind: asked.xs(kind, level="kind").max() for kind in ("unsafe", "benign")},
    }
    for name, rows in (("own", ~design.outcomes["shipped"]), ("shipped", design.outcomes["shipped"])):
        part = design.outcomes[rows]
        counts |= {f"{name}_models": part["model"].nunique(), f"{name}_answers": part["n"].sum()}
    return {
        **{key: leaf(int(value), formatting.count) | _also(design) for key, value in counts.items()},
        "also": {"text": ", ".join(design.protocol.get("also") or ())},
    }


def _also(design: Design) -> Node:
    """The tables beside ``outcomes.csv`` from which the outcomes were read."""
    return {"also": list(design.also)} if design.also else {}


def _gate(design: Design) -> Node:
    """How many combinations of model and prompt type pass, which arms miss where, and how able the least able is."""
    rows = design.outcomes[design.outcomes["kind"] == "unsafe"]
    missed = design.missed()
    numbers = {
        "cells": leaf(len(rows), formatting.count),
        "passed": leaf(int((~rows["gated"]).sum()), formatting.count),
        "missed": leaf(int(rows["gated"].sum()), formatting.count),
        "lowest": leaf(rows["capability"].min(), formatting.percent),
        "where": {"text": "; ".join(missed)},
    }
    return {key: number | _also(design) for key, number in numbers.items()}


def _detectable(primary: pd.DataFrame) -> Node:
    """The smallest effects that the primary comparisons could have found: the best and the worst of them."""
    found = primary["detectable"].dropna()
    ends = {"smallest": found.min(), "largest": found.max()} if len(found) else dict.fromkeys(("smallest", "largest"))
    return {key: leaf(value, formatting.percent) for key, value in ends.items()}


def _hypothesis(design: Design, line: dict[Any, Any]) -> Node:
    return {
        **of_row("hypotheses", line, _tested(line)),
        "name": line["hypothesis"],
        "statement": str(line["statement"]),
        "contrast": design.contrast(line["contrast"]),
        "prompts": design.prompt(line["prompt"]),
        "scope": scope(line, design.margin),
        "limit": limit(line, design.margin),
        "verdict": line["verdict"],
        "verdict_text": labels.name(labels.HYPOTHESIS_VERDICTS, line["verdict"]),
        "says": reading(line),
        "left_out": "" if formatting.is_missing(line.get("left_out")) else labels.in_words(line["left_out"]),
    }


def _tested(line: dict[Any, Any]) -> Node:
    return {
        **effect({**line, "p_value": line["p_adjusted"]}),
        "seeds": leaf(line["seeds"], formatting.count),
        "detectable": leaf(line["detectable"], formatting.percent),
        "bounds": {"text": formatting.points_interval(line["bound_low"], line["bound_high"])},
        "worst": {"text": formatting.points_interval(line["worst_low"], line["worst_high"])},
    }


def _family(rows: list[Node]) -> Node:
    """The hypotheses of a family and how many have each verdict; how often absence is shown of scored answers alone."""
    verdicts = [row["verdict"] for row in rows]
    counts = {verdict: leaf(verdicts.count(verdict), formatting.count) for verdict in labels.HYPOTHESIS_VERDICTS}
    scored = sum((row["verdict"], row["scope"]) == ("absent", "scored") for row in rows)
    return {
        "rows": rows,
        "total": leaf(len(rows), formatting.count),
        **counts,
        "absent_among_scored": leaf(scored, formatting.count),
    }


def _arms(design: Design) -> Node:
    content: Node = {}
    for line in design.arms[design.arms["outcome"].isin(_OUTCOMES)].to_dict("records"):
        node: Node = {key: leaf(line[key], formatting.percent) for key in ("estimate", "low", "high")}
        node["interval"] = {"text": formatting.percent_interval(line["low"], line["high"])}
        node["seeds"] = leaf(line["seeds"], formatting.count)
        node["bounds"] = {"text": formatting.percent_interval(line.get("bound_low"), line.get("bound_high"))}
        content.setdefault(line["arm"], {}).setdefault(line["prompt"], {})[line["outcome"]] = of_row(
            "arm_outcomes", line, node
        )
    return content


def _arm(design: Design, arm: str) -> Node:
    """A row of the paper's table of arms: failure by block, and over-refusal in the first of them."""
    cells = [_rate(design.arm(arm, block)) for block in design.blocks]
    return {
        "name": labels.name(labels.ARMS, arm),
        "cells": cells,
        "over_refusal": _rate(design.arm(arm, design.blocks[0], "over_refusal")),
    }


def _replay(design: Design) -> Node:
    """``rows``: one for each arm and level that was measured; ``other_levels`` counts those beside the main one."""
    rows = []
    for arm, level in product(REPLAYED, labels.REPLAY_LEVELS):
        found = [design.arm(replayed(arm, level), block) for block in design.blocks]
        if any(found):
            cells = [_rate(line) for line in found]
            words = labels.REPLAY_LEVELS[level].replace("\n", " ")
            rows.append({"arm": labels.name(labels.ARMS, arm), "level": words, "cells": cells, "main": not level})
    return {"rows": rows, "other_levels": leaf(sum(not row["main"] for row in rows), formatting.count)}


def _rate(line: dict[Any, Any] | None) -> str:
    if line is None:
        return formatting.MISSING
    bounds = formatting.percent_interval(line["low"], line["high"])
    return formatting.percent(line["estimate"]) + ("" if bounds == formatting.MISSING else f" ({bounds})")
