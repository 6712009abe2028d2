"""An adapter that answers as an API does: out of order, each answer journalled soon after it came."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from unicost.models.plan import Item, windows
from unicost.models.respond import Summary
from unicost.records import Response, Task
from unicost.store import read_records

from tests.data import echo
from tests.data.instances import instance
from tests.unit.responding import benchmark, job, journalled, log, requests


def ask(folder: Path, output: str) -> Summary:
    return echo.ask(folder, output, run=echo.run_of(folder / "checkpoint", adapter="stream"))


def test_everything_is_asked_at_once_and_rows_are_in_order(folder: Path) -> None:
    benchmark(folder, requests(200))
    assert ask(folder, "out.parquet") == Summary(rows=200, journalled=0, asked=200, errors=0)
    assert [row.instance for row in read_records(folder / "out.parquet", Response)] == [one.id for one in requests(200)]
    assert [len(batch) for batch in log(folder, "ask")] == [200]
    assert ask(folder, "again.parquet") == Summary(rows=200, journalled=200, asked=0, errors=0)


def test_an_item_in_error_is_asked_again(folder: Path) -> None:
    benchmark(folder, [*requests(20), instance("bad", "error please")])
    assert ask(folder, "out.parquet") == Summary(rows=21, journalled=0, asked=21, errors=1)
    assert read_records(folder / "out.parquet", Response)[-1].error_kind == "timeout"
    assert ask(folder, "out.parquet") == Summary(rows=21, journalled=20, asked=1, errors=1)


@pytest.mark.parametrize(
    ("word", "error", "message"),
    [
        ("twice", TypeError, "answered instance .* of 21 twice"),
        ("never", TypeError, "left 1 of 21 instances unanswered"),
        ("disk", OSError, "No space"),
        ("value", ValueError, "cannot be answered"),
        ("stop", KeyboardInterrupt, None),
    ],
)
def test_what_is_raised_ends_the_run_and_what_came_before_is_kept(
    folder: Path, word: str, error: type[BaseException], message: str | None
) -> None:
    benchmark(folder, [*requests(20), instance("bad", word)])
    with pytest.raises(error, match=message):
        ask(folder, "out.parquet")
    assert not (folder / "out.parquet").exists()
    assert log(folder, "close") == [True]
    (asked,) = log(folder, "ask")
    came = asked if word == "never" else asked[asked.index("bad") + (word != "twice") :]
    assert journalled(folder) == {name for name in came if (name, word) != ("bad", "never")}


def test_a_kill_loses_next_to_nothing(folder: Path) -> None:
    """The last answer never comes: all others are in the journal all the same, soon after they came."""
    benchmark(folder, [*requests(20), instance("bad", "slow " * 50)])
    process = job(folder, "out.parquet", ECHO_ADAPTER="stream")
    came: set[str] = set()
    until = time.monotonic() + 30
    while not came and time.monotonic() < until:
        time.sleep(0.05)
        came = journalled(folder)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (asked,) = log(folder, "ask")
    assert came == set(asked[asked.index("bad") + 1 :])
    assert came


def test_windows_hold_many_items_and_few_pictures() -> None:
    def batch(size: int, pictures: int) -> list[Item]:
        return [Item("x", Task.DIALOGUE, 0, "x", (pictures, 0)) for _ in range(size)]

    assert [len(window) for window in windows([batch(1000, 0)] * 9)] == [4000, 4000, 1000]
    assert [len(window) for window in windows([batch(500, 1)] * 5)] == [1000, 1000, 500]
    assert [len(window) for window in windows([batch(10, 900)] * 2)] == [10, 10]
    assert windows([]) == []
