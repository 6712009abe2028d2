"""Rows of CSV, JSON lines, JSON and Parquet files, streamed, each with its place for error messages."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

ENDINGS: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
_ROWS_A_BATCH: Final = 512


class InvalidData(ValueError):
    """Data that is not what its source reads; the message names file and row and says what would be right."""


@dataclass(frozen=True, slots=True)
class Row:
    """The values of a row by column, and where it stands; rows are counted from 1, without a header line."""

    file: Path
    number: int
    values: Mapping[str, Any]

    def problem(self, what: str) -> InvalidData:
        """An error about this row."""
        return InvalidData(f"{self.file}: row {self.number}: {what}")


def data_files(folder: Path, patterns: Sequence[str] = ()) -> list[Path]:
    """The files of rows in a folder, sorted; those that match a pattern (relative path), if any pattern is given.

    Raises ``InvalidData`` where there is none.
    """
    if not folder.is_dir():
        raise InvalidData(f"{folder}: no such folder; it should hold the data")
    every = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())
    found = [path for path in every if _matches(path.relative_to(folder), patterns)]
    if not found:
        wanted = " or ".join(patterns) if patterns else "with the ending " + ", ".join(ENDINGS)
        raise InvalidData(f"{folder}: no file {wanted} in it; see 'files' among the options of the dataset")
    return found


def _matches(path: Path, patterns: Sequence[str]) -> bool:
    hidden = any(part.startswith(".") for part in path.parts)
    return any(fnmatch(str(path), pattern) for pattern in patterns) if patterns else not hidden


def read_rows(file: Path) -> Iterator[Row]:
    """Stream the rows of one file; only a ``.json`` file, which is one value, is read whole. Raises ``InvalidData``."""
    readers: dict[str, Callable[[Path], Iterator[Any]]] = {
        ".csv": _delimited,
        ".tsv": _delimited,
        ".parquet": _parquet,
        ".json": _json,
    }
    for number, values in enumerate(readers.get(file.suffix.lower(), _lines)(file), start=1):
        if not isinstance(values, Mapping):
            raise InvalidData(
                f"{file}: row {number}: must be an object with a value for each column, not {values!r:.60}"
            )
        yield Row(file, number, values)


def _delimited(file: Path) -> Iterator[Mapping[str, Any]]:
    # Prompts may be longer than the module's default of 128 KiB a field.
    csv.field_size_limit(1 << 27)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, delimiter="\t" if file.suffix.lower() == ".tsv" else ",")
        try:
            for values in reader:
                if None in values or None in values.values():
                    raise InvalidData(
                        f"{file}: line {reader.line_num}: not as many fields as the header; quote fields with commas"
                    )
                yield values
        except (UnicodeDecodeError, csv.Error) as error:
            raise InvalidData(f"{file}: line {reader.line_num + 1}: not readable as UTF-8 CSV ({error})") from None


def _lines(file: Path) -> Iterator[Any]:
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise InvalidData(f"{file}: line {number}: not JSON ({error}); one object a line") from None


def _json(file: Path) -> Iterator[Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise InvalidData(f"{file}: not JSON ({error})") from None
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        data = lists[0] if len(lists) == 1 else list(data.values())
    if not isinstance(data, list):
        raise InvalidData(f"{file}: must be a list of objects")
    yield from data


def _parquet(file: Path) -> Iterator[Mapping[str, Any]]:
    try:
        with pq.ParquetFile(file) as opened:
            for batch in opened.iter_batches(batch_size=_ROWS_A_BATCH):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise InvalidData(f"{file}: not a whole Parquet file ({str(error).splitlines()[0]})") from None
