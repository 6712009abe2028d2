"""The stage that asks a model: what a kill, a full disk, a failing item and a changed benchmark leave behind."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import signal
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from unicost.models.plan import InvalidInstance
from unicost.models.respond import Summary
from unicost.records import Image, Instance, Response, Task, Turn
from unicost.store import read_records

from tests.data import echo
from tests.data.instances import instance, picture
from tests.unit.responding import benchmark, job, journalled, log, requests, rows


def test_rows_are_whole_in_order_and_of_supported_tasks_alone(folder: Path) -> None:
    assert echo.ask(folder, "out.parquet") == Summary(rows=40, journalled=0, asked=40, errors=0)
    written = read_records(folder / "out.parquet", Response)
    assert [row.instance for row in written] == [request.id for request in requests(40)]
    for row, request in zip(written, requests(40), strict=True):
        digest = hashlib.sha256(f"7\x1f{request.id}\x1fecho".encode()).hexdigest()
        assert row.seed == int(digest[:8], 16) >> 1
        assert (row.image is None) == (request.task is not Task.TEXT_TO_IMAGE)
        assert row.fingerprint == echo.run_of(folder / "checkpoint").fingerprint()
        assert row.latency_seconds is not None
        assert row.error_kind is None


def test_only_asked_tasks_are_answered(folder: Path) -> None:
    assert echo.ask(folder, "out.parquet", tasks=["text_to_text", "dialogue"]).rows == 13
    assert echo.ask(folder, "none.parquet", tasks=["dialogue"]).rows == 0
    assert read_records(folder / "none.parquet", Response) == []


def test_batches_have_one_task_and_like_lengths(folder: Path) -> None:
    echo.ask(folder, "out.parquet")
    lengths = {request.id: (request.task, len(request.turns[0].text)) for request in requests(40)}
    for batch in log(folder, "ask"):
        assert len({lengths[name][0] for name in batch}) == 1
        assert [lengths[name][1] for name in batch] == sorted((lengths[name][1] for name in batch), reverse=True)


def test_a_finished_run_needs_no_weights(folder: Path) -> None:
    echo.ask(folder, "first.parquet")
    shutil.rmtree(folder / "weights")
    assert echo.ask(folder, "again.parquet") == Summary(rows=40, journalled=40, asked=0, errors=0)
    assert (folder / "again.parquet").read_bytes() == (folder / "first.parquet").read_bytes()
    assert len(log(folder, "load")) == 1


def test_a_killed_run_resumes_to_the_same_rows(folder: Path) -> None:
    """Killed at random moments again and again: nothing in the journal is asked twice, nothing is lost or doubled."""
    benchmark(folder, requests(400))
    echo.ask(folder, "whole.parquet")
    (folder / "journal.sqlite").unlink()
    (folder / "log").unlink()
    chance = random.Random(time.time_ns())
    asked_before, kills = 0, 0
    while kills < 5:
        held = journalled(folder)
        process = job(folder, "out.parquet", seconds=0.03)
        while process.poll() is None and len(log(folder, "ask")) == asked_before:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.25))
        finished = process.poll() is not None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not {name for batch in log(folder, "ask")[asked_before:] for name in batch} & held
        assert held <= journalled(folder)
        asked_before, kills = len(log(folder, "ask")), kills + 1
        if finished:
            break
    assert not (folder / "out.parquet").exists() or finished
    held = journalled(folder)
    summary = echo.ask(folder, "out.parquet")
    assert (summary.rows, summary.journalled, summary.errors) == (400, len(held), 0)
    assert rows(folder / "out.parquet") == rows(folder / "whole.parquet")
    assert len(journalled(folder)) == 400
    assert kills > 1


def test_a_missing_batch_is_asked_again_in_its_old_company(folder: Path) -> None:
    echo.ask(folder, "whole.parquet")
    batches = log(folder, "ask")
    lost = [batches[1], batches[3]]
    with sqlite3.connect(folder / "journal.sqlite") as database:
        for key, value in database.execute("SELECT key, value FROM items").fetchall():
            if json.loads(value)["instance"] in lost[0] + lost[1]:
                database.execute("DELETE FROM items WHERE key = ?", (key,))
    echo.ask(folder, "out.parquet")
    assert sorted(log(folder, "ask")[len(batches) :]) == sorted(lost)
    assert rows(folder / "out.parquet") == rows(folder / "whole.parquet")


def test_a_longer_benchmark_asks_its_new_items_alone(folder: Path) -> None:
    echo.ask(folder, "first.parquet")
    before = len(log(folder, "ask"))
    benchmark(folder, requests(43))
    assert echo.ask(folder, "out.parquet").asked == 3
    assert {name for batch in log(folder, "ask")[before:] for name in batch} == {"item-40", "item-41", "item-42"}
    assert rows(folder / "out.parquet")[:40] == rows(folder / "first.parquet")


@pytest.mark.parametrize("change", ["content", "decoding", "seed", "weights"])
def test_what_an_answer_depends_on_is_asked_anew(folder: Path, change: str) -> None:
    echo.ask(folder, "first.parquet")
    options: dict[str, Any] = {}
    if change == "content":
        benchmark(folder, [replace(one, turns=(replace(one.turns[0], text="other"),)) for one in requests(40)])
    elif change == "decoding":
        options["run"] = echo.run_of(folder / "checkpoint", decoding={"max_new_tokens": 3})
    elif change == "seed":
        options["study_seed"] = 8
    else:
        (folder / "checkpoint" / "model.safetensors").write_bytes(b"retrained")
        echo.fetch(echo.run_of(folder / "checkpoint"), folder / "weights")
    assert echo.ask(folder, "out.parquet", **options).asked == 40


def test_shards_share_the_items_and_the_journal(folder: Path) -> None:
    echo.ask(folder, "whole.parquet")
    batches = sorted(log(folder, "ask"))
    (folder / "journal.sqlite").unlink()
    (folder / "log").unlink()
    for shard in range(3):
        echo.ask(folder, f"{shard}.parquet", shard=shard, shards=3)
    assert sorted(log(folder, "ask")) == batches
    parts = [row for shard in range(3) for row in rows(folder / f"{shard}.parquet")]
    assert sorted(parts, key=str) == sorted(rows(folder / "whole.parquet"), key=str)
    assert echo.ask(folder, "again.parquet", shards=1).asked == 0


@pytest.mark.parametrize(("word", "kind"), [("value", "ValueError"), ("memory", "RuntimeError")])
def test_a_failing_item_is_an_error_row_and_asked_again(
    folder: Path, word: str, kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    requests_ = [*requests(40), instance("bad", f"{word} please")]
    benchmark(folder, requests_)
    assert echo.ask(folder, "out.parquet") == Summary(rows=41, journalled=0, asked=41, errors=1)
    warning = caplog.records[-1].getMessage()  # before it stands that the batch failed, and the item alone
    assert f"1 of 41 answers are errors, the first: {kind}: " in warning
    assert warning.endswith(f"--forcerun {folder / 'out.parquet'}")
    *good, bad = read_records(folder / "out.parquet", Response)
    assert (bad.instance, bad.error_kind, bad.text, bad.image) == ("bad", kind, None, None)
    assert bad.error_message
    assert all(row.error_kind is None and (row.text or row.image) for row in good)
    assert "bad" not in journalled(folder)
    assert echo.ask(folder, "out.parquet") == Summary(rows=41, journalled=40, asked=1, errors=1)
    monkeypatch.setenv("ECHO_MENDED", "1")
    assert echo.ask(folder, "out.parquet") == Summary(rows=41, journalled=40, asked=1, errors=0)


@pytest.mark.parametrize(
    ("word", "error"),
    [("defect", TypeError), ("unfinished", NotImplementedError), ("disk", OSError), ("stop", KeyboardInterrupt)],
)
def test_what_is_no_failure_of_an_item_ends_the_run(folder: Path, word: str, error: type[BaseException]) -> None:
    benchmark(folder, [*requests(40), instance("bad", word)])
    with pytest.raises(error):
        echo.ask(folder, "out.parquet")
    assert not (folder / "out.parquet").exists()
    assert log(folder, "close") == [True]
    asked = log(folder, "ask")
    assert "bad" in asked[-1]
    assert journalled(folder) == {name for batch in asked[:-1] for name in batch}


def broken(request: Instance, **changes: Any) -> Instance:
    return replace(request, turns=(replace(request.turns[0], **changes),))


SEEN, TEXT = instance("seen", task=Task.IMAGE_TO_TEXT), instance("text")
WHOLE = picture(1).bytes


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (broken(SEEN, images=(Image(WHOLE[:40], "a.png"),)), r"'seen': its image 'a.png' does not decode"),
        (broken(SEEN, images=(picture(1), Image(b"no image", "b.png"))), r"'seen': its image 'b.png' does not decode"),
        (broken(SEEN, images=()), r"'seen': task 'image_to_text' needs an image and it has none"),
        (broken(TEXT, images=(picture(1),)), r"'text': task 'text_to_text' has no image input and it has 1"),
        (replace(TEXT, turns=(Turn("assistant", "hello"),)), r"'text': its last turn is not the user's"),
        (replace(TEXT, id="item-0"), r"'item-0': its id is used twice"),
    ],
)
def test_an_instance_that_cannot_be_asked_is_refused_before_loading(folder: Path, bad: Instance, message: str) -> None:
    benchmark(folder, [*requests(40), bad])
    with pytest.raises(InvalidInstance, match=message) as raised:
        echo.ask(folder, "out.parquet")
    assert "\n" not in str(raised.value)
    assert str(folder / "benchmark.parquet") in str(raised.value)
    assert not log(folder, "load")
    assert not (folder / "out.parquet").exists()


@pytest.mark.parametrize("finished", [True, False], ids=["writing the rows", "writing the journal"])
def test_a_full_disk_leaves_nothing_half_written(folder: Path, finished: bool) -> None:
    if finished:
        echo.ask(folder, "whole.parquet")
    process = job(folder, "out.parquet", "4000" if finished else "20000")
    _, errors = process.communicate()
    assert process.returncode != 0
    assert b"File too large" in errors if finished else b"sqlite3" in errors
    assert not list(folder.glob("*out.parquet*")) + list(folder.glob(".*partial"))
    assert echo.ask(folder, "out.parquet").errors == 0
    assert len(rows(folder / "out.parquet")) == 40


def test_what_the_adapter_cannot_take_is_not_asked_and_has_its_reason(folder: Path) -> None:
    benchmark(folder, [*requests(5), instance("odd", "unknown word"), *[instance("last", "word")]])
    assert echo.ask(folder, "out.parquet") == Summary(rows=7, journalled=0, asked=6, errors=1)
    (odd,) = [row for row in read_records(folder / "out.parquet", Response) if row.instance == "odd"]
    assert (odd.error_kind, odd.error_message) == ("unsupported", "the echo knows no such word")
    assert "odd" not in {name for batch in log(folder, "ask") for name in batch}


def test_what_is_not_asked_is_in_one_shard(folder: Path) -> None:
    benchmark(folder, [*requests(20), instance("odd", "unknown word")])
    names = []
    for shard in range(3):
        echo.ask(folder, f"{shard}.parquet", shard=shard, shards=3)
        names += [row.instance for row in read_records(folder / f"{shard}.parquet", Response)]
    assert sorted(names) == sorted(["odd", *(one.id for one in requests(20))])
