"""How a worker is started, and what is known and refused before it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unicost.config import ModelRun
from unicost.models import worker as adapter_module
from unicost.models.worker import Worker, WorkerLost
from unicost.records import Task, Turn

from tests.data.instances import instance, picture
from tests.data.working import add_worker, change_worker


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
