"""Writes a table of finished text as CSV, LaTeX (booktabs) and a plain HTML page; each format gets its own escaping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from unicost.reporting.formatting import MINUS, MISSING
from unicost.store import atomic, write_csv

_LONG = 30
_LATEX = {MINUS: "$-$", MISSING: "--", "²": r"\textsuperscript{2}", "<": r"\textless{}", ">": r"\textgreater{}"}

_PAGE = jinja2.Environment(autoescape=True, trim_blocks=True).from_string(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{{ title }}</title>
<style>
body { font: 14px/1.45 "DejaVu Sans", "Segoe UI", Helvetica, Arial, sans-serif; color: #222; background: #fff;
       margin: 1.5rem; }
h1 { font-size: 1.15rem; margin: 0 0 .3rem; }
p { max-width: 52rem; color: #555; margin: 0 0 1rem; }
table { border-collapse: collapse; font-size: 12.5px; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .6rem; text-align: left; vertical-align: top; }
td { border-bottom: 1px solid #ececec; white-space: nowrap; }
th { border-bottom: 1.5px solid #222; background: #fff; vertical-align: bottom; }
thead tr:first-child th { border-top: 1.5px solid #222; }
tbody tr:last-child td { border-bottom: 1.5px solid #222; }
tbody tr:hover td { background: #f5f8fb; }
{% for place in numeric %}
td:nth-child({{ place }}), thead tr:last-child th:nth-child({{ place }}) { text-align: right; }
{% endfor %}
{% for place in wrapped %}
td:nth-child({{ place }}) { white-space: normal; min-width: 12rem; max-width: 30rem; }
{% endfor %}
</style>
</head>
<body>
<h1>{{ title }}</h1>
<p>{{ caption }}</p>
{{ table }}
</body>
</html>
"""
)


@dataclass(frozen=True)
class Table:
    """Finished text in ``frame`` (columns may have two levels); ``numeric`` columns are set flush right and
    ``wrapped`` ones may break into lines."""

    frame: pd.DataFrame
    numeric: frozenset[str | tuple[str, str]]
    wrapped: frozenset[str | tuple[str, str]] = frozenset()


def table(rows: list[dict[str, str]], text: Iterable[str], wrapped: Iterable[str] = ()) -> Table:
    """A table from rows of text; all columns but those of ``text`` and ``wrapped`` are numeric.

    A column Gate is left out where nothing missed it.
    """
    frame = pd.DataFrame(rows)
    if "Gate" in frame and not frame["Gate"].any():
        frame = frame.drop(columns="Gate")
    wide = frozenset(wrapped)
    return Table(frame, frozenset(frame.columns) - frozenset(text) - wide, wide)


def write(content: Table, title: str, caption: str, outputs: Iterable[Path]) -> None:
    """Write the table once for each path in the format of its suffix (csv, tex, html), atomically."""
    for path in outputs:
        if path.suffix == ".csv":
            write_csv(path, _flat(content.frame))
        elif path.suffix == ".tex":
            _write_text(path, latex(content, title, caption, path.stem))
        elif path.suffix == ".html":
            _write_text(path, html(content, title, caption))
        else:
            raise ValueError(f"{path}: tables are written as csv, html, tex, not '{path.suffix.removeprefix('.')}'")


def html(content: Table, title: str, caption: str) -> str:
    """The table as a page of its own, everything escaped."""
    styler = content.frame.style.format(escape="html").format_index(escape="html", axis=1).hide(axis="index")
    body = styler.to_html(exclude_styles=True, sparse_columns=True)
    columns = list(content.frame.columns)
    return _PAGE.render(
        title=title,
        caption=caption,
        table=Markup(body),
        numeric=[place for place, column in enumerate(columns, start=1) if column in content.numeric],
        wrapped=[place for place, column in enumerate(columns, start=1) if column in content.wrapped],
    )


def latex(content: Table, title: str, caption: str, label: str) -> str:
    """The table for the booktabs package (and longtable where it is long), everything escaped."""
    styler = content.frame.style.format(escape="latex").format_index(escape="latex", axis=1).hide(axis="index")
    columns = content.frame.columns
    form = "".join(
        "r" if column in content.numeric else "p{6cm}" if column in content.wrapped else "l" for column in columns
    )
    text: str = styler.to_latex(
        column_format=form,
        hrules=True,
        multicol_align="c",
        caption=_latex(f"{title}. {caption}"),
        label=f"tab:{label}",
        environment="longtable" if len(content.frame) > _LONG or content.wrapped else None,
    )
    for symbol, command in _LATEX.items():
        text = text.replace(symbol, command)
    return f"% Needs: booktabs, longtable\n{text}"


def _latex(text: str) -> str:
    for symbol in "%&#_$":
        text = text.replace(symbol, f"\\{symbol}")
    return text


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with one level of column names."""
    names = [column if isinstance(column, str) else " ".join(filter(None, column)) for column in frame.columns]
    return frame.set_axis(names, axis=1)


def _write_text(path: Path, text: str) -> None:
    with atomic(path) as stream:
        stream.write(text)
