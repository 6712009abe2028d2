"""The journal keeps what was committed, and refuses a file that is none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from unicost.journal import DamagedJournal, Journal, item_key


def test_batches_are_kept(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.add({"a": b"1", "b": b"2"})
    with Journal(tmp_path / "j.sqlite") as journal:
        assert journal.known(["a", "c"]) == {"a": b"1"}


def test_keys_depend_on_every_part_and_their_borders() -> None:
    assert item_key("a", "bc") != item_key("ab", "c")
    assert item_key("a", "b") == item_key("a", "b")


def test_a_killed_writer_leaves_whole_batches(tmp_path: Path) -> None:
    code = f"""
from unicost.journal import Journal
with Journal({str(tmp_path / "j.sqlite")!r}) as journal:
    for batch in range(100_000):
        journal.add({{f"{{batch}}-{{item}}": bytes(200) for item in range(10)}})
"""
    process = subprocess.Popen([sys.executable, "-c", code])
    while not (tmp_path / "j.sqlite").exists() or (tmp_path / "j.sqlite").stat().st_size < 100_000:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with Journal(tmp_path / "j.sqlite") as journal:
        items = journal.known(f"{batch}-{item}" for batch in range(5000) for item in range(10))
    assert items
    assert len(items) % 10 == 0


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    path.write_text("not a database, but long enough to be taken for one" * 10)
    with pytest.raises(DamagedJournal, match=r"j\.sqlite: not a journal"):
        Journal(path)
