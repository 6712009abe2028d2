"""What the adapter of workers holds to, with real processes: one of the real Janus architecture, and unruly ones."""

from __future__ import annotations

import io
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as PillowImage
from unicost.config import Decoding, ModelRun
from unicost.models import worker as adapter_module
from unicost.models.respond import respond
from unicost.models.worker import Worker, WorkerLost
from unicost.records import Instance, Response, Task, Turn
from unicost.store import read_records, write_records

from tests.contract.asking import asked
from tests.data.instances import instance, picture
from tests.data.working import add_worker, change_worker, workplace

TINY = (Task.TEXT_TO_TEXT, Task.IMAGE_TO_TEXT, Task.TEXT_TO_IMAGE)


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


def text(answer: Any) -> str:
    assert answer.error_kind is None, answer
    return answer.text.rpartition(" ")[0]


@pytest.mark.parametrize("task", TINY)
def test_a_real_model_answers_by_seed_alone_whatever_its_code_prints(task: Task, tiny: Worker) -> None:
    one = asked(task)[1]
    answer, other, again = tiny.answer([one] * 3, [1, 2, 1])
    assert answer == again
    assert answer != other
    assert answer.error_kind is None
    assert (answer.image_png is None) == (task is not Task.TEXT_TO_IMAGE)
    assert one.turns[0].text in answer.prompt
    assert answer.prompt_tokens > 5
    if task is Task.TEXT_TO_IMAGE:
        assert PillowImage.open(io.BytesIO(answer.image_png)).size == (4, 4)


def test_a_real_model_sees_the_image(tiny: Worker) -> None:
    base = asked(Task.IMAGE_TO_TEXT)[0]
    seen = [replace(base, turns=(replace(base.turns[0], images=(picture(seed),)),)) for seed in (1, 2, 3, 1)]
    texts = [answer.text for answer in tiny.answer(seen, [0] * 4)]
    assert texts[0] == texts[3]
    assert len(set(texts)) > 1


def test_a_dialogue_meets_its_own_answers(tiny: Worker) -> None:
    first, last = Turn("user", "tell me what"), Turn("user", "why")
    alone, both = (
        instance(name, task=Task.DIALOGUE, turns=turns)
        for name, turns in (("alone", (first,)), ("both", (first, last)))
    )
    one, two = tiny.answer([alone, both], [7, 7])
    assert two.prompt == f"<s><|user|> tell me what <|assistant|> {one.text} <|user|> why <|assistant|>"


def test_the_worker_gets_the_request_whole(unruly: Any) -> None:
    worker = unruly(settings={"prefix": "other"}, decoding=Decoding(max_new_tokens=7), system_prompt="be kind")
    shown = instance("shown", task=Task.IMAGE_TO_TEXT, turns=(Turn("user", "look", (picture(1), picture(2))),))
    (answer,) = worker.answer([shown], [3])
    assert answer.prompt == "system:be kind:0|user:look:2"
    assert text(answer).endswith(" other 7")
    assert (answer.finish_reason, answer.prompt_tokens, answer.completion_tokens) == ("stop", 3, 4)


def test_a_seed_reaches_the_worker_in_every_round(unruly: Any) -> None:
    worker = unruly()
    turns = tuple(Turn("user", word) for word in ("one", "two"))
    (rounds,) = worker.answer([instance("talk", task=Task.DIALOGUE, turns=turns)], [5])
    same, other = worker.answer([instance("a", "two"), instance("b", "two")], [5, 6])
    draws = {text(answer).split()[-3] for answer in (rounds, same, other)}
    assert len(draws) == 3


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


def test_a_large_batch_of_large_images_does_not_block(unruly: Any) -> None:
    shown = Turn("user", "look", (picture(1, 400), picture(2, 400)))
    answers = unruly("many").answer(
        [instance(f"i{k}", task=Task.IMAGE_TO_TEXT, turns=(shown,)) for k in range(3)], [1] * 3
    )
    assert all(text(answer) for answer in answers)


def test_answers_may_come_in_any_order(place: Path) -> None:
    add_worker(place, "backwards", BACKWARDS)
    worker = Worker(worker="backwards")
    worker.load(place / "weights")
    answers = worker.answer([instance(word, word) for word in ("one", "two", "three")], range(3))
    worker.close()
    assert [answer.text for answer in answers] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("print('hello')", "wrote 'hello' where an answer was due; nothing else may be written to its channel"),
        ("print('[1]')", r"wrote '\[1\]' where an answer was due"),
        ("print('{}')", "speaks protocol None and not 1"),
        ("""print('{"protocol": 2, "tasks": ["text_to_text"]}')""", "speaks protocol 2 and not 1"),
        ("""print('{"protocol": 1, "tasks": ["dialogue"]}')""", "does not do text_to_text, which config/workers.yaml"),
        ("""print('{"protocol": 1, "task": []}')""", "does not introduce itself well .unknown key 'task'"),
        (
            """print('{"protocol": 1, "tasks": ["text_to_text"], "batch": 0}')""",
            "does not introduce itself well .batch: ",
        ),
        ("raise SystemExit('no GPU here')", "ended with status 1; it last wrote: no GPU here"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by signal 9; it wrote nothing to standard error"),
        ("import time; time.sleep(60)", "gave no answer within 2 seconds"),
    ],
)
def test_a_worker_that_does_not_start_ends_the_run(program: str, message: str, place: Path) -> None:
    add_worker(place, "broken", program, start_seconds=2)
    with pytest.raises(WorkerLost, match=f"^worker 'broken' {message}"):
        Worker(worker="broken").load(place / "weights")


def test_the_helper_refuses_another_protocol(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_module, "PROTOCOL", 2)
    with pytest.raises(WorkerLost, match="this worker speaks protocol 1, and protocol 2 is wanted"):
        Worker(worker="unruly").load(place / "weights")


def test_a_load_that_fails_says_why(unruly: Any) -> None:
    with pytest.raises(WorkerLost, match="ended with status 1; it last wrote: loading weights\nno such checkpoint"):
        unruly(settings={"start": "die"})


def test_an_unknown_setting_is_refused(unruly: Any) -> None:
    with pytest.raises(WorkerLost, match="unknown setting 'prefx'; known: prefix, start"):
        unruly(settings={"prefx": "other"})


def test_a_missing_program_or_environment_is_named(place: Path) -> None:
    change_worker(place, "unruly", script="gone.py")
    with pytest.raises(WorkerLost, match=r"gone\.py is not there"):
        Worker(worker="unruly").load(place / "weights")
    change_worker(place, "many", requirements="many.txt")
    with pytest.raises(WorkerLost, match=r"results/vendor/many/env/bin/python is not there"):
        Worker(worker="many").load(place / "weights")
    with pytest.raises(ValueError, match="no worker 'mony': did you mean 'many'"):
        Worker(worker="mony").load(place / "weights")


def test_keys_of_services_do_not_reach_the_worker(unruly: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "secret")
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("SOMETHING_ELSE", "kept")
    (answer,) = unruly().answer([instance("one", "environment")], [1])
    names = answer.text.split()
    assert "SOMETHING_ELSE" in names
    assert not {"SOME_API_KEY", "HF_TOKEN"} & set(names)


def test_what_a_worker_cannot_take_is_known_without_starting_it(place: Path) -> None:
    worker = Worker(worker="tiny")
    assert worker.unsupported(instance("one", "why")) is None
    assert worker.unsupported(instance("one", task=Task.IMAGE_TO_IMAGE)) == "worker 'tiny' does not do image_to_image"
    two = instance("two", task=Task.IMAGE_TO_TEXT, turns=(Turn("user", "why", (picture(1), picture(2))),))
    assert worker.unsupported(two) == "a turn of it has 2 images and worker 'tiny' takes 1"


def test_the_fingerprint_follows_what_answers_depend_on(place: Path) -> None:
    def now() -> str:
        run = ModelRun(adapter="worker", weights="folder", checkpoint="x", options={"worker": "many"})
        return run.fingerprint()

    first = now()
    change_worker(place, "many", answer_seconds=7)
    assert now() == first
    change_worker(place, "many", repository="https://example.org/x", commit="0" * 40, licence="MIT")
    second = now()
    (place / "many.py").write_text("print()")
    assert len({first, second, now()}) == 3


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


BACKWARDS = """
import json, sys
print('{"protocol": 1, "tasks": ["text_to_text"], "batch": 3}', flush=True)
sys.stdin.readline()
lines = []
for line in sys.stdin:
    if line.strip():
        lines.append(json.loads(line))
    elif lines:
        for request in reversed(lines):
            print(json.dumps({"id": request["id"], "text": request["turns"][-1]["text"]}), flush=True)
        lines = []
"""
