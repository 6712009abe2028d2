"""Workers that run: one of the real Janus architecture, and unruly ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from unicost.config import Decoding
from unicost.models.worker import Worker

from tests.data.working import workplace


@pytest.fixture
def place(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a test works in."""
    folder = workplace(root, tmp_path / "place")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def unruly(place: Path) -> Iterator[Any]:
    """``unruly(settings=..., worker=...)``: a running worker that does what the last word of a request says."""
    running: list[Worker] = []

    def start(worker: str = "unruly", **options: Any) -> Worker:
        running.append(Worker(worker=worker, **options))
        running[-1].load(place / "weights")
        return running[-1]

    yield start
    for one in running:
        one.close()


@pytest.fixture(scope="module")
def tiny(root: Path, checkpoints: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A running worker of the real architecture, which samples."""
    home, folder = Path.cwd(), workplace(root, tmp_path_factory.mktemp("tiny") / "place")
    os.chdir(folder)
    worker = Worker(worker="tiny", decoding=Decoding(max_new_tokens=8, do_sample=True))
    worker.load(checkpoints["janus"])
    os.chdir(home)
    yield worker
    worker.close()
