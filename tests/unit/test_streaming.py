"""Rows pass from a download to a shard of answers a few at a time: memory grows by far less than what a row holds."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from unicost.benchmark.build import Part, build_benchmark
from unicost.config import DatasetEntry, Taxonomy
from unicost.journal import Journal
from unicost.models.plan import Asker, batches, gather, survey
from unicost.records import Instance, Kind, Response, Task, arrow_schema
from unicost.store import iterate_records, read_records, write_records

from tests.data.instances import instance, picture

ROOT = Path(__file__).parents[2]
FEW, MANY, CHARACTERS = 4_000, 20_000, 2_000
# Arrow gives memory back to the pool that it came from, at times of its own: a pool that is gone by then is a crash.
POOLS: list[pa.MemoryPool] = []


def download(folder: Path, rows: int) -> None:
    """Pairs of a request and its benign twin, half of them as JSON lines and half as Parquet."""
    made = [
        {
            "id": str(number),
            "text": f"{number} ".ljust(CHARACTERS, "x"),
            "kind": "benign" if number % 2 else "unsafe",
            "twin": None if number % 2 else str(number + 1),
        }
        for number in range(rows)
    ]
    folder.mkdir()
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made[: rows // 2]))
    pq.write_table(pa.Table.from_pylist(made[rows // 2 :]), folder / "b.parquet")


def build(folder: Path) -> int:
    columns = {name: name for name in ("id", "text", "kind", "twin")}
    options = {"columns": columns, "constants": {"category": "Bias"}}
    entry = DatasetEntry(source="hub", taxonomy="test", folder=str(folder / "data"), options=options)
    taxonomy = Taxonomy(title="test", categories={"Bias": ()})
    return build_benchmark(
        part=Part("made", entry, folder / "data"), taxonomy=taxonomy, output=folder / "benchmark.parquet"
    )


def answer(folder: Path) -> int:
    with Journal(folder / "journal.sqlite") as journal:
        asker = Asker("model", "fingerprint", "revision", 0)
        items, _ = survey(folder / "benchmark.parquet", frozenset({Task.TEXT_TO_TEXT}), asker, journal)
    gathered = gather(folder / "benchmark.parquet", batches(items, 16))
    rows = (Response(one.id, "m", "f", 0, text=one.turns[-1].text) for _, some in gathered for one in some)
    return write_records(folder / "responses.parquet", rows, Response)


def peak(work: Callable[[Path], int], folder: Path) -> tuple[int, int]:
    """Rows, and the largest number of bytes that Python and Arrow held at once."""
    usual, arrow = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
    POOLS.append(arrow)
    pa.set_memory_pool(arrow)
    tracemalloc.start()
    try:
        return work(folder), tracemalloc.get_traced_memory()[1] + arrow.max_memory()
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(usual)


def test_memory_grows_by_far_less_than_the_rows(tmp_path: Path) -> None:
    for rows in (FEW, MANY):
        (tmp_path / str(rows)).mkdir()
        download(tmp_path / str(rows) / "data", rows)
    for work in (build, answer):
        (few, before), (many, after) = (peak(work, tmp_path / str(rows)) for rows in (FEW, MANY))
        assert (few, many) == (FEW, MANY)
        assert (after - before) / (MANY - FEW) < CHARACTERS / 2, work.__name__


def test_the_measure_sees_what_is_held_whole(tmp_path: Path) -> None:
    write_records(tmp_path / "x.parquet", (instance(str(k), f"{k}".ljust(CHARACTERS)) for k in range(2_000)), Instance)
    for work in (
        lambda path: len(read_records(path, Instance)),
        lambda path: pq.read_table(path, memory_map=False).num_rows,
    ):
        rows, held = peak(work, tmp_path / "x.parquet")
        assert held > rows * CHARACTERS


def test_a_file_is_the_same_as_if_each_row_were_converted_by_itself(tmp_path: Path) -> None:
    instances = [instance(str(k), task=task) for k, task in enumerate([Task.TEXT_TO_TEXT, Task.IMAGE_TO_TEXT] * 2)]
    responses = [Response("a", "m", "f", 1, image=picture(1)), Response("b", "m", "f", 2, latency_seconds=0.5)]
    for rows, record in ((instances, Instance), (responses, Response), ([], Response)):
        write_records(tmp_path / "rows.parquet", rows, record)
        plain = pa.Table.from_pylist([dataclasses.asdict(row) for row in rows], schema=arrow_schema(record))
        pq.write_table(plain, tmp_path / "plain.parquet", compression="zstd")
        assert (tmp_path / "rows.parquet").read_bytes() == (tmp_path / "plain.parquet").read_bytes()


@pytest.mark.parametrize("kept", [{"1", "2999", "absent"}, set(), {str(number) for number in range(3000)}])
def test_only_the_wanted_rows_are_read(tmp_path: Path, kept: set[str]) -> None:
    instances = [instance(str(k), kind=Kind.BENIGN if k % 2 else Kind.UNSAFE) for k in range(3000)]
    write_records(tmp_path / "x.parquet", instances, Instance)
    read = list(iterate_records(tmp_path / "x.parquet", Instance, ("id", kept)))
    assert read == [one for one in instances if one.id in kept]
    unsafe = list(iterate_records(tmp_path / "x.parquet", Instance, ("kind", {Kind.UNSAFE})))
    assert unsafe == instances[::2]


def test_the_benchmark_of_streaming_runs(tmp_path: Path) -> None:
    script = ROOT / "benchmarks" / "stream_instances.py"
    command = [sys.executable, str(script), "--rows", "300", "--output", str(tmp_path / "result.json")]
    subprocess.run(command, check=True, capture_output=True)
    result = json.loads((tmp_path / "result.json").read_text())
    assert {stage["rows"] for stage in (*result["streamed"].values(), *result["whole_in_memory"].values())} == {300}
