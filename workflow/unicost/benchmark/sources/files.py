"""A folder of one's own: tables of requests, and the pictures that they name."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from unicost.benchmark.sources.mapping import FIELDS, FieldMapping
from unicost.benchmark.sources.rows import Row, data_files, read_rows
from unicost.interfaces import Origin
from unicost.records import Instance
from unicost.registry import did_you_mean

_ALSO_CALLED: Final = {
    "text": ("prompt", "question", "instruction"),
    "image": ("images", "picture"),
    "turns": ("messages",),
}


class Files:
    """Source ``files``: CSV, JSON lines, JSON or Parquet files in a folder; columns named like fields are those fields.

    Options: ``columns`` (for columns with other names) and ``constants`` (for what is the same in all rows).
    """

    version: ClassVar[int] = 1
    reads_files: ClassVar[bool] = True

    def __init__(self, columns: Mapping[str, Any] | None = None, constants: Mapping[str, Any] | None = None) -> None:
        self._columns, self._constants = dict(columns or {}), dict(constants or {})
        FieldMapping({"text": "text", **self._columns}, self._constants)

    def instances(self, origin: Origin) -> Iterator[Instance]:
        """The rows, file after file; a row may leave out what it has no value for. Raises ``InvalidData``."""
        columns = {name: name for name in FIELDS} | self._columns
        mapping = FieldMapping(columns, self._constants)
        for file in data_files(origin.folder):
            for number, row in enumerate(read_rows(file)):
                if number == 0:
                    self._check(row)
                instance = mapping.instance(_named(row), origin)
                if instance is not None:
                    yield instance

    def _check(self, row: Row) -> None:
        """Columns that the options name must be there; those that nothing reads are named once in the log."""
        named = FieldMapping({"text": "text", **self._columns}).used()
        for column in sorted(named.difference(row.values, {"text"})):
            raise row.problem(f"no column '{column}': {did_you_mean(column, list(row.values))}")
        extra = sorted(set(row.values).difference(FIELDS, named, *_ALSO_CALLED.values()))
        if extra:
            logging.getLogger(__name__).info("%s: columns not used: %s", row.file, ", ".join(extra))


def _named(row: Row) -> Row:
    """The row with a field's own name for a column that is called otherwise."""
    values = dict(row.values)
    for name, others in _ALSO_CALLED.items():
        other = next((other for other in others if other in values), None)
        if name not in values and other is not None:
            values[name] = values[other]
    return Row(row.file, row.number, values)
