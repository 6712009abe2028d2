"""Judge ``llm``: any chat model, by this project's own prompts, with a strict reading of its answers.

The contextual question shows intention, category, request and response with their pictures; the intrinsic one shows the
response alone. Two calls a response, greedy. The response is fenced and declared as data (see ``fence``); one that
imitates the fence or a verdict is judged all the same and flagged, in ``raw`` and in the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar, Final

from unicost.interfaces import JudgeRequest
from unicost.judging import answers
from unicost.judging.asking import LABELS, Reading, Unjudgeable, in_order, judge_each, some_aspects
from unicost.judging.backends import Backend
from unicost.judging.fence import forgeries, mark
from unicost.judging.items import modalities
from unicost.judging.prompts import Prompts, answered, asked
from unicost.providers.chat import Chat, ChatRequest, Message
from unicost.records import Aspect, Judgement, Modality
from unicost.registry import did_you_mean

_LONGEST_ANSWER: Final = 2000
"""Characters of an answer that are kept."""


class LlmJudge:
    """Asks a chat model about every response.

    Options: ``backend`` (``openai`` and every server that speaks its protocol, ``gemini``, ``anthropic``, or
    ``transformers``) and its own options (see ``backends``); ``aspects``, both by default; ``answer``, how the verdict
    is asked for: ``schema`` (the server holds the model to it), ``json`` or ``line``, by default ``schema`` on a server
    and ``json`` on this machine; ``prompts``, a folder with other prompts; ``max_tokens`` of an answer;
    ``sees_images``; ``seed`` of the fences and of the call.
    """

    version: ClassVar[int] = 1
    aspects: frozenset[Aspect] = frozenset(Aspect)

    def __init__(
        self,
        *,
        backend: str,
        aspects: Sequence[str] = ("contextual", "intrinsic"),
        answer: str | None = None,
        prompts: str | None = None,
        max_tokens: int = 300,
        sees_images: bool = True,
        seed: int = 0,
        **options: Any,
    ) -> None:
        self._backend = Backend("llm", backend, options)
        answer = answer or (answers.JSON if backend == "transformers" else answers.SCHEMA)
        if answer not in answers.FORMS:
            raise ValueError(f"judge 'llm': answer is '{answer}': {did_you_mean(answer, list(answers.FORMS))}")
        if max_tokens < 1:
            raise ValueError(f"judge 'llm': max_tokens is {max_tokens}, not a number of tokens above 0")
        self.aspects = some_aspects("llm", aspects, frozenset(Aspect))
        self.reads = frozenset(Modality if sees_images else {Modality.TEXT})
        self._form = _Form(Prompts(prompts, sorted(self.aspects)), answer, max_tokens, sees_images, seed)

    @staticmethod
    def revision(*, prompts: str | None = None, **options: Any) -> str:
        """What judgements depend on besides code and options: the prompts and, on this machine, the weights."""
        return f"{Prompts(prompts).revision()} {Backend.revision(options)}"

    @staticmethod
    def requires(**options: Any) -> tuple[str, ...]:
        """Packages, for ``unicost doctor``."""
        return Backend.packages(options)

    @staticmethod
    def variables(**options: Any) -> tuple[str, ...]:
        """Environment variables, for ``unicost doctor``."""
        return Backend.variables(options)

    @staticmethod
    def local_checkpoint(**options: Any) -> tuple[str, str | None]:
        """The checkpoint that is loaded here, with its revision; an empty name on a server."""
        return Backend.checkpoint(options)

    @cached_property
    def _chat(self) -> Chat:
        return self._backend.open()

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Judgement]:
        """One judgement for each request and aspect."""
        return in_order(len(requests), self.judge_each(requests))

    def judge_each(self, requests: Sequence[JudgeRequest]) -> Iterator[tuple[int, list[Judgement]]]:
        """(index, judgements) of each request as they come."""
        return judge_each(self._form, self._chat, sorted(self.aspects), requests)

    def close(self) -> None:
        """Close the connections, or free the model."""
        if "_chat" in vars(self):
            self._chat.close()
            del self._chat


class _Form:
    """The questions and answers of this judge (``asking.Form``)."""

    name = "llm"

    def __init__(self, prompts: Prompts, answer: str, max_tokens: int, sees_images: bool, seed: int) -> None:
        self._prompts, self._answer, self._max_tokens = prompts, answer, max_tokens
        self._sees_images, self._seed = sees_images, seed

    def question(self, request: JudgeRequest, aspect: Aspect) -> ChatRequest:
        """Fenced material under the prompt of the aspect; its pictures in order, that of the response last."""
        contextual = aspect is Aspect.CONTEXTUAL
        images = [image.bytes for turn in request.instance.turns for image in turn.images] if contextual else []
        if Modality.IMAGE in modalities(request.response) and request.response.image:
            images.append(request.response.image.bytes)
        if images and not self._sees_images:
            raise Unjudgeable("this judge sees no pictures")
        system, user = self._prompts.render(aspect.value, **self._values(request, aspect))
        return ChatRequest(
            messages=(Message("system", system), Message("user", user, tuple(images))),
            max_tokens=self._max_tokens,
            seed=self._seed,
            recorded=False,
            schema=answers.schema(LABELS[aspect]) if self._answer == answers.SCHEMA else None,
        )

    def _values(self, request: JudgeRequest, aspect: Aspect) -> dict[str, Any]:
        instance, shown = request.instance, answered(request.response)
        texts = [shown["text"]]
        if aspect is Aspect.CONTEXTUAL:
            texts += [request.intention, *(turn.text for turn in instance.turns)]
            shown |= asked(instance) | {
                "intention": request.intention,
                "definition": self._prompts.definition(instance.category, instance.leaf),
            }
        labels = [label.value for label in LABELS[aspect]]
        return shown | {"marker": mark(self._seed, texts), "labels": labels, "answer": self._answer}

    def read(self, request: JudgeRequest, aspect: Aspect, answer: str | None) -> Reading:
        """The verdict; the reason names forgeries in the response."""
        label, reason = answers.read(answer, self._answer, LABELS[aspect])
        flags = forgeries(request.response.text)
        told = reason or str(label)
        return Reading(
            label, f"{told} [{', '.join(flags)}]" if flags else told, self.note(request, aspect, answer) or None
        )

    def note(self, request: JudgeRequest, aspect: Aspect, answer: str | None) -> str | None:
        """The answer as it came, and the flags of the response."""
        flags = forgeries(request.response.text)
        told: dict[str, Any] = {"answer": (answer or "")[:_LONGEST_ANSWER]}
        return json.dumps(told | ({"flags": flags} if flags else {}), ensure_ascii=False)
