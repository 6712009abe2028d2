"""What the tests of the stage that asks models share: a benchmark that the echo answers, its log and its journal."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from unicost.records import Instance, Response
from unicost.store import read_records, write_records

from tests.data import echo
from tests.data.instances import instance

COLUMNS = [field.name for field in fields(Response) if field.name != "latency_seconds"]


def requests(number: int) -> list[Instance]:
    tasks = sorted(echo.Echo.tasks)
    return [instance(f"item-{place}", "word " * (1 + 7 * place % 5), tasks[place % 3]) for place in range(number)]


def benchmark(folder: Path, instances: list[Instance]) -> None:
    write_records(folder / "benchmark.parquet", instances, Instance)


def rows(path: Path) -> list[tuple[Any, ...]]:
    """Every row without its latency."""
    return [tuple(getattr(row, name) for name in COLUMNS) for row in read_records(path, Response)]


def log(folder: Path, kind: str) -> list[Any]:
    path = folder / "log"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [line[kind] for line in lines if kind in line]


def journalled(folder: Path) -> set[str]:
    """The instances that the journal holds."""
    if not (folder / "journal.sqlite").exists():
        return set()
    with sqlite3.connect(folder / "journal.sqlite") as database:
        try:
            values = database.execute("SELECT value FROM items").fetchall()
        except sqlite3.OperationalError:
            return set()
    return {json.loads(value)["instance"] for (value,) in values}


def job(folder: Path, *arguments: str, seconds: float = 0, **variables: str) -> subprocess.Popen[bytes]:
    """``respond`` in a process of its own."""
    command = [sys.executable, "-m", "tests.data.echo", str(folder), *arguments]
    environment = os.environ | {"ECHO_SECONDS": str(seconds)} | variables
    root = Path(__file__).parents[2]
    return subprocess.Popen(command, env=environment, cwd=root, stderr=subprocess.PIPE)
