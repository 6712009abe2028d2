"""Models that a worker drives: a program in an environment of its own, in front of code that no library has."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar, Final

from pydantic import Base64Bytes, Field, ValidationError

from unicost.config import Decoding, Strict, WorkerEntry, load_workers
from unicost.config.workers import HELPER
from unicost.interfaces import Answer
from unicost.models import images
from unicost.models.conversation import converse, opening
from unicost.models.vendor import code_folder, interpreter
from unicost.models.worker_process import WorkerFailed, WorkerProcess
from unicost.records import Image, Instance, Task, Turn
from unicost.registry import did_you_mean

PROTOCOL: Final = 1
"""Version of the protocol in ``docs/workers.md``; a worker speaks the same or is not used."""

_FAILURES_IN_A_ROW: Final = 10
_SECRETS: Final = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")


class WorkerLost(OSError):
    """A worker that does not start, or fails again and again: nothing more can be asked in this run."""


class _Hello(Strict):
    """How a worker introduces itself."""

    protocol: int
    tasks: tuple[str, ...]
    images: int = 0
    batch: int = Field(1, ge=1)


class _Failure(Strict):
    """Why a worker has no answer."""

    kind: str
    message: str


class _Reply(Strict):
    """A worker's answer to one instance."""

    id: str
    text: str | None = None
    image: Base64Bytes | None = None
    finish_reason: str | None = None
    prompt: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    error: _Failure | None = None


class Worker:
    """Adapter of a worker: ``config/workers.yaml`` says how it is run, ``docs/workers.md`` how it is spoken to.

    A worker that dies, hangs or writes nonsense is an error of the item that it was asked, and is started anew for the
    next one. After ten such failures in a row, or where it does not start, the run ends with ``WorkerLost``.
    """

    version: ClassVar[int] = 1
    tasks: ClassVar[frozenset[Task]] = frozenset(Task)

    def __init__(
        self,
        *,
        worker: str,
        settings: dict[str, Any] | None = None,
        dtype: str = "float32",
        decoding: Decoding | None = None,
        image_decoding: Decoding | None = None,
        system_prompt: str | None = None,
        device: str = "cpu",
    ) -> None:
        """``worker`` is a name in ``config/workers.yaml``; ``settings`` are the worker's own, see its file.

        ``image_decoding`` is for tasks that end with an image, as ``decoding`` by default.
        """
        self._worker, self._settings = worker, settings or {}
        self._dtype, self._device = dtype, device
        self._decoding = decoding or Decoding()
        self._image_decoding = image_decoding or self._decoding
        self._system_prompt = system_prompt
        self._weights: Path | None = None
        self._process: WorkerProcess | None = None
        self._batch = 1
        self._failures = 0

    @staticmethod
    def revision(*, worker: str, **_: Any) -> str:
        """12 hexadecimal digits over the worker's program, packages and vendor code; part of the fingerprint."""
        return _entry(worker).fingerprint()

    def unsupported(self, instance: Instance) -> str | None:
        """Why the worker cannot be asked the instance: its task, or more images in a turn than it takes."""
        if instance.task not in self._entry.tasks:
            return f"worker '{self._worker}' does not do {instance.task.value}"
        most = max((len(turn.images) for turn in instance.turns), default=0)
        if most > self._entry.images:
            return f"a turn of it has {most} images and worker '{self._worker}' takes {self._entry.images}"
        return None

    def load(self, weights: Path) -> None:
        """Start the worker on the folder ``weights``; raises ``WorkerLost``."""
        self._weights = weights.absolute()
        self._started()

    def answer(self, instances: Sequence[Instance], seeds: Sequence[int]) -> list[Answer]:
        """Answer a batch: text as ``conversation`` describes it, an image from all turns at once."""
        answers = [Answer()] * len(instances)
        for task in dict.fromkeys(instance.task for instance in instances):
            places = [k for k, instance in enumerate(instances) if instance.task is task]
            some, draws = [instances[k] for k in places], [seeds[k] for k in places]
            if task.draws:
                replies = self._ask(task, [[*opening(self._system_prompt), *one.turns] for one in some], draws)
            else:
                replies = converse(some, draws, self._system_prompt, partial(self._ask, task))
            for k, reply in zip(places, replies, strict=True):
                answers[k] = reply
        return answers

    def close(self) -> None:
        """End the worker."""
        if self._process is not None:
            self._process.close()
        self._process = None

    @cached_property
    def _entry(self) -> WorkerEntry:
        return _entry(self._worker)

    def _ask(self, task: Task, histories: list[list[Turn]], seeds: list[int]) -> list[Answer]:
        """As many histories at a time as the worker takes."""
        answers: list[Answer] = []
        while len(answers) < len(histories):
            self._started()
            some = slice(len(answers), len(answers) + self._batch)
            answers += self._some(task, histories[some], seeds[some])
        return answers

    def _some(self, task: Task, histories: list[list[Turn]], seeds: list[int]) -> list[Answer]:
        """A batch on which the worker fails is asked one by one, and an item on which it fails alone is an error."""
        try:
            answers = self._exchange(task, histories, seeds)
        except WorkerFailed as error:
            self._process = None
            self._failures += 1
            if self._failures >= _FAILURES_IN_A_ROW:
                raise WorkerLost(f"it failed {self._failures} times in a row, and at last: {error}") from error
            if len(histories) > 1:
                apart = zip(histories, seeds, strict=True)
                return [answer for history, seed in apart for answer in self._some(task, [history], [seed])]
            return [Answer(error_kind=type(error).__name__, error_message=str(error))]
        self._failures = 0
        return answers

    def _exchange(self, task: Task, histories: list[list[Turn]], seeds: list[int]) -> list[Answer]:
        process = self._started()
        decoding = self._image_decoding if task.draws else self._decoding
        shared = {"task": task.value, "decoding": decoding.model_dump(), "settings": self._settings}
        requests: list[dict[str, Any]] = [
            {"id": str(k), **shared, "seed": seed, "turns": [_turn(turn) for turn in history]}
            for k, (history, seed) in enumerate(zip(histories, seeds, strict=True))
        ]
        given = process.exchange(requests, self._entry.answer_seconds * len(requests))
        try:
            replies = {reply.id: _answer(reply) for reply in map(_Reply.model_validate, given)}
        except ValidationError as error:
            raise process.fail(f"gave an answer that cannot be read ({_first(error)})") from None
        except ValueError as error:
            raise process.fail(f"gave an answer that cannot be read ({error})") from None
        if replies.keys() != {request["id"] for request in requests}:
            raise process.fail("did not answer each request once, by its id")
        return [replies[request["id"]] for request in requests]

    def _started(self) -> WorkerProcess:
        """The running worker, started if need be; raises ``WorkerLost`` where it does not come up."""
        if self._process is None:
            process = _process(self._worker, self._entry)
            start = {
                "protocol": PROTOCOL,
                "weights": str(self._weights),
                "device": self._device,
                "dtype": self._dtype,
                "settings": self._settings,
            }
            try:
                (hello,) = process.exchange([start], self._entry.start_seconds)
                self._batch = _greeted(process, hello, self._entry)
            except WorkerFailed as error:
                raise WorkerLost(str(error)) from None
            self._process = process
        return self._process


def _entry(worker: str) -> WorkerEntry:
    known = load_workers()
    if worker not in known:
        raise ValueError(f"config/workers.yaml: no worker '{worker}': {did_you_mean(worker, list(known))}")
    return known[worker]


def _process(worker: str, entry: WorkerEntry) -> WorkerProcess:
    """Start the program of a worker; raises ``WorkerLost`` where its code or environment is not there.

    It runs in the folder of the vendor's code, with that folder before the helper's on the path. Everything that it
    loads lies in the folder of weights, so the hub is out of reach; keys of other services are none of its business.
    """
    script, python = Path(entry.script).absolute(), interpreter(worker, entry)
    folder = None if entry.repository is None else (code_folder(worker) / entry.path).absolute()
    for path in (script, python, folder):
        if path is not None and not path.exists():
            raise WorkerLost(f"worker '{worker}': {path} is not there; workers.smk has the rule that makes it")
    helper = HELPER.parent.absolute()
    kept = {key: value for key, value in os.environ.items() if not key.endswith(_SECRETS)}
    environment = kept | {
        "PYTHONPATH": os.pathsep.join(str(path) for path in (folder, helper) if path is not None),
        "PYTHONSAFEPATH": "1",
        "PYTHONNOUSERSITE": "1",
        "HF_HUB_OFFLINE": "1",
    }
    return WorkerProcess(worker, [str(python), str(script)], folder, environment)


def _greeted(process: WorkerProcess, said: dict[str, Any], entry: WorkerEntry) -> int:
    """Check how the worker introduces itself; the most instances that it takes at once. Raises ``WorkerFailed``."""
    if said.get("protocol") != PROTOCOL:
        raise process.fail(f"speaks protocol {said.get('protocol')!r} and not {PROTOCOL}; see docs/workers.md")
    try:
        hello = _Hello.model_validate(said)
    except ValidationError as error:
        raise process.fail(f"does not introduce itself well ({_first(error)})") from None
    missing = sorted({task.value for task in entry.tasks} - set(hello.tasks))
    if missing:
        raise process.fail(f"does not do {missing[0]}, which config/workers.yaml says that it does")
    if hello.images < entry.images:
        raise process.fail(f"takes {hello.images} images a turn, and config/workers.yaml says {entry.images}")
    return hello.batch


def _turn(turn: Turn) -> dict[str, Any]:
    pictures = [base64.b64encode(image.bytes).decode() for image in turn.images]
    return {"role": turn.role, "text": turn.text, "images": pictures}


def _answer(reply: _Reply) -> Answer:
    """What a worker says; raises ``ValueError`` where it is neither an answer nor an error."""
    if reply.error is not None:
        return Answer(error_kind=reply.error.kind, error_message=reply.error.message)
    if reply.text is None and reply.image is None:
        raise ValueError("it holds neither text nor image nor error")
    if reply.image is not None:
        images.decode(Image(reply.image))
    given = reply.model_dump(exclude={"id", "image", "error"})
    return Answer(image_png=reply.image, **given)


def _first(error: ValidationError) -> str:
    """The first thing that is wrong, as a clause."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
