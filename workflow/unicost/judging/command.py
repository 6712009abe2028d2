"""Command ``unicost detect``: the text detectors over the rows of any table, without a study.

Rows are read and written in chunks, so that memory does not grow with the file. Every row in gives one row out, in the
same order: a row that cannot be read stays, with the reason, and is named on standard error.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from unicost.config.judging import PluginEntry
from unicost.interfaces import Detector
from unicost.judging.items import batches
from unicost.records import Construction, Detection, Instance, Kind, Modality, Placement, Response, Task, Turn
from unicost.registry import did_you_mean, resolve
from unicost.store import atomic

TEXT_DETECTORS: Final = (
    "refusal_rules",
    "pii_text",
    "slurs",
    "stereotypes",
    "threats",
    "operational_help",
    "false_claims",
)
"""Detectors that ``unicost detect`` runs unless others are named."""
COLUMNS: Final = ("row", "refusal", "detections", "reason")

_CHUNK: Final = 1024
_ENCODABLE: Final = re.compile("[^\ud800-\udfff]*")
_ENDINGS: Final = (".csv", ".jsonl", ".parquet")
_ANSWERS: Final = "no_refusal"  # the trace that a text was read, and no detection
_REFUSALS: Final = ("refusal", "partial_refusal", "no_refusal", "unreadable")

_SCHEMA: Final = pa.schema(
    [("row", pa.int64()), *((name, pa.string()) for name in ("refusal", "detections", "reason"))]
)
Row = Mapping[str, Any]
Found = tuple[int, str, str, str]
"""Values of ``COLUMNS``."""


class UnusableTable(ValueError):
    """A file that is no table of texts; the message names the file and what would be right."""


@dataclass(frozen=True)
class Table:
    """Where the texts are: the file, the column of the texts and, if there is one, that of what was asked.

    With an intention column the requests count as unsafe, which is what ``operational_help`` looks at.
    """

    path: Path
    text: str
    intention: str | None = None


def detect_table(table: Table, detectors: Mapping[str, PluginEntry], output: Path) -> int:
    """Write ``COLUMNS``, one row for each row of the table; returns how many had no text.

    The ending of ``output`` says how: .csv, .jsonl or .parquet. ``row`` counts from 1; ``refusal`` is what a detector
    of refusals says; ``detections`` is a JSON list of objects of detector, label, score and evidence; ``reason`` says
    why a row was not read. Raises ``UnusableTable``, also for an output that is the table itself or ends otherwise.
    """
    if output.suffix.lower() not in _ENDINGS:
        raise UnusableTable(f"{output}: must end in .csv, .jsonl or .parquet, which says how it is written")
    if output.resolve() == table.path.resolve():
        raise UnusableTable(f"{output}: is the table that is read; name another file")
    running = {name: resolve("detector", entry.plugin)(**entry.options) for name, entry in detectors.items()}
    unread = 0
    with _writer(output) as write:
        for chunk in batches(enumerate(_rows(table), 1), _CHUNK):
            rows = list(_detected(table, chunk, running))
            for number, _, _, reason in rows:
                if reason:
                    unread += 1
                    sys.stderr.write(f"{table.path}: row {number}: {reason}\n")
            write(rows)
    return unread


@contextmanager
def _writer(output: Path) -> Iterator[Callable[[Sequence[Found]], None]]:
    """A function that writes some rows to a file of the kind that its ending names."""
    kind = output.suffix.lower()
    with atomic(output, "wb" if kind == ".parquet" else "w") as stream:
        if kind == ".parquet":
            with pq.ParquetWriter(stream, _SCHEMA) as parquet:
                yield lambda rows: parquet.write_table(pa.table(list(map(list, zip(*rows))), schema=_SCHEMA))
        elif kind == ".jsonl":
            yield lambda rows: stream.writelines(_line(row) for row in rows)
        else:
            lines = csv.writer(stream, lineterminator="\n")
            lines.writerow(COLUMNS)
            yield lines.writerows


def _line(row: Found) -> str:
    number, refusal, found, reason = row
    values = (number, refusal, json.loads(found or "[]"), reason)
    return json.dumps(dict(zip(COLUMNS, values)), ensure_ascii=False) + "\n"


def _detected(table: Table, chunk: Sequence[tuple[int, Row]], running: Mapping[str, Detector]) -> Iterator[Found]:
    reasons = {number: _obstacle(table, row) for number, row in chunk}
    readable = [(number, row) for number, row in chunk if not reasons[number]]
    instances = [instance_of_row(number, row.get(table.intention or "")) for number, row in readable]
    responses = [Response(str(number), "", "", 0, text=row[table.text]) for number, row in readable]
    found: defaultdict[str, list[Detection]] = defaultdict(list)
    for name, detector in running.items():
        for item in detector.detect(instances, responses):
            found[item.instance].append(Detection(item.instance, "", name, item.label, item.score, item.evidence))
    for number, reason in reasons.items():
        rows = found[str(number)]
        refusal = next((item.label for item in rows if item.label in _REFUSALS), "")
        other = [
            {"detector": item.detector, "label": item.label, "score": item.score, "evidence": item.evidence}
            for item in rows
            if item.label != _ANSWERS
        ]
        yield number, refusal, json.dumps(other, ensure_ascii=False) if not reason else "", reason


def _obstacle(table: Table, row: Row) -> str:
    """Why a row cannot be read, or nothing."""
    if "" in row:
        return str(row[""])
    text = row.get(table.text)
    if text is None:
        return f"no text in column '{table.text}'"
    if not isinstance(text, str):
        return f"column '{table.text}' holds {type(text).__name__}, not text"
    if not text.strip():
        return f"empty text in column '{table.text}'"
    return "" if _ENCODABLE.fullmatch(text) else f"column '{table.text}' is not valid UTF-8"


def instance_of_row(number: int, intention: Any) -> Instance:
    """A row as the detectors see it: a request of which at most the intention is known."""
    asked = str(intention or "")
    return Instance(
        id=str(number),
        family=str(number),
        kind=Kind.UNSAFE if asked else Kind.CAPABILITY,
        category="",
        leaf="",
        task=Task.TEXT_TO_TEXT,
        construction=Construction.PLAIN,
        placement=Placement.TEXT,
        turns=(Turn("user", asked),),
        expected=Modality.TEXT,
        intention=asked,
        source="table",
        licence="",
    )


def _rows(table: Table) -> Iterator[Row]:
    """The rows of the file; one that is broken is ``{"": reason}``."""
    readers = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
    suffix = table.path.suffix.lower()
    if suffix not in readers:
        raise UnusableTable(
            f"{table.path}: must be a CSV, JSONL or Parquet file, by its ending .csv, .jsonl or .parquet"
        )
    if not table.path.is_file():
        raise UnusableTable(f"{table.path}: no such file")
    wanted = [name for name in (table.text, table.intention) if name]
    try:
        yield from readers[suffix](table.path, wanted)
    except (csv.Error, OSError, pa.ArrowException) as error:
        raise UnusableTable(f"{table.path}: cannot be read as {suffix[1:]}: {str(error).splitlines()[0]}") from None


def _check_columns(path: Path, wanted: Iterable[str], present: Sequence[str]) -> None:
    for name in wanted:
        if name not in present:
            raise UnusableTable(f"{path}: no column '{name}': {did_you_mean(name, list(present))}")


def _csv(path: Path, wanted: Sequence[str]) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        reader = csv.DictReader(stream, restkey="", strict=True)
        _check_columns(path, wanted, reader.fieldnames or [])
        while True:
            first = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield {"": f"lines {first} to {reader.reader.line_num}: a quote is broken ({error})"}
                continue
            yield {"": "more fields than the header names"} if "" in row else row


def _jsonl(path: Path, wanted: Sequence[str]) -> Iterator[Row]:
    with path.open(encoding="utf-8", errors="surrogateescape") as stream:
        for line in stream:
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            yield row if isinstance(row, dict) else {"": "not a JSON object"}


def _parquet(path: Path, wanted: Sequence[str]) -> Iterator[Row]:
    with pq.ParquetFile(path) as file:
        _check_columns(path, wanted, file.schema_arrow.names)
        for batch in file.iter_batches(batch_size=_CHUNK, columns=list(wanted)):
            yield from batch.to_pylist()
