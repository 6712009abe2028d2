"""A worker that fails, dies or hangs costs one item, and the run where it does so again and again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from unicost.models.worker import WorkerLost
from unicost.records import Task, Turn

from tests.contract.worker.reading import text
from tests.data.instances import instance
from tests.data.working import change_worker


@pytest.mark.parametrize(
    ("word", "kind", "message"),
    [
        ("raise", "ValueError", "^the prompt is too long$"),
        ("die", "WorkerDied", r"worker 'unruly' ended with status 3; it last wrote: .*a last word$"),
        ("cuda", "WorkerDied", r"ended with status 1; .*CUDA error: device-side assert"),
        ("garbage", "BrokenProtocol", "gave an answer that cannot be read .not a whole image"),
        ("silence", "BrokenProtocol", "it holds neither text nor image nor error"),
        ("number", "BrokenProtocol", "gave an answer that cannot be read .text: Input should be a valid string"),
    ],
)
def test_a_failure_is_an_error_of_its_item_alone(word: str, kind: str, message: str, unruly: Any) -> None:
    worker = unruly()
    before, failed, after = worker.answer([instance(w, w) for w in ("hello", word, "again")], [1, 2, 3])
    assert failed.error_kind == kind
    assert re.search(message, failed.error_message, re.DOTALL), failed.error_message
    assert (failed.text, failed.image_png, failed.provider_refusal) == (None, None, None)
    assert text(before).startswith("user:hello:0")
    assert text(after).startswith("user:again:0")


def test_a_worker_that_died_is_started_anew_and_answers_as_before(unruly: Any) -> None:
    worker = unruly()
    before, _, after = worker.answer([instance(w, w) for w in ("hello", "die", "hello ")], [1, 2, 1])
    assert text(before).split()[-3] == text(after).split()[-3]
    assert before.text.split()[-1] != after.text.split()[-1], "the same process"


def test_a_worker_that_hangs_is_ended(unruly: Any, place: Path) -> None:
    change_worker(place, "unruly", answer_seconds=1)
    failed, after = unruly().answer([instance(w, w) for w in ("hang", "again")], [1, 2])
    assert failed.error_kind == "WorkerTimeout"
    assert "gave no answer within 1 seconds; it last wrote: " in failed.error_message
    assert text(after)


def test_an_error_ends_a_dialogue(unruly: Any) -> None:
    turns = tuple(Turn("user", word) for word in ("raise", "hello"))
    talk = instance("talk", task=Task.DIALOGUE, turns=turns)
    failed, other = unruly().answer([talk, instance("other", "hello", Task.DIALOGUE)], [1, 2])
    assert failed.error_kind == "ValueError"
    assert text(other)


def test_a_worker_that_never_answers_ends_the_run(unruly: Any) -> None:
    with pytest.raises(WorkerLost, match="failed 10 times in a row, and at last: worker 'unruly' ended with status 3"):
        unruly().answer([instance(f"item {k}", "die") for k in range(12)], range(12))


def test_a_batch_goes_out_at_once_and_is_split_where_the_worker_dies(unruly: Any) -> None:
    worker = unruly("many")
    answers = worker.answer([instance(f"item {k}", "hello") for k in range(4)], range(4))
    assert [answer.text.split()[0] for answer in answers] == ["3", "3", "3", "1"]
    answers = worker.answer([instance(word, word) for word in ("hello", "die", "again")], range(3))
    assert [answer.error_kind for answer in answers] == [None, "WorkerDied", None]
    assert [answer.text.split()[0] for answer in (answers[0], answers[2])] == ["1", "1"]
