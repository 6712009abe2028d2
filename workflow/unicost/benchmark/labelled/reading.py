"""What the sets share: rows with the columns that are needed, requests in one turn, and labels of harm."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from unicost.benchmark.sources.rows import InvalidData, Row, read_rows
from unicost.interfaces import Origin
from unicost.records import Aspect, Construction, Instance, Judgement, Kind, Label, Modality, Placement, Task, Turn
from unicost.registry import did_you_mean

UNCATEGORISED: Final = "not categorised"
"""Category of the taxonomy ``uncategorised``."""
_HARM: Final = {"1": Label.UNSAFE, "0": Label.SAFE}


def rows_with(file: Path, columns: Sequence[str]) -> Iterator[Row]:
    """The rows of a file that must have these columns. Raises ``InvalidData``."""
    if not file.is_file():
        raise InvalidData(f"{file}: no such file; it is one of those that the set consists of")
    for row in read_rows(file):
        missing = [name for name in columns if name not in row.values]
        if missing:
            raise InvalidData(f"{file}: columns {missing} are missing; those needed are {', '.join(columns)}")
        yield row


def known(row: Row, column: str, values: Collection[str]) -> str:
    """The value of a column, which must be one of ``values``. Raises ``InvalidData``."""
    given = str(row.values[column]).strip()
    if given not in values:
        raise row.problem(f"'{given}' is no value of {column}: {did_you_mean(given, list(values))}")
    return given


def request(
    name: str, text: str, kind: Kind, origin: Origin, *, family: str = "", intention: str = "", sort: tuple[str, str]
) -> Instance:
    """A request of one turn of text; ``sort`` is its category and leaf; family and intention default to its own."""
    return Instance(
        id=name,
        family=family or name,
        kind=kind,
        category=sort[0],
        leaf=sort[1],
        task=Task.TEXT_TO_TEXT,
        construction=Construction.PLAIN,
        placement=Placement.TEXT if kind is Kind.UNSAFE else Placement.NONE,
        turns=(Turn("user", text),),
        expected=Modality.TEXT,
        intention=intention or text,
        source=origin.dataset,
        licence=origin.licence,
    )


def harm(row: Row, column: str, place: tuple[str, str], annotator: str) -> Judgement:
    """A label that is 1 where the response holds the harm asked for, else 0: the intrinsic aspect.

    Such annotators do not tell a refusal from a harmless answer, so they say nothing about the contextual aspect.
    """
    given = known(row, column, _HARM)
    return Judgement(*place, annotator, Aspect.INTRINSIC, _HARM[given], raw=json.dumps({"label": given}))
