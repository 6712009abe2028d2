"""Parquet in and out: typed rows, atomic writes, and one clear sentence where a file is not what it should be."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import tempfile
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar, get_type_hints

import pyarrow as pa
import pyarrow.parquet as pq

from unicost.records import Image, Turn, arrow_schema

if TYPE_CHECKING:
    import pandas as pd

Record = TypeVar("Record")

_ROWS_A_BATCH = 1024


class UnreadableFile(ValueError):
    """A file that is missing, truncated or of another shape; the message names it and says what would be right."""


@contextlib.contextmanager
def atomic(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file beside ``path`` that takes its name only when it was written and synced whole.

    On any error, a full disk included, the temporary file is removed and ``path`` stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    try:
        with os.fdopen(handle, mode, encoding=None if "b" in mode else "utf-8") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_records(path: str | Path, records: Iterable[Any], record: type) -> int:
    """Write rows of one record class to Parquet, in row groups, atomically; returns the number of rows.

    Memory holds the rows of one group.
    """
    schema, rows, count = arrow_schema(record), iter(records), 0
    with atomic(path, "wb") as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        while True:
            group = list(islice(rows, _ROWS_A_BATCH))
            writer.write_table(_table(group, schema))
            count += len(group)
            if len(group) < _ROWS_A_BATCH:
                return count


def read_records(path: str | Path, record: type[Record]) -> list[Record]:
    """Read every row of a record file; raises ``UnreadableFile``."""
    return list(iterate_records(path, record))


def iterate_records(
    path: str | Path, record: type[Record], where: tuple[str, Container[Any]] | None = None
) -> Iterator[Record]:
    """Stream the rows of a record file; raises ``UnreadableFile``.

    ``where`` is a column and the values of the rows that are kept; the others are never made into records.
    """
    with _opened(path) as file:
        _check_columns(path, file.schema_arrow.names, record)
        restore = _restorers(record)
        for batch in file.iter_batches(batch_size=_ROWS_A_BATCH, columns=list(restore)):
            kept = batch if where is None else _kept(batch, *where)
            yield from map(record, *(from_arrow(kept[name].to_pylist()) for name, from_arrow in restore.items()))


def read_table(path: str | Path, record: type, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a record file as a data frame of the named columns (all by default); raises ``UnreadableFile``."""
    with _opened(path) as file:
        _check_columns(path, file.schema_arrow.names, record)
        frame: pd.DataFrame = file.read(columns=list(columns) if columns else None).to_pandas()
        return frame


def check_columns(path: str | Path, record: type) -> None:
    """Refuse a file that is no whole Parquet file of a record class; raises ``UnreadableFile``."""
    with _opened(path) as file:
        _check_columns(path, file.schema_arrow.names, record)


def write_csv(path: str | Path, frame: pd.DataFrame) -> None:
    """Write a table as CSV, atomically, with round-trip floats, so that equal tables are equal files."""
    with atomic(path) as stream:
        frame.to_csv(stream, index=False, lineterminator="\n")


def write_json(path: str | Path, value: Any) -> None:
    """Write JSON with sorted keys, atomically."""
    with atomic(path) as stream:
        json.dump(value, stream, indent=1, sort_keys=True, allow_nan=False)
        stream.write("\n")


@contextlib.contextmanager
def _opened(path: str | Path) -> Iterator[pq.ParquetFile]:
    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError:
        raise UnreadableFile(f"{path}: no such file; the rule that makes it has not run") from None
    except (pa.ArrowInvalid, pa.ArrowException, OSError) as error:
        raise UnreadableFile(
            f"{path}: not a whole Parquet file ({str(error).splitlines()[0]}); delete it and run again"
        ) from None
    with file:
        try:
            yield file
        except (pa.ArrowInvalid, OSError) as error:
            raise UnreadableFile(f"{path}: damaged Parquet file ({error}); delete it and run again") from None


def _check_columns(path: str | Path, present: Sequence[str], record: type) -> None:
    wanted = [field.name for field in dataclasses.fields(record)]
    missing = [name for name in wanted if name not in present]
    if missing:
        raise UnreadableFile(f"{path}: columns {missing} are missing; a {record.__name__} file has {wanted}")


def _table(rows: Sequence[Any], schema: pa.Schema) -> pa.Table:
    """The rows as columns; images and turns become structs."""
    columns = []
    for field in schema:
        values = list(map(attrgetter(field.name), rows))
        columns.append(pa.array(map(_plain, values) if pa.types.is_nested(field.type) else values, field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Image | Turn):
        return {name: _plain(part) for name, part in vars(value).items()}
    return value


def _kept(batch: pa.RecordBatch, column: str, values: Container[Any]) -> pa.RecordBatch:
    return batch.filter(pa.array([value in values for value in batch[column].to_pylist()], pa.bool_()))


def _restorers(record: type) -> dict[str, Callable[[list[Any]], Iterable[Any]]]:
    """For each column, in the record's order, what gives enumerations, images and turns in it their types back."""
    hints = get_type_hints(record)
    return {field.name: _restorer(hints[field.name]) for field in dataclasses.fields(record)}


def _restorer(kind: Any) -> Callable[[list[Any]], Iterable[Any]]:
    if kind == tuple[Turn, ...]:
        return partial(map, lambda turns: tuple(map(_turn, turns)))
    if kind == Image | None:
        return partial(map, lambda image: None if image is None else Image(**image))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return partial(_members, kind)
    return iter


def _members(kind: type[StrEnum], values: list[str]) -> list[StrEnum]:
    member = {value: kind(value) for value in set(values)}
    return [member[value] for value in values]


def _turn(row: dict[str, Any]) -> Turn:
    return Turn(row["role"], row["text"], tuple(Image(**image) for image in row["images"]))
