"""The rows of an exported benchmark: Parquet shards with the pictures in a column of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from unicost.progress import bar
from unicost.records import IMAGE, Instance, arrow_schema, hub_schema
from unicost.store import atomic, iterate_records

SPLIT: Final = "test"
"""A benchmark has one split; nothing of it is for training."""
_LARGEST_SHARD: Final = 256 * 1024**2
"""Bytes of the benchmark's file that go into one shard, about."""
_ROWS_A_GROUP: Final = 200
"""Rows of a row group: few, so that the viewer of the hub reads a page of pictures without the rest."""
_TURN: Final = pa.struct([("role", pa.string()), ("text", pa.string()), ("images", pa.int64())])


def export_schema() -> pa.Schema:
    """The columns: those of ``Instance``, where a turn has the number of its images, and then ``images``, in order.

    All may be null, as far as the schema goes: ``datasets`` decodes the pictures of no other columns.
    """
    fields = [
        pa.field("turns", pa.list_(_TURN)) if field.name == "turns" else field.with_nullable(True)
        for field in arrow_schema(Instance)
    ]
    return hub_schema([*fields, pa.field("images", pa.list_(IMAGE))])


def write_shards(benchmark: Path, folder: Path, largest: int = _LARGEST_SHARD) -> list[Path]:
    """Write the rows of ``benchmark`` to ``folder/test-<k>-of-<n>.parquet``, in order; returns the paths.

    There are as many shards as ``largest`` bytes of the benchmark's file take, with the same number of
    rows each. Earlier shards are removed. Raises ``UnreadableFile``.
    """
    for earlier in folder.glob(f"{SPLIT}-*.parquet"):
        earlier.unlink()
    instances, total = iterate_records(benchmark, Instance), pq.read_metadata(benchmark).num_rows
    rows = -(-total // max(1, -(-benchmark.stat().st_size // largest)))
    number = -(-total // rows)
    paths = [folder / f"{SPLIT}-{shard:05d}-of-{number:05d}.parquet" for shard in range(number)]
    with bar(total, "export", "instance") as progress:
        for path in paths:
            progress.update(_write(path, islice(instances, rows)))
    return paths


def _write(path: Path, instances: Iterator[Instance]) -> int:
    schema, count = export_schema(), 0
    with atomic(path, "wb") as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        while group := [_row(instance) for instance in islice(instances, _ROWS_A_GROUP)]:
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            count += len(group)
    return count


def _row(instance: Instance) -> dict[str, Any]:
    turns = [{"role": turn.role, "text": turn.text, "images": len(turn.images)} for turn in instance.turns]
    images = [asdict(image) for turn in instance.turns for image in turn.images]
    return vars(instance) | {"turns": turns, "images": images}
