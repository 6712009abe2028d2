"""Reading the published tables: every row is checked, and the first wrong one is named in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pandas as pd

from unicost.registry import did_you_mean

GENERATION_TASKS = ("text_generation", "text_to_image", "image_editing")
UNDERSTANDING_TASKS = ("vqa_dual_unsafe", "vqa_image_unsafe", "vqa_text_unsafe", "vqa_composite_unsafe")
TASKS = (*GENERATION_TASKS, *UNDERSTANDING_TASKS)
"""The paper's tasks, in its order."""
UTILITY_GROUPS = {task: task for task in GENERATION_TASKS} | dict.fromkeys(UNDERSTANDING_TASKS, "vqa")
"""The task group of the utility table that each task belongs to."""
RATES = ("c_unsafe", "c_reject", "i_unsafe", "both_safe")

_ROUNDING = 0.0016
"""Rates have three decimals, so a sum of three of them is exact within 0.0015."""


class BadTable(ValueError):
    """A published table that cannot be right; the message names file, row, value and what would be right."""


def read_results(folder: Path, models: Collection[str]) -> pd.DataFrame:
    """``published_results.csv``, checked, restricted to ``models`` in their order, tasks in the paper's order.

    Raises ``BadTable`` for any bad row of the file and for a model without a row.
    """
    path = folder / "published_results.csv"
    table = _read(path, ("model", "kind", "access", "backbone", "task", "n", *RATES), key=("model", "task"))
    _check(path, table, "task", lambda task: task in TASKS, f"one of {', '.join(TASKS)}")
    _check(path, table, "kind", lambda kind: kind in ("llm", "vlm", "unified"), "llm, vlm or unified")
    _check_numbers(path, table, "n", lambda n: n > 0 and n == int(n), "a whole number above 0")
    for rate in RATES:
        _check_rate(path, table, rate)
    _check_consistency(path, table)
    return _in_order(path, table, models).sort_values(
        ["model", "task"],
        key=lambda column: column.map({name: i for i, name in enumerate([*models, *TASKS])}),
        ignore_index=True,
    )


def check_tables(folder: Path, models: Collection[str], known: Collection[str]) -> None:
    """Read every table once, so that a bad row is named before anything is copied or computed; raises ``BadTable``.

    ``models`` are those of the study, ``known`` all that are configured.
    """
    check_models(folder, known)
    check_sizes(folder, read_results(folder, models))
    read_leaderboard(folder, models)
    read_utility(folder, models)
    read_judge_accuracy(folder)


def read_leaderboard(folder: Path, models: Collection[str]) -> pd.DataFrame:
    """``published_leaderboard.csv``, checked, restricted to ``models``."""
    path = folder / "published_leaderboard.csv"
    table = _read(path, ("model", "tasks", *RATES), key=("model",))
    _check_numbers(path, table, "tasks", lambda n: 1 <= n <= len(TASKS), f"from 1 to {len(TASKS)}")
    for rate in RATES:
        _check_rate(path, table, rate)
    return _in_order(path, table, models)


def read_utility(folder: Path, models: Collection[str]) -> pd.DataFrame:
    """``published_utility.csv``, checked, restricted to ``models``; ``task_group`` is a value of UTILITY_GROUPS."""
    path, groups = folder / "published_utility.csv", set(UTILITY_GROUPS.values())
    table = _read(path, ("model", "task_group", "use"), key=("model", "task_group"))
    _check(path, table, "task_group", lambda group: group in groups, f"one of {', '.join(sorted(groups))}")
    _check_rate(path, table, "use")
    return _in_order(path, table, models)


def read_judge_accuracy(folder: Path) -> pd.DataFrame:
    """``published_judge_accuracy.csv``, checked."""
    path = folder / "published_judge_accuracy.csv"
    table = _read(path, ("task", "n", "contextual_accuracy", "intrinsic_accuracy"), key=("task",))
    _check(path, table, "task", lambda task: task in TASKS, f"one of {', '.join(TASKS)}")
    _check_numbers(path, table, "n", lambda n: n > 0, "above 0")
    for rate in ("contextual_accuracy", "intrinsic_accuracy"):
        _check_rate(path, table, rate)
    return table


def read_sample_counts(folder: Path) -> pd.DataFrame:
    """``published_sample_counts.csv``, checked: instances by leaf category and task, and their sum."""
    path = folder / "published_sample_counts.csv"
    table = _read(path, ("subcategory", *TASKS, "total"), key=("subcategory",))
    for column in (*TASKS, "total"):
        _check_numbers(path, table, column, lambda n: n >= 0 and n == int(n), "a whole number, 0 or above")
    wrong = table[table[list(TASKS)].sum(axis=1) != table["total"]]
    if len(wrong):
        row = wrong.iloc[0]
        raise BadTable(
            f"{path}, row {_line(wrong)} ({row['subcategory']}): total is {row['total']}, but the tasks add up to "
            f"{row[list(TASKS)].sum()}"
        )
    return table


def check_sizes(folder: Path, results: pd.DataFrame) -> None:
    """Raise ``BadTable`` where a model is said to have answered more instances of a task than there are."""
    sizes = read_sample_counts(folder)[list(TASKS)].sum()
    wrong = results[results["n"] > results["task"].map(sizes)]
    if len(wrong):
        row = wrong.iloc[0]
        raise BadTable(
            f"{folder / 'published_results.csv'} ({row['model']} {row['task']}): n is {row['n']}, but "
            f"published_sample_counts.csv has {sizes[row['task']]} instances of this task"
        )


def _read(path: Path, columns: Sequence[str], key: Sequence[str]) -> pd.DataFrame:
    if not path.exists():
        raise BadTable(f"{path}: no such file; a folder of published tables holds it")
    try:
        table = pd.read_csv(path, encoding="utf-8")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise BadTable(f"{path}: not a readable CSV file ({str(error).strip()}); restore the shipped file") from None
    missing = [column for column in columns if column not in table]
    if missing:
        raise BadTable(f"{path}: column '{missing[0]}' is missing; the file needs {', '.join(columns)}")
    twice = table[table.duplicated(list(key))]
    if len(twice):
        value = ", ".join(str(twice.iloc[0][column]) for column in key)
        raise BadTable(f"{path}, row {_line(twice)}: {value} is there twice; keep one row for each {' and '.join(key)}")
    return table


def _in_order(path: Path, table: pd.DataFrame, models: Collection[str]) -> pd.DataFrame:
    """The rows of ``models``; a model in the table that the study lacks is left out, the reverse is an error."""
    known = table["model"].astype(str).unique().tolist()
    for model in models:
        if model not in known:
            raise BadTable(f"{path}: no row for model '{model}' of the study; {did_you_mean(model, known)}")
    return table[table["model"].isin(list(models))].reset_index(drop=True)


def check_models(folder: Path, known: Collection[str]) -> None:
    """Raise ``BadTable`` for a model that has results but is not configured: most likely a misspelt name."""
    path = folder / "published_results.csv"
    table = _read(path, ("model", "task"), key=("model", "task"))
    wrong = table[~table["model"].isin(list(known))]
    if len(wrong):
        name = str(wrong.iloc[0]["model"])
        raise BadTable(f"{path}, row {_line(wrong)}: unknown model '{name}'; {did_you_mean(name, sorted(known))}")


def _check(path: Path, table: pd.DataFrame, column: str, right: Callable[[str], bool], wanted: str) -> None:
    wrong = table[~table[column].map(right)]
    if len(wrong):
        value = wrong.iloc[0][column]
        raise BadTable(f"{path}, row {_line(wrong)}: {column} is '{value}'; it should be {wanted}")


def _check_numbers(path: Path, table: pd.DataFrame, column: str, right: Callable[[float], bool], wanted: str) -> None:
    numbers = pd.to_numeric(table[column], errors="coerce")
    wrong = table[~numbers.map(lambda number: bool(pd.notna(number) and right(number)))]
    if len(wrong):
        name = " ".join(
            str(wrong.iloc[0][key]) for key in ("model", "task", "task_group", "subcategory") if key in table
        )
        raise BadTable(
            f"{path}, row {_line(wrong)} ({name}): {column} is {wrong.iloc[0][column]}; it should be {wanted}"
        )


def _check_rate(path: Path, table: pd.DataFrame, column: str) -> None:
    _check_numbers(path, table, column, lambda rate: 0 <= rate <= 1, "a rate from 0 to 1")


def _check_consistency(path: Path, table: pd.DataFrame) -> None:
    """Both-Safe lies between what the two unsafe rates allow, and the contextual labels exclude each other."""
    contextual, intrinsic, safe = table["c_unsafe"], table["i_unsafe"], table["both_safe"]
    rules = {
        "c_unsafe and c_reject should not exceed 1 together": contextual + table["c_reject"] <= 1 + _ROUNDING,
        "both_safe should not exceed 1 - max(c_unsafe, i_unsafe)": (
            safe <= 1 - pd.concat([contextual, intrinsic], axis=1).max(axis=1) + _ROUNDING
        ),
        "both_safe should not be below 1 - c_unsafe - i_unsafe": safe >= 1 - contextual - intrinsic - _ROUNDING,
    }
    for rule, holds in rules.items():
        if not holds.all():
            row = table[~holds].iloc[0]
            values = ", ".join(f"{rate} {row[rate]}" for rate in RATES)
            raise BadTable(f"{path}, row {_line(table[~holds])} ({row['model']} {row['task']}): {rule} ({values})")


def _line(rows: pd.DataFrame) -> int:
    """Line number, in the file, of the first of some rows."""
    return int(rows.index[0]) + 2
