"""The stage in which one model answers the benchmark: in batches, journalled, and only what it has not answered yet.

* A journalled answer is kept as it was given, its latency included; two runs from nothing therefore differ in the
  column ``latency_seconds`` (a batch's seconds divided by its items) and in no other. No table uses that column.
* After a kill, every batch is in the journal whole or not at all, and a missing one is asked again in its old
  composition: the resumed run equals an uninterrupted one. An item's key says nothing of its batch, so that a benchmark
  that grew asks its new items alone.
* An instance of a supported task that the adapter cannot take (two images where it reads one) is not asked: its row has
  the error kind ``unsupported`` and the reason.
* A batch that memory does not hold is asked in halves, one that fails otherwise item by item, and an item that fails
  alone becomes a row with ``error_kind`` and ``error_message``. Errors are not journalled, so that
  whenever the job runs again it asks these alone; the workflow starts it again where it is told to (``--forcerun``).
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from unicost.config import ModelRun
from unicost.device import lease
from unicost.interfaces import Adapter, Answer, StreamingAdapter
from unicost.journal import Journal
from unicost.models import weights as fetched
from unicost.models.asking import Answered, Work, ask_in_a_stream, ask_in_batches
from unicost.models.batch_sizes import BatchSizes
from unicost.models.images import decode_ahead
from unicost.models.overlap import Writer, ahead
from unicost.models.plan import Asker, Item, batches, chunks, gather, survey, windows
from unicost.progress import bar
from unicost.records import Image, Instance, Response, Task
from unicost.store import write_records

_LOG = logging.getLogger(__name__)
_ROWS_AT_ONCE = 256
_IN_A_STREAM: Final[dict[str, Any]] = {"waiting": 4096, "at_once": 64, "patience": 0.5}


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

    Only tasks that the adapter supports are asked. ``weights`` is a folder that ``weights.fetch`` filled; it is loaded,
    and GPUs are leased, only where something is unanswered. Raises ``plan.InvalidInstance`` and
    ``device.TooFewDevices`` before that, ``checkpoint.BadCheckpoint``, ``store.UnreadableFile`` and ``OSError``.
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
        total = sum(map(len, missing))
        stage = _Stage(adapter, model, fingerprint, book)
        if total:
            with lease(run.gpus):
                stage.ask(weights, benchmark, missing, run.batch_size)
        refused = [item for item in items if item.unsupported is not None and shard == 0]
        errors = stage.errors | {item.key: stage.unsupported(item) for item in refused}
        chosen = {item.key for batch in mine for item in batch} | errors.keys()
        ordered = [item for item in items if item.key in chosen]
        rows = write_records(output, _rows(ordered, book, errors), Response)
    summary = Summary(rows, rows - total - len(refused), total, len(errors))
    _LOG.info("%s: %s", model, summary)
    if stage.errors:
        first = next(iter(stage.errors.values()))
        told = f"{model}: {len(stage.errors):,} of {rows:,} answers are errors, the first: {first.error_kind}: "
        again = f"To ask these alone again, repeat the command with --forcerun {output}"
        _LOG.warning("%s%s\n%s", told, first.error_message, again)
    return summary


class _Stage:
    """One model being asked. While it works, the next batch is read and what it answered before is journalled.

    ``errors`` are the rows in error by key; all others are in the journal.
    """

    def __init__(self, adapter: Adapter, model: str, fingerprint: str, journal: Journal) -> None:
        self._adapter, self._journal = adapter, journal
        self._model, self._fingerprint = model, fingerprint
        self.errors: dict[str, Response] = {}

    def ask(self, weights: Path, benchmark: Path, missing: list[list[Item]], batch_size: int) -> None:
        """Load the model and ask all that is missing."""
        with bar(sum(map(len, missing)), f"respond {self._model}") as progress, closing(self._adapter):
            self._adapter.load(weights)
            progress.unpause()
            if isinstance(self._adapter, StreamingAdapter):
                answered = ask_in_a_stream(self._adapter, ahead(gather(benchmark, windows(missing))))
                writer = Writer(partial(self._keep, progress), **_IN_A_STREAM)
            else:
                sizes = BatchSizes(batch_size, self._journal.path.with_suffix(".batches.json"), self._fingerprint)
                answered = ask_in_batches(self._adapter, sizes, ahead(_decoded(gather(benchmark, missing))))
                writer = Writer(partial(self._keep, progress))
            with writer, closing(answered):
                for group in answered:
                    writer.put(group)

    def unsupported(self, item: Item) -> Response:
        """The row of an instance that the adapter is never asked; it is an error, so that nobody takes it for safe."""
        answer = Answer(error_kind="unsupported", error_message=item.unsupported)
        return _response(item, answer, 0.0, self._model, self._fingerprint)

    def _keep(self, progress: Any, answered: list[Answered]) -> None:
        """Journal the answers, and set those in error aside."""
        rows = {
            item.key: _response(item, answer, seconds, self._model, self._fingerprint)
            for item, answer, seconds in answered
        }
        self._journal.add({key: _pack(row) for key, row in rows.items() if row.error_kind is None})
        self.errors |= {key: row for key, row in rows.items() if row.error_kind is not None}
        progress.update(len(rows))


def _decoded(work: Work) -> Iterator[tuple[list[Item], list[Instance]]]:
    """The same, its images decoded ahead of the model's asking for them."""
    for items, instances in work:
        decode_ahead(image for instance in instances for turn in instance.turns for image in turn.images)
        yield items, instances


def _rows(items: Sequence[Item], journal: Journal, errors: dict[str, Response]) -> Iterator[Response]:
    """The rows of the items, in their order, read from the journal a few at a time."""
    for some in chunks(items, _ROWS_AT_ONCE):
        known = journal.known(item.key for item in some)
        for item in some:
            yield errors[item.key] if item.key in errors else _unpack(known[item.key])


def _response(item: Item, answer: Answer, seconds: float, model: str, fingerprint: str) -> Response:
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
