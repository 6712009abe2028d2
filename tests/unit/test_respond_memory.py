"""A batch that memory does not hold: smaller ones are asked, remembered, and the answers are the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from unicost.models.batch_sizes import BatchSizes
from unicost.models.respond import Summary
from unicost.records import Response, Task
from unicost.store import read_records

from tests.data import echo
from tests.data.instances import instance
from tests.unit.responding import benchmark, log, requests, rows


def sizes(folder: Path, start: int = 0) -> dict[str, list[int]]:
    """How many instances were asked at once, call by call, by task."""
    tasks = {request.id: request.task.value for request in requests(400)}
    found: dict[str, list[int]] = {}
    for batch in log(folder, "ask")[start:]:
        found.setdefault(tasks[batch[0]], []).append(len(batch))
    return found


@pytest.mark.parametrize("memory", ["cuda", "cpu", "python"])
def test_too_large_a_batch_is_halved_and_the_size_remembered(
    folder: Path, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark(folder, requests(48))
    echo.ask(folder, "whole.parquet")
    (folder / "journal.sqlite").unlink()
    monkeypatch.setenv("ECHO_HOLDS", "5")
    monkeypatch.setenv("ECHO_MEMORY", memory)
    before = len(log(folder, "ask"))
    assert echo.ask(folder, "out.parquet") == Summary(rows=48, journalled=0, asked=48, errors=0)
    assert rows(folder / "out.parquet") == rows(folder / "whole.parquet")
    asked = sizes(folder, before)
    assert asked["image_to_text"] == asked["text_to_text"] == [8, 4, 4, 4, 4]
    assert asked["text_to_image"] == [8, 4, *[2] * 8]

    (folder / "journal.sqlite").unlink()
    before = len(log(folder, "ask"))
    echo.ask(folder, "again.parquet")
    assert sizes(folder, before)["text_to_image"] == [2] * 8
    assert rows(folder / "again.parquet") == rows(folder / "whole.parquet")


def test_an_instance_that_never_fits_is_an_error_and_makes_no_batch_smaller(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark(folder, [*requests(48), instance("bad", "memory " * 20)])
    assert echo.ask(folder, "out.parquet") == Summary(rows=49, journalled=0, asked=49, errors=1)
    (bad,) = [row for row in read_records(folder / "out.parquet", Response) if row.error_kind]
    assert (bad.instance, bad.error_kind, bad.error_message) == ("bad", "RuntimeError", "out of memory")
    batches = log(folder, "ask")
    assert [len(batch) for batch in batches if batch[0] == "bad"] == [8, 4, 2, 1]
    alone = batches.index(["bad"])
    assert len(batches[alone + 1]) == 7
    assert not list(folder.glob("*.batches.json"))


def test_what_another_model_learnt_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "model.batches.json"
    learnt = BatchSizes(64, path, "one")
    learnt.learn(Task.DIALOGUE, 16)
    learnt.learn(Task.TEXT_TO_IMAGE, 1)
    assert BatchSizes(64, path, "one").of(Task.DIALOGUE) == 16
    assert BatchSizes(8, path, "one").of(Task.DIALOGUE) == 8
    assert BatchSizes(64, path, "one").of(Task.TEXT_TO_TEXT) == 64
    assert BatchSizes(64, path, "other").of(Task.DIALOGUE) == 64
    BatchSizes(64, path, "other").learn(Task.DIALOGUE, 2)
    assert BatchSizes(64, path, "one").of(Task.TEXT_TO_IMAGE) == 1


@pytest.mark.parametrize("content", ["", "[]", "{", '{"one on cpu": {"dialogue": "many"}}', '{"one on cpu": 3}'])
def test_a_damaged_memory_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "model.batches.json"
    path.write_text(content)
    sizes = BatchSizes(64, path, "one")
    assert sizes.of(Task.DIALOGUE) == 64
    sizes.learn(Task.DIALOGUE, 4)
    assert BatchSizes(64, path, "one").of(Task.DIALOGUE) == 4
