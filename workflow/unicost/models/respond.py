"""The stage in which one model answers the benchmark: in batches, journalled, and only what it has not answered yet.

* A journalled answer is kept as it was given, its latency included; two runs from nothing therefore differ in the
  column ``latency_seconds`` (a batch's seconds divided by its items) and in no other. No table uses that column.
* After a kill, every batch is in the journal whole or not at all, and a missing one is asked again in its old
  composition: the resumed run equals an uninterrupted one. An item's key says nothing of its batch, so that a benchmark
  that grew asks its new items alone.
* An instance of a supported task that the adapter cannot take (two images where it reads one) is not asked: its row has
  the error kind ``unsupported`` and the reason.
* A batch that fails is asked item by item, and an item that fails alone becomes a row with ``error_kind`` and
  ``error_message``. Errors are not journalled: the next run asks them again.
"""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from unicost.config import ModelRun
from unicost.interfaces import Adapter, Answer
from unicost.journal import Journal
from unicost.models import weights as fetched
from unicost.models.plan import Asker, Item, batches, chunks, gather, survey
from unicost.progress import bar
from unicost.records import Image, Instance, Response, Task
from unicost.store import write_records

_LOG = logging.getLogger(__name__)
_ROWS_AT_ONCE = 256
_LONGEST_MESSAGE = 500


@dataclass(frozen=True)
class Summary:
    """Counts of one shard: rows written, taken from the journal, asked anew, and rows in error or not asked at all."""

    rows: int
    journalled: int
    asked: int
    errors: int


def respond(
    *,
    model: str,
    run: ModelRun,
    study_seed: int,
    tasks: Iterable[Task | str],
    benchmark: Path,
    weights: Path,
    journal: Path,
    output: Path,
    shard: int = 0,
    shards: int = 1,
) -> Summary:
    """Write one model's ``Response`` rows, in the benchmark's order, to ``output``.

    Only tasks that the adapter supports are asked. ``weights`` is a folder that ``weights.fetch`` filled; it is loaded
    when the first unanswered batch is ready, so that a run with nothing to ask loads nothing. Raises
    ``plan.InvalidInstance`` before that, ``checkpoint.BadCheckpoint``, ``store.UnreadableFile`` and ``OSError``.
    """
    adapter: Adapter = run.build()
    fingerprint = run.fingerprint()
    asker = Asker(model, fingerprint, fetched.revision(weights), study_seed)
    supported = frozenset(Task(task) for task in tasks) & adapter.tasks
    with Journal(journal) as book:
        items, finished = survey(benchmark, supported, asker, book, getattr(adapter, "unsupported", None))
        askable = [item for item in items if item.unsupported is None]
        mine = batches(askable, run.batch_size)[shard::shards]
        missing = [[item for item in batch if item.key not in finished] for batch in mine]
        missing = [batch for batch in missing if batch]
        stage = _Stage(adapter, weights, model, fingerprint)
        errors = stage.ask(gather(benchmark, missing), sum(map(len, missing)), book)
        refused = [item for item in items if item.unsupported is not None and shard == 0]
        errors |= {item.key: stage.unsupported(item) for item in refused}
        chosen = {item.key for batch in mine for item in batch} | errors.keys()
        ordered = [item for item in items if item.key in chosen]
        rows = write_records(output, _rows(ordered, book, errors), Response)
    asked = sum(map(len, missing))
    summary = Summary(rows, rows - asked - len(refused), asked, len(errors))
    _LOG.info("%s: %s", model, summary)
    return summary


class _Stage:
    """One model being asked: loads it at the first batch, turns answers into rows, and journals them."""

    def __init__(self, adapter: Adapter, weights: Path, model: str, fingerprint: str) -> None:
        self._adapter, self._weights = adapter, weights
        self._model, self._fingerprint = model, fingerprint

    def ask(
        self, work: Iterable[tuple[list[Item], list[Instance]]], total: int, journal: Journal
    ) -> dict[str, Response]:
        """Ask every batch; the rows in error by key, all others are in the journal."""
        errors: dict[str, Response] = {}
        if not total:
            return errors
        try:
            with bar(total, f"respond {self._model}") as progress:
                for number, (items, instances) in enumerate(work):
                    if not number:
                        self._adapter.load(self._weights)
                        progress.unpause()
                    responses = self._respond(items, instances)
                    journal.add({key: _pack(row) for key, row in responses.items() if row.error_kind is None})
                    errors |= {key: row for key, row in responses.items() if row.error_kind is not None}
                    progress.update(len(items))
        finally:
            self._adapter.close()
        return errors

    def unsupported(self, item: Item) -> Response:
        """The row of an instance that the adapter is never asked; it is an error, so that nobody takes it for safe."""
        answer = Answer(error_kind="unsupported", error_message=item.unsupported)
        return _response(item, answer, self._model, self._fingerprint, 0.0)

    def _respond(self, items: Sequence[Item], instances: Sequence[Instance]) -> dict[str, Response]:
        start = time.perf_counter()
        answers = self._answers(items, instances)
        seconds = (time.perf_counter() - start) / len(items)
        return {
            item.key: _response(item, answer, self._model, self._fingerprint, seconds)
            for item, answer in zip(items, answers, strict=True)
        }

    def _answers(self, items: Sequence[Item], instances: Sequence[Instance]) -> list[Answer]:
        """The adapter's answers; a failing batch is split, a failing item becomes an error.

        ``RuntimeError`` (out of memory among them) and ``ValueError`` are failures of an item. Anything else, a full
        disk or a defect of the program, ends the run; what the journal holds is kept.
        """
        try:
            answers = self._adapter.answer(instances, [item.seed for item in items])
        except NotImplementedError:
            raise
        except (RuntimeError, ValueError) as error:
            name = type(error).__name__
            if len(items) > 1:
                _LOG.warning("%s: a batch of %d fails with %s; asking one by one", self._model, len(items), name)
                return [self._answers([item], [instance])[0] for item, instance in zip(items, instances, strict=True)]
            _LOG.warning("%s: instance %s fails with %s", self._model, items[0].instance, name)
            return [Answer(error_kind=name, error_message=str(error)[:_LONGEST_MESSAGE])]
        if len(answers) != len(instances):
            raise TypeError(f"{type(self._adapter).__name__} gave {len(answers)} answers to {len(instances)} instances")
        return answers


def _rows(items: Sequence[Item], journal: Journal, errors: dict[str, Response]) -> Iterator[Response]:
    """The rows of the items, in their order, read from the journal a few at a time."""
    for some in chunks(items, _ROWS_AT_ONCE):
        known = journal.known(item.key for item in some)
        for item in some:
            yield errors[item.key] if item.key in errors else _unpack(known[item.key])


def _response(item: Item, answer: Answer, model: str, fingerprint: str, seconds: float) -> Response:
    given = dict(vars(answer))
    png = given.pop("image_png")
    return Response(
        instance=item.instance,
        model=model,
        fingerprint=fingerprint,
        seed=item.seed,
        image=None if png is None else Image(png),
        latency_seconds=seconds,
        **given,
    )


def _pack(response: Response) -> bytes:
    """A row as JSON, its image in base64."""
    row = dict(vars(response))
    if response.image is not None:
        row["image"] = base64.b64encode(response.image.bytes).decode()
    return json.dumps(row).encode()


def _unpack(value: bytes) -> Response:
    row = json.loads(value)
    if row["image"] is not None:
        row["image"] = Image(base64.b64decode(row["image"]))
    return Response(**row)
