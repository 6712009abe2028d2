"""Verdicts read from Parquet as one byte each, so that 50 million of them take 50 MB.

A verdict's four answers (contextual, intrinsic, both safe, correct) have 144 combinations, hence a byte says all that a
metric needs. DuckDB streams the file: only the list of instances and the bytes are ever held whole.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from unicost.records import Label, Verdict, arrow_schema
from unicost.store import UnreadableFile, check_columns

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NOT_ASKED: Final = 255
COLUMNS: Final = (
    *("instance", "model", "family", "kind", "category", "task", "construction"),
    *("contextual", "intrinsic", "both_safe", "correct"),
)
_OF_INSTANCES: Final = ("family", "kind", "category", "task", "construction")
_ANSWERS: Final[dict[str, tuple[Any, ...]]] = {
    "contextual": tuple(Label),
    "intrinsic": tuple(Label),
    "both_safe": (False, True, None),
    "correct": (False, True, None),
}
MEANINGS: Final = pd.DataFrame(list(product(*_ANSWERS.values())), columns=list(_ANSWERS), dtype=object)
"""What each byte says, by its number, in the columns of a table of verdicts."""
_ROWS_AT_ONCE: Final = 1_000_000
_MEMORY: Final = "2GB"
"""What DuckDB may take before it goes on in a temporary folder."""

Bytes = NDArray[np.uint8]
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Column:
    """A column of the instances: ``names[codes]``, names sorted."""

    codes: Codes
    names: tuple[str, ...]


@dataclass(frozen=True)
class CodedVerdicts:
    """``codes`` is models x instances: a row of ``MEANINGS``, or ``NOT_ASKED``. Instances and models are sorted."""

    codes: Bytes
    models: tuple[str, ...]
    family: Column
    kind: Column
    category: Column
    task: Column
    construction: Column


def read_coded(source: Path | pd.DataFrame) -> CodedVerdicts:
    """Read a file of verdicts, or a table with its columns; raises ``UnreadableFile``."""
    import duckdb

    with tempfile.TemporaryDirectory() as spill:
        settings: dict[str, Any] = {
            "memory_limit": _MEMORY,
            "temp_directory": spill,
            "preserve_insertion_order": False,
            "threads": 2,
        }
        with duckdb.connect(config=settings) as database:
            _open(database, source)
            try:
                return _coded(database, str(source) if isinstance(source, Path) else "table of verdicts")
            except duckdb.Error as error:
                reason = str(error).splitlines()[0]
                raise UnreadableFile(f"{source}: not readable as verdicts ({reason}); make it again") from None


def _open(database: DuckDBPyConnection, source: Path | pd.DataFrame) -> None:
    if isinstance(source, Path):
        check_columns(source, Verdict)
        database.read_parquet(str(source)).create_view("verdicts")
        return
    schema = pa.schema([arrow_schema(Verdict).field(name) for name in COLUMNS])
    database.register("verdicts", pa.Table.from_pandas(source[list(COLUMNS)], schema=schema, preserve_index=False))


def _coded(database: DuckDBPyConnection, name: str) -> CodedVerdicts:
    _list_instances(database)
    database.execute(
        "CREATE TEMP TABLE asked AS SELECT model, CAST(row_number() OVER (ORDER BY model) - 1 AS INTEGER) AS place "
        "FROM (SELECT DISTINCT model FROM verdicts)"
    )
    models = tuple(str(row[0]) for row in database.execute("SELECT model FROM asked ORDER BY place").fetchall())
    items = database.sql(f"SELECT {', '.join(_OF_INSTANCES)} FROM items ORDER BY item").to_arrow_table()
    codes = _codes(database, (len(models), items.num_rows), name)
    return CodedVerdicts(codes, models, *(_column(items[name]) for name in _OF_INSTANCES))


def _list_instances(database: DuckDBPyConnection) -> None:
    """Table ``items``: the instances and their columns, numbered in order.

    One model's instances come first, then those that are not among them: to group the rows of all models at once would
    keep most of them in memory.
    """
    columns = "instance, " + ", ".join(f"min({name}) AS {name}" for name in _OF_INSTANCES)
    database.execute(
        f"CREATE TEMP TABLE found AS SELECT {columns} FROM verdicts WHERE model = "
        "(SELECT model FROM verdicts GROUP BY model ORDER BY count(*) DESC, model LIMIT 1) GROUP BY instance"
    )
    others = "verdicts ANTI JOIN found USING (instance)"
    database.execute(f"INSERT INTO found SELECT {columns} FROM {others} GROUP BY instance")
    number = "CAST(row_number() OVER (ORDER BY instance) - 1 AS INTEGER)"
    database.execute(f"CREATE TEMP TABLE items AS SELECT *, {number} AS item FROM found")
    database.execute("DROP TABLE found")


def _codes(database: DuckDBPyConnection, shape: tuple[int, int], name: str) -> Bytes:
    codes, rows = np.full(shape, NOT_ASKED, np.uint8), 0
    found = database.sql(
        f"SELECT place, item, CAST({_code()} AS UTINYINT) AS code "
        "FROM verdicts JOIN items USING (instance) JOIN asked USING (model)"
    )
    for batch in found.to_arrow_reader(_ROWS_AT_ONCE):
        place, item, code = batch.columns
        if code.null_count:
            raise UnreadableFile(f"{name}: a label is none of {', '.join(Label)}; make it again")
        codes[place.to_numpy(), item.to_numpy()] = code.to_numpy()
        rows += batch.num_rows
    if rows != np.count_nonzero(codes != NOT_ASKED):
        raise UnreadableFile(f"{name}: several verdicts on one answer (same instance and model); make it again")
    return codes


def _code() -> str:
    """The row of ``MEANINGS`` in SQL; NULL where a label is unknown."""
    number = "0"
    for column, answers in _ANSWERS.items():
        cases = " ".join(f"WHEN {_literal(answer)} THEN {i}" for i, answer in enumerate(answers) if answer is not None)
        unknown = f"CASE WHEN {column} IS NULL THEN {answers.index(None)} END" if None in answers else "NULL"
        number = f"({number}) * {len(answers)} + CASE {column} {cases} ELSE {unknown} END"
    return number


def _literal(answer: Any) -> str:
    return f"'{answer}'" if isinstance(answer, str) else str(answer)


def _column(values: pa.ChunkedArray) -> Column:
    encoded = pa.concat_arrays(values.chunks or [pa.array([], pa.string())]).dictionary_encode()
    found = np.array([str(name) for name in encoded.dictionary.to_pylist()], dtype=object)
    order = np.argsort(found)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return Column(rank[encoded.indices.to_numpy()], tuple(found[order]))
