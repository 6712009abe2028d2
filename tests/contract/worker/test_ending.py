"""A worker ends with its adapter, and a killed run goes on as if nothing had happened."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from unicost.config import ModelRun
from unicost.models.respond import respond
from unicost.records import Instance, Response, Task
from unicost.store import read_records, write_records

from tests.data.instances import instance


def test_the_worker_ends_with_its_adapter(unruly: Any) -> None:
    worker = unruly()
    (answer,) = worker.answer([instance("one", "hello")], [1])
    process = int(answer.text.split()[-1])
    os.kill(process, 0)
    worker.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def answered(place: Path, output: str) -> list[Response]:
    requests = [instance(f"item {k}", f"question {k}") for k in range(6)] + [instance("item x", "please raise")]
    write_records(place / "benchmark.parquet", requests, Instance)
    run = ModelRun(
        adapter="worker", weights="folder", checkpoint=str(place), options={"worker": "unruly"}, batch_size=2
    )
    respond(
        model="unruly",
        run=run,
        study_seed=1,
        tasks=list(Task),
        benchmark=place / "benchmark.parquet",
        weights=place / "weights",
        journal=place / "journal.sqlite",
        output=place / output,
    )
    rows = read_records(place / output, Response)
    return [replace(row, latency_seconds=None, text=row.text and row.text.rpartition(" ")[0]) for row in rows]


def test_a_resumed_run_gives_the_same_rows_and_asks_errors_again(place: Path) -> None:
    (place / "weights.json").write_text('{"revision": "1"}')
    whole = answered(place, "whole.parquet")
    assert [row.error_kind for row in whole] == [None] * 6 + ["ValueError"]
    with sqlite3.connect(place / "journal.sqlite") as database:
        database.execute("DELETE FROM items WHERE rowid % 2")
    assert answered(place, "resumed.parquet") == whole


def test_a_killed_run_leaves_no_worker_behind(place: Path, root: Path) -> None:
    """The adapter's process is killed without a word; the worker finds its input closed and ends."""
    code = """
from pathlib import Path
from unicost.models.worker import Worker
from tests.data.instances import instance
worker = Worker(worker="unruly")
worker.load(Path("weights"))
print(worker.answer([instance("one", "hello")], [1])[0].text.split()[-1], flush=True)
input()
"""
    environment = {**os.environ, "PYTHONPATH": f"{root}:{root / 'workflow'}"}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, **pipes) as parent:
        process = int(parent.stdout.readline())
        os.kill(process, 0)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    os.kill(process, signal.SIGKILL)
    pytest.fail("the worker outlives its adapter")
