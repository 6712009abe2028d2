"""What is done beside a model: in order, at the same time, and with no exception lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from unicost.models import images
from unicost.models.overlap import Writer, ahead
from unicost.records import Image

from tests.data.instances import picture

PATIENCE = 20.0


def test_the_next_element_is_made_while_one_is_in_use() -> None:
    made = [threading.Event() for _ in range(5)]

    def source() -> Iterator[int]:
        for number in range(5):
            made[number].set()
            yield number

    for number in (used := ahead(source())):
        assert number == 4 or made[number + 1].wait(PATIENCE)
        assert number >= 3 or not made[number + 2].is_set()
    assert list(used) == []


def test_an_exception_of_the_source_comes_in_its_place() -> None:
    def source() -> Iterator[int]:
        yield from (0, 1)
        raise OSError("no more")

    seen = []
    with pytest.raises(OSError, match="no more"):
        for number in ahead(source()):
            seen.append(number)
    assert seen == [0, 1]


def test_who_stops_early_closes_the_thread() -> None:
    before = threading.active_count()
    used = ahead(range(1000))
    assert next(used) == 0
    used.close()
    assert threading.active_count() == before


def test_one_group_is_written_while_the_next_is_made_and_no_more() -> None:
    written: list[list[int]] = []
    writing, go_on = threading.Event(), threading.Event()

    def write(group: list[int]) -> None:
        writing.set()
        assert go_on.wait(PATIENCE)
        written.append(group)

    with Writer(write) as writer:
        writer.put([0, 1])
        assert writing.wait(PATIENCE)
        third = threading.Thread(target=writer.put, args=([2],))
        third.start()
        third.join(0.1)
        assert third.is_alive()
        assert written == []
        go_on.set()
        third.join(PATIENCE)
        assert written[0] == [0, 1]
    assert written == [[0, 1], [2]]


def test_what_comes_soon_after_is_written_with_it_and_waits_for_nothing_more() -> None:
    written: list[list[int]] = []
    done = threading.Event()

    def write(group: list[int]) -> None:
        written.append(group)
        if sum(map(len, written)) == 12:
            done.set()

    with Writer(write, waiting=100, at_once=5, patience=0.3) as writer:
        for number in range(12):
            writer.put([number])
        assert done.wait(PATIENCE)
    assert [len(group) for group in written] == [5, 5, 2]
    assert [number for group in written for number in group] == list(range(12))


def test_what_writing_raises_is_raised_where_is_put() -> None:
    def write(group: list[int]) -> None:
        raise OSError(f"no room for {group}")

    with pytest.raises(OSError, match="no room for"), Writer(write) as writer:
        for number in range(100):
            writer.put([number])
    with pytest.raises(OSError, match="no room for"), Writer(write, waiting=9) as writer:
        writer.put([0])


def test_what_was_put_before_an_exception_is_written() -> None:
    written: list[int] = []

    def write(group: list[int]) -> None:
        time.sleep(0.05)
        written.extend(group)

    with pytest.raises(KeyboardInterrupt), Writer(write, waiting=9) as writer:
        for number in range(4):
            writer.put([number])
        raise KeyboardInterrupt
    assert written == [0, 1, 2, 3]


def test_a_decoded_image_is_used_once_and_goes_with_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, broken = picture(1), picture(2), Image(b"no image")
    expected = images.decode(one).tobytes()
    images.decode_ahead([one, broken, two])
    monkeypatch.setattr(images, "_decode", lambda image: pytest.fail("decoded again"))
    assert images.decode(one).tobytes() == expected
    monkeypatch.undo()
    assert images.decode(one).tobytes() == expected
    with pytest.raises(ValueError, match="not a whole image"):
        images.decode(broken)
    held = len(images._DECODED)
    del two
    assert len(images._DECODED) == held - 1


def test_few_pixels_are_decoded_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [picture(seed) for seed in range(5)]
    monkeypatch.setattr(images, "_PIXELS_AHEAD", 3 * 64)
    before = len(images._DECODED)
    images.decode_ahead(some)
    assert len(images._DECODED) - before == 3
