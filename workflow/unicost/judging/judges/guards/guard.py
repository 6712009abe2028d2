"""What all guard models share as judges: a conversation put to them in their own format, and one strict reading.

A guard says whether a response is harmful. One that cannot tell a refusal from another harmless answer is helped by the
detectors of refusals: what it finds harmless and they find a refusal is a refusal, and where no detector read the text
the contextual aspect stays unscored.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

from unicost.interfaces import JudgeRequest
from unicost.judging.answers import Unreadable
from unicost.judging.asking import Reading, Unjudgeable, in_order, judge_each, some_aspects
from unicost.judging.backends import LOCAL, Backend
from unicost.judging.items import modalities
from unicost.providers.chat import Chat, ChatRequest, Message
from unicost.records import Aspect, Instance, Judgement, Label, Modality
from unicost.registry import did_you_mean

FORMATS: Final = Path(__file__).resolve().parents[4] / "resources" / "guards"
"""Prompts of guards whose checkpoints have no chat template."""
_REFUSALS: Final = frozenset({"refusal", "partial_refusal"})


class Guard(ABC):
    """A guard model.

    Options: ``backend`` (``transformers``, or ``openai`` for a server that applies the checkpoint's own chat template)
    with its options (see ``backends``); ``aspects``, by default all of ``able``; ``max_tokens`` of an answer.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    able: ClassVar[frozenset[Aspect]]
    """The aspects that it can answer."""
    checkpoint: ClassVar[str]
    """Its name on the hub."""
    template: ClassVar[str | None] = None
    """File of ``FORMATS`` with its prompt; None where the checkpoint has a chat template."""
    servers: ClassVar[tuple[str, ...]] = (LOCAL, "openai")
    """Back ends that can put the question in its format."""
    reads: ClassVar[frozenset[Modality]] = frozenset({Modality.TEXT})
    aspects: frozenset[Aspect] = frozenset()

    def __init__(
        self,
        *,
        backend: str = LOCAL,
        aspects: Sequence[str] | None = None,
        max_tokens: int = 64,
        **options: Any,
    ) -> None:
        if backend not in self.servers:
            hint = did_you_mean(backend, list(self.servers))
            raise ValueError(f"judge '{self.name}': backend is '{backend}', which cannot put its prompt: {hint}")
        if max_tokens < 1:
            raise ValueError(f"judge '{self.name}': max_tokens is {max_tokens}, not a number of tokens above 0")
        fixed = {} if self.template is None else {"template": read_format(self.template)}
        if backend == LOCAL and "weights" not in options:
            options = {"checkpoint": self.checkpoint} | options
        self._backend = Backend(self.name, backend, options, **fixed)
        self.aspects = self.able if aspects is None else some_aspects(self.name, aspects, self.able)
        self._max_tokens = max_tokens

    @classmethod
    def revision(cls, **options: Any) -> str:
        """What judgements depend on besides code and options: its prompt and, on this machine, the weights."""
        return f"{read_format(cls.template) if cls.template else ''}{Backend.revision(options)}"

    @staticmethod
    def requires(**options: Any) -> tuple[str, ...]:
        """Packages, for ``unicost doctor``."""
        return Backend.packages(options)

    @staticmethod
    def variables(**options: Any) -> tuple[str, ...]:
        """Environment variables, for ``unicost doctor``."""
        return Backend.variables(options)

    @classmethod
    def local_checkpoint(cls, **options: Any) -> tuple[str, str | None]:
        """The checkpoint that is loaded here, with its revision; an empty name on a server."""
        return Backend.checkpoint(options, cls.checkpoint)

    @cached_property
    def _chat(self) -> Chat:
        return self._backend.open()

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Judgement]:
        """One judgement for each request and aspect."""
        return in_order(len(requests), self.judge_each(requests))

    def judge_each(self, requests: Sequence[JudgeRequest]) -> Iterator[tuple[int, list[Judgement]]]:
        """(index, judgements) of each request as they come."""
        return judge_each(self, self._chat, sorted(self.aspects), requests)

    def close(self) -> None:
        """Free the model, or close the connections."""
        if "_chat" in vars(self):
            self._chat.close()
            del self._chat

    def question(self, request: JudgeRequest, aspect: Aspect) -> ChatRequest:
        """The conversation that the guard labels; raises ``Unjudgeable``."""
        return ChatRequest(tuple(self.conversation(request, aspect)), self._max_tokens, recorded=False)

    def read(self, request: JudgeRequest, aspect: Aspect, answer: str | None) -> Reading:
        """The guard's label; raises ``Unreadable``."""
        text = (answer or "").strip()
        if not text:
            raise Unreadable("the judge's answer is empty")
        label, reason = self.label(text, aspect)
        if label is Label.SAFE and aspect is Aspect.CONTEXTUAL and not self.tells_refusals:
            label, reason = with_refusals(request, reason)
        return Reading(label, reason, self.note(request, aspect, answer))

    def note(self, request: JudgeRequest, aspect: Aspect, answer: str | None) -> str | None:
        """The answer as it came."""
        return json.dumps({"answer": answer or ""}, ensure_ascii=False)

    tells_refusals: ClassVar[bool] = False
    """Whether its answer tells a refusal from another harmless response."""

    @abstractmethod
    def conversation(self, request: JudgeRequest, aspect: Aspect) -> list[Message]:
        """What is put to the guard; raises ``Unjudgeable``."""

    @abstractmethod
    def label(self, answer: str, aspect: Aspect) -> tuple[Label, str]:
        """The label of a whole answer, and the reason; raises ``Unreadable``."""


def read_format(name: str) -> str:
    """A file of ``FORMATS``; Jinja2 drops the line end of its last line."""
    return (FORMATS / name).read_text(encoding="utf-8")


def text_of(request: JudgeRequest) -> str:
    """The text of a response that is text alone; raises ``Unjudgeable``."""
    if Modality.IMAGE in modalities(request.response):
        raise Unjudgeable("this judge reads no pictures in responses")
    return request.response.text or ""


def dialogue(instance: Instance, images: int = 0) -> list[Message]:
    """The turns as alternating user and assistant messages, at most ``images`` pictures in them.

    A system turn opens the first user message; turns of one role in a row become one. Raises ``Unjudgeable``.
    """
    shown = sum(len(turn.images) for turn in instance.turns)
    if shown > images:
        able = f"{images} at most" if images else "none"
        raise Unjudgeable(f"the request holds {shown} pictures, of which this judge reads {able}")
    messages: list[Message] = []
    for turn in instance.turns:
        role = "assistant" if turn.role == "assistant" else "user"
        pictures = tuple(image.bytes for image in turn.images)
        if messages and messages[-1].role == role:
            last = messages.pop()
            joined = "\n\n".join(part for part in (last.text, turn.text) if part)
            messages.append(Message(role, joined, last.images + pictures))
        else:
            messages.append(Message(role, turn.text, pictures))
    if not messages or messages[0].role != "user" or messages[-1].role != "user":
        raise Unjudgeable("the request does not begin and end with a user turn, as this judge's format has it")
    return messages


def with_refusals(request: JudgeRequest, reason: str) -> tuple[Label, str]:
    """``refusal`` or ``safe``, as the detectors have it; raises ``Unreadable`` where none read the text."""
    labels = {row.label for row in request.detections}
    if labels & _REFUSALS:
        return Label.REFUSAL, f"{reason}; a detector found a refusal"
    if "no_refusal" not in labels:
        raise Unreadable("harmless, but no detector read whether it refuses")
    return Label.SAFE, reason
