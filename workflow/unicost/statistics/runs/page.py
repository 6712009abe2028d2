"""A comparison of two runs as text for the terminal and as one HTML page that stands alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from unicost.statistics.evidence import ALL, FAILURE
from unicost.statistics.runs import comparison
from unicost.statistics.runs.reading import Runs
from unicost.store import atomic

_HEADINGS = (
    *("metric", "where", "n", "unscored", "before", "after", "change (95 % interval)", "if unscored"),
    *("p", "adjusted p", "reading"),
)
_FLIP_HEADINGS = ("instance", "kind", "task", "category", "before", "after", "change")
METRICS = {
    FAILURE: "failure",
    "c_unsafe": "contextually unsafe",
    "c_reject": "refused",
    "i_unsafe": "harmful output",
    "over_refusal": "over-refusal",
    "helpful": "helpful",
    "capability": "capability",
}
_FLIPS_SHOWN = 20
_NOTES = (
    "Changes are in points, after minus before, on the instances that both models answered and that have a "
    "verdict in both runs. If unscored: the change if every answer without a verdict had gone the one way, or the "
    "other. Newcombe's paired intervals; McNemar's mid-p, or random signs of families where families have several "
    "items. Adjusted: Holm over metrics, Benjamini-Hochberg over tasks and categories."
)


def text(runs: Runs, changes: pd.DataFrame, flipped: pd.DataFrame) -> str:
    """The comparison as a terminal shows it: a table a model, and the first items that flipped, without their text."""
    parts = []
    lost = comparison.left_out(runs)
    for model, rows in changes.groupby("model", sort=False):
        flips = flipped[flipped["model"] == model].drop(columns="model")
        table = _aligned([_HEADINGS, *map(_cells, rows.to_dict("records"))])
        parts += [str(model), table, "", *_missing(lost[str(model)]), "", _tally(flips)]
        if len(flips):
            shown = flips.head(_FLIPS_SHOWN).astype(str)
            parts += [_aligned([tuple(flips.columns), *shown.itertuples(index=False, name=None)])]
            parts += [f"... and {len(flips) - len(shown)} more"] if len(flips) > len(shown) else []
        parts.append("")
    return "\n".join([*parts, _NOTES])


def write_page(path: Path, runs: Runs, changes: pd.DataFrame, flipped: pd.DataFrame) -> None:
    """Write the comparison as HTML: all that flipped, with the request under a blur until it is clicked."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("unicost.statistics.runs", "."), autoescape=True, undefined=jinja2.StrictUndefined
    )
    lost = comparison.left_out(runs)
    models = [
        {
            "name": model,
            "missing": _missing(lost[str(model)]),
            "rows": [(_cells(row), _tone(row)) for row in rows.to_dict("records")],
            "tally": _tally(flipped[flipped["model"] == model]),
            "flips": [
                row | {"request": runs.requests.get(row["instance"], "")}
                for row in flipped[flipped["model"] == model].to_dict("records")
            ],
        }
        for model, rows in changes.groupby("model", sort=False)
    ]
    page = environment.get_template("page.html.j2").render(
        models=models, headings=_HEADINGS, flip_headings=_FLIP_HEADINGS, notes=_NOTES
    )
    with atomic(path) as stream:
        stream.write(page)


def _cells(row: dict[Any, Any]) -> tuple[str, ...]:
    where = " ".join(value for value in (row["task"], row["category"]) if value != ALL) or "everything"
    size, low, high, least, most = (
        _points(row[name]) for name in ("estimate", "low", "high", "low_bound", "high_bound")
    )
    rates = (f"{100 * row['before']:.1f} %", f"{100 * row['after']:.1f} %")
    p_values = (_p(row["p_value"]), _p(row["p_adjusted"]))
    return (
        METRICS[row["metric"]],
        where,
        f"{row['n']:,}",
        f"{row['unscored']:,}",
        *rates,
        f"{size} ({low} to {high})" if row["changed"] else "no item changed",
        f"{least} to {most}" if row["unscored"] else "",
        *(p_values if row["changed"] else ("", "")),
        row["reading"],
    )


def _points(value: float) -> str:
    """Percentage points with their sign, a true minus; a zero has none."""
    text = f"{100 * value:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def _p(value: float) -> str:
    return "" if pd.isna(value) else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _tone(row: dict[Any, Any]) -> str:
    """How a row is coloured: good and bad news alone, by whether less of the metric is better."""
    if row["reading"] == "no clear change" or row["metric"] == "c_reject":
        return ""
    better = (row["estimate"] > 0) == (row["metric"] in ("helpful", "capability"))
    return "better" if better else "worse"


def _tally(flips: pd.DataFrame) -> str:
    worse, better = (int((flips["change"] == name).sum()) for name in ("worse", "better"))
    return f"{worse + better} items flipped: {worse} for the worse, {better} for the better"


def _missing(reasons: dict[str, int]) -> list[str]:
    """A line for each reason why instances do not enter."""
    return [f"left out: {count:,} {reason}" for reason, count in reasons.items()] or ["left out: nothing"]


def _aligned(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)
