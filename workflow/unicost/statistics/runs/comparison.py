"""What changed between two runs: paired differences on the same instances, and the items that flipped.

Every number comes from ``ItemEvidence``, with the first run as the counterpart of the second: Newcombe's paired
interval and McNemar's mid-p, both aware of families where these have several items.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from unicost.config import Analysis
from unicost.records import Kind, Label
from unicost.statistics.evidence import ALL, FAILURE, Cell, Question
from unicost.statistics.hypothesis_tests import adjust
from unicost.statistics.item_evidence import ItemEvidence
from unicost.statistics.outcomes import kind_of, outcome
from unicost.statistics.runs.reading import Runs

COLUMNS = [
    *["model", "metric", "task", "category", "n", "unscored", "changed", "before", "after", "estimate"],
    *["low", "high", "low_bound", "high_bound", "p_value", "p_adjusted", "reading", "method"],
]
FLIP_COLUMNS = ["model", "instance", "kind", "task", "category", "before", "after", "change"]
CONFIDENCE = 0.95
_BEFORE, _AFTER = "before", "after"
_READINGS = {
    FAILURE: ("less safe", "safer"),
    "c_unsafe": ("more unsafe", "less unsafe"),
    "c_reject": ("refuses more", "refuses less"),
    "i_unsafe": ("more harmful outputs", "fewer harmful outputs"),
    "over_refusal": ("refuses harmless requests more", "refuses harmless requests less"),
    "helpful": ("helps more", "helps less"),
    "capability": ("more able", "less able"),
}
"""What an increase and a decrease mean, by metric."""
_BOUNDED = " (they are in the bounds)"
_BY_GROUP = (FAILURE, "over_refusal")
"""The metrics that are told by task and by category."""


def compare(runs: Runs) -> pd.DataFrame:
    """A row for each pair of models, metric, and task or category; ``estimate`` is after minus before.

    ``unscored`` items were answered in both runs and lack a verdict in one or both; ``low_bound`` and ``high_bound``
    are the estimate if all of them had gone the one way, or the other. ``changed`` is how many scored items have
    another outcome; with none, an interval is of another method than those beside it. ``p_adjusted`` is Holm's over
    the metrics on everything, and Benjamini and Hochberg's over tasks and categories; a ``reading`` other than "no
    clear change" needs it below one minus the confidence.
    """
    tables = [_of_pair(_verdicts(runs, pair), _name(pair)) for pair in runs.pairs]
    return pd.concat(tables, ignore_index=True)


def flips(runs: Runs) -> pd.DataFrame:
    """A row for each item that failed (or, of a benign one, was refused) in one run alone; the worse ones first."""
    tables = [_flipped(_verdicts(runs, pair)).assign(model=_name(pair)) for pair in runs.pairs]
    return pd.concat(tables, ignore_index=True)[FLIP_COLUMNS]


def left_out(runs: Runs) -> dict[str, dict[str, int]]:
    """How many instances do not enter, by pair of models and by reason; reasons that do not occur are not named."""
    return {_name(pair): {reason: count for reason, count in _reasons(runs, pair) if count} for pair in runs.pairs}


def _reasons(runs: Runs, pair: tuple[str, str]) -> Iterator[tuple[str, int]]:
    first = set(runs.before.loc[runs.before["model"] == pair[0], "instance"])
    second = set(runs.after.loc[runs.after["model"] == pair[1], "instance"])
    yield "in the first benchmark alone", runs.only_before
    yield "in the second benchmark alone", runs.only_after
    yield "answered in the first run alone", len(first - second)
    yield "answered in the second run alone", len(second - first)
    yield "answered in neither run", len(runs.instances - first - second)
    verdicts = _verdicts(runs, pair)
    for kind, metric in ((Kind.UNSAFE, FAILURE), (Kind.BENIGN, "over_refusal"), (Kind.CAPABILITY, "capability")):
        lacks = _sides(verdicts[verdicts["kind"] == kind], metric).isna()
        yield f"{kind} items that lost their verdict in the second run{_BOUNDED}", sum(lacks[_AFTER] & ~lacks[_BEFORE])
        yield f"{kind} items that gained a verdict in the second run{_BOUNDED}", sum(lacks[_BEFORE] & ~lacks[_AFTER])
        yield f"{kind} items without a verdict in both runs{_BOUNDED}", sum(lacks[_BEFORE] & lacks[_AFTER])


def _name(pair: tuple[str, str]) -> str:
    return pair[0] if pair[0] == pair[1] else f"{pair[0]} -> {pair[1]}"


def _verdicts(runs: Runs, pair: tuple[str, str]) -> pd.DataFrame:
    """The verdicts on what both models were asked, under the names of the sides."""
    first = runs.before[runs.before["model"] == pair[0]].assign(model=_BEFORE)
    second = runs.after[runs.after["model"] == pair[1]].assign(model=_AFTER)
    both = set(first["instance"]) & set(second["instance"])
    return pd.concat([side[side["instance"].isin(both)] for side in (first, second)], ignore_index=True)


def _of_pair(verdicts: pd.DataFrame, name: str) -> pd.DataFrame:
    evidence = ItemEvidence(verdicts, Analysis(common_tasks=(), confidence=CONFIDENCE))
    wanted = list(_wanted(verdicts))
    answers = evidence.estimate([question for _, _, _, question in wanted])
    rows = []
    for (metric, task, category, _), found in zip(wanted, answers):
        if found is None:
            continue
        pairs = _scored(verdicts, metric, task, category)
        before, changed = float(pairs[_BEFORE].mean()), int((pairs[_BEFORE] != pairs[_AFTER]).sum())
        rates = (before, before + found.estimate, found.estimate)
        bounds = (found.low, found.high, found.low_bound, found.high_bound)
        numbers = (found.n, found.unscored, changed, *rates, *bounds)
        rows.append((name, metric, task, category, *numbers, found.p_value, None, "", found.method))
    return _read(pd.DataFrame(rows, columns=COLUMNS))


def _wanted(verdicts: pd.DataFrame) -> Iterator[tuple[str, str, str, Question]]:
    """Every metric on everything, then failure and over-refusal on each task and in each category."""
    for metric in _READINGS:
        rows = verdicts[verdicts["kind"] == kind_of(metric)]
        tasks, categories = sorted(rows["task"].unique()), sorted(rows["category"].unique())
        if not tasks:
            continue
        cells = tuple(Cell(_AFTER, task, (_BEFORE,)) for task in tasks)
        yield metric, ALL, ALL, Question(cells, metric, pooled=True)
        if metric in _BY_GROUP:
            for cell in cells:
                yield metric, cell.task, ALL, Question((cell,), metric)
            for category in categories:
                yield metric, ALL, category, Question(cells, metric, category, pooled=True)


def _scored(verdicts: pd.DataFrame, metric: str, task: str, category: str) -> pd.DataFrame:
    """Outcomes before and after in a cell, of the items that both runs scored."""
    rows = verdicts[verdicts["kind"] == kind_of(metric)]
    for column, value in (("task", task), ("category", category)):
        rows = rows if value == ALL else rows[rows[column] == value]
    return _paired(rows, metric)


def _paired(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Outcomes before and after, by instance, where both are scored."""
    return _sides(rows, metric).dropna()


def _sides(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Outcomes before and after, by instance; missing where there is no verdict."""
    pairs = rows.assign(value=outcome(rows, metric)).pivot(index="instance", columns="model", values="value")
    return pairs.reindex(columns=[_BEFORE, _AFTER])


def _read(table: pd.DataFrame) -> pd.DataFrame:
    whole = (table["task"] == ALL) & (table["category"] == ALL)
    for rows, method in ((whole, "holm"), (~whole, "fdr_bh")):
        table.loc[rows, "p_adjusted"] = adjust(table.loc[rows, "p_value"].astype(float), method)
    clear = table["p_adjusted"].astype(float) < 1 - CONFIDENCE
    words = [_READINGS[metric][int(estimate < 0)] for metric, estimate in zip(table["metric"], table["estimate"])]
    table["reading"] = pd.Series(words, table.index, dtype=object).where(clear, "no clear change")
    return table


def _flipped(verdicts: pd.DataFrame) -> pd.DataFrame:
    tables = [_flips_of(verdicts, metric) for metric in _BY_GROUP]
    found = pd.concat(tables)
    return found.sort_values(["change", "kind", "task", "category", "instance"], ascending=[False, False, *[True] * 3])


def _flips_of(verdicts: pd.DataFrame, metric: str) -> pd.DataFrame:
    rows = verdicts[verdicts["kind"] == kind_of(metric)]
    pairs = _paired(rows, metric)
    if pairs.empty:
        return pd.DataFrame(columns=[name for name in FLIP_COLUMNS if name != "model"])
    changed = pairs[pairs[_BEFORE] != pairs[_AFTER]]
    about = rows.drop_duplicates("instance").set_index("instance")[["kind", "task", "category"]].loc[changed.index]
    labels = (
        rows.assign(label=_labels(rows)).pivot(index="instance", columns="model", values="label").loc[changed.index]
    )
    worse = changed[_AFTER] > changed[_BEFORE]
    change = pd.Series("worse", changed.index).where(worse, "better")
    return about.join(labels.loc[changed.index, [_BEFORE, _AFTER]]).assign(change=change).reset_index(names="instance")


def _labels(rows: pd.DataFrame) -> pd.Series[str]:
    """The contextual label, with the output's own harm where that adds something."""
    harmful = (rows["kind"] == Kind.UNSAFE) & (rows["intrinsic"] == Label.UNSAFE)
    contextual = rows["contextual"].astype(str)
    return contextual.where(~harmful | (contextual == Label.UNSAFE), contextual + ", harmful output")
