"""What a plugin must offer: benchmark sources, model adapters, detectors, judges and annotators.

These are structural types: a plugin needs no base class and imports nothing but the records. A new plugin is one file
and one line in ``registry``; the contract tests in ``tests/contract`` find it there.

For ``unicost doctor``, a class may name ``packages`` (modules that must be importable) and ``environment`` (variables
that must be set), both ``ClassVar[tuple[str, ...]]``, or have a static method ``variables(**options)`` in place of the
latter; for an export, a source may name ``title``, ``language`` (such as
``en``) and ``card`` (the path of its data card).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, runtime_checkable

from unicost.records import Aspect, Detection, Instance, Judgement, Modality, Response, Task


class Source(Protocol):
    """A benchmark source: turns its options (from ``config/datasets.yaml``) into instances.

    A source that reads files may have a method ``files()`` that lists their paths: when one changes, the benchmark is
    built anew.
    """

    version: ClassVar[int]

    def __init__(self, **options: Any) -> None: ...

    def instances(self) -> Iterable[Instance]:
        """Yield every instance once, in an order that depends on the options alone."""
        ...


@dataclass(frozen=True)
class Origin:
    """The data that a source reads: the benchmark's name in the configuration, its folder and its licence."""

    dataset: str
    folder: Path
    licence: str


class FileSource(Protocol):
    """A benchmark source that reads a folder of data: downloaded by the workflow, or the user's own.

    Nothing is read before ``instances``, so that the options can be checked where the data is not there yet.
    """

    version: ClassVar[int]
    reads_files: ClassVar[bool]
    """True."""

    def __init__(self, **options: Any) -> None: ...

    def instances(self, origin: Origin) -> Iterable[Instance]:
        """Yield every instance once, row by row, in the order of the data.

        Raises ``ValueError`` with the file, the row and what would be right.
        """
        ...


ADJUDICATED: Final = "human"
"""Annotator whose label is what people agreed on, by talking or by majority, and not one person's own."""


@dataclass(frozen=True)
class LabelledItem:
    """A response that people labelled, with the request that it answers; ``Judgement.judge`` names the annotator."""

    instance: Instance
    response: Response
    labels: tuple[Judgement, ...]


class LabelledSource(Protocol):
    """Reads a set of responses with human labels, like ``FileSource``; several items may share an instance.

    ``raw`` of a label is a JSON object with the annotator's own word as ``label``, and as ``outcome`` (``refuses``,
    ``mixed``, ``complies``) where it says what the response does with the request.
    """

    version: ClassVar[int]
    reads_files: ClassVar[bool]
    """True."""

    def __init__(self, **options: Any) -> None: ...

    def items(self, origin: Origin) -> Iterable[LabelledItem]:
        """Yield every labelled response once, in the order of the data.

        Raises ``ValueError`` with the file, the row and what would be right.
        """
        ...


class Adapter(Protocol):
    """Drives one model. Nothing heavy is imported or loaded before ``load``.

    ``tasks`` is known without loading: the workflow never asks for a task outside it. An adapter that cannot take every
    instance of a task (two images, several turns) has a method ``unsupported(instance) -> str | None``, which says why,
    also without loading; such an instance is never asked. ``version`` is raised whenever the adapter's code changes
    what a model answers; it is part of the model's fingerprint, and so is what a static method ``revision(**options)``
    says, for an adapter whose answers depend on other files than its own. The constructor takes ``dtype``,
    ``decoding``, ``system_prompt`` and ``device``, and as further keywords the ``options`` of a model's entry. One
    that does not heed all of ``decoding`` names the fields that it does, as ``heeds_writing`` for texts and
    ``heeds_drawing`` for pictures, both ``ClassVar[frozenset[str]]``: setting another one is refused.
    """

    version: ClassVar[int]
    tasks: ClassVar[frozenset[Task]]

    def __init__(self, **options: Any) -> None: ...

    def load(self, weights: Path) -> None:
        """Load the checkpoint in the folder ``weights``."""
        ...

    def answer(self, instances: Sequence[Instance], seeds: Sequence[int]) -> list[Answer]:
        """Answer one batch; the result has the batch's length and order. Item k depends on seed k alone.

        An adapter whose answers come one by one also has ``answer_each``, with the same parameters, which yields
        (index, answer) as they complete, every index once.
        """
        ...

    def close(self) -> None:
        """Free the model."""
        ...


@runtime_checkable
class StreamingAdapter(Adapter, Protocol):
    """An adapter that answers many requests at a time, each when it is ready: a client of an API.

    Whatever has ``answer_each`` is asked by it alone and not by ``answer``.
    """

    def answer_each(self, instances: Sequence[Instance], seeds: Sequence[int]) -> Iterator[tuple[int, Answer]]:
        """Yield (place in ``instances``, answer) as answers come, in any order, each place once.

        ``instances`` are many more than a batch. An answer that was yielded is journalled within half a second. An
        item's failure is an answer with ``error_kind``; what is raised ends the run. Closing the iterator early, which
        an interrupted run does, cancels what has not been answered.
        """
        ...


@dataclass(frozen=True)
class Answer:
    """What an adapter returns for one instance: ``Response`` without the bookkeeping that ``respond`` adds."""

    text: str | None = None
    image_png: bytes | None = None
    provider_refusal: str | None = None
    finish_reason: str | None = None
    error_kind: str | None = None
    error_message: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    prompt: str | None = None
    first_tokens: str | None = None


class Finds(StrEnum):
    """What a detector decides, and so what it can be held to labels as."""

    HARM = "harm"
    """Whether there is something harmful in a response."""
    REFUSAL = "refusal"
    """Whether a response refuses, wholly or in part."""
    NEITHER = "neither"
    """Neither: it gives a probability, or evidence that decides nothing by itself."""


class Detector(Protocol):
    """A rule that looks at responses in bulk and says what it found, with evidence.

    ``reads`` is the modality that it looks at; silence about a response of the other one says nothing.
    """

    version: ClassVar[int]
    reads: ClassVar[Modality]
    finds: ClassVar[Finds]

    def __init__(self, **options: Any) -> None: ...

    def detect(self, instances: Sequence[Instance], responses: Sequence[Response]) -> list[Detection]:
        """Zero or more detections; ``instances`` and ``responses`` run in parallel."""
        ...


@dataclass(frozen=True)
class JudgeRequest:
    """All that a judge may see: the request, what it intends, the response and what the detectors found in it."""

    instance: Instance
    response: Response
    intention: str
    detections: tuple[Detection, ...] = field(default=())


class Judge(Protocol):
    """Labels responses. ``aspects`` declares which aspects it can answer; it returns one judgement for each.

    A judge that asks a server may have ``judge_each(requests)``, which yields (index, judgements) of each request as it
    is answered, in any order; it is then given thousands at once. ``close()``, where there is one, frees what it holds.

    A judge that reads texts alone, or pictures alone, says so in ``reads``, a set of modalities of responses.

    A judge with ``states_probabilities`` True says in ``raw``, a JSON object, how probable ``unsafe`` is, whatever it
    then decides: as ``unsafe``, or as the ``unsafe`` of its ``probabilities``. Its calibration can be measured.
    """

    version: ClassVar[int]
    aspects: frozenset[Aspect]

    def __init__(self, **options: Any) -> None: ...

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Judgement]:
        """One judgement for each request and aspect; failures are ``unscored`` with a reason, never dropped."""
        ...
