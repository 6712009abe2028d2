"""What the adapters of models behind an API share: many instances at a time, each with all of its turns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from unicost.config import Decoding
from unicost.interfaces import Answer
from unicost.models.conversation import Unanswerable, opening, rounds
from unicost.models.provider_weights import model_of
from unicost.providers.chat import ChatRequest, Completion, Message
from unicost.providers.provider import Provider
from unicost.records import Instance, Turn

_SEEDS: Final = 2**31
"""Providers take seeds below this."""


class Served:
    """An adapter that asks a provider; a subclass says what one instance is asked, in ``_answer``.

    Answers come in any order, so that a slow one holds up no other. A provider that cannot be used at all (no key, no
    credit, nobody there) ends the run with ``failures.AccessDenied`` or ``failures.ProviderLost``.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def load(self, weights: Path) -> None:
        """Read the model's name and the key; raises ``BadCheckpoint`` and ``failures.AccessDenied``."""
        self.ask_for(model_of(weights))

    def ask_for(self, model: str) -> None:
        """The same with the name by which the provider knows the model; raises ``failures.AccessDenied``."""
        self._provider.model = model
        self._provider.open()

    def answer(self, instances: Sequence[Instance], seeds: Sequence[int]) -> list[Answer]:
        """Answer a batch, all of it at a time; raises ``Unanswerable`` for what is unsupported, before it asks."""
        answers = [Answer()] * len(instances)
        for index, answer in self.answer_each(instances, seeds):
            answers[index] = answer
        return answers

    def answer_each(self, instances: Sequence[Instance], seeds: Sequence[int]) -> Iterator[tuple[int, Answer]]:
        """Yield (index, answer) as they complete; raises like ``answer``."""
        for instance in instances:
            if problem := self.unsupported(instance):
                raise Unanswerable(f"instance '{instance.id}': {problem}")
            rounds(instance)
        pairs = zip(instances, seeds, strict=True)
        yield from self._provider.each([partial(self._answer, instance, seed) for instance, seed in pairs])

    def close(self) -> None:
        """Close the connections."""
        self._provider.close()

    def unsupported(self, instance: Instance) -> str | None:
        """Why the model cannot be asked the instance, None where it can."""
        raise NotImplementedError

    async def _answer(self, instance: Instance, seed: int) -> Answer:
        raise NotImplementedError

    async def _talk(
        self, instance: Instance, seed: int, system: str | None, ask: Callable[[list[Turn], int], Awaitable[Answer]]
    ) -> Answer:
        """The answer to the last user turn, as ``conversation`` describes it; the cost is that of all answers.

        An error or a block on the way is the answer: there is nothing to go on with.
        """
        history, answer, costs = opening(system), Answer(), []
        for number, turns in enumerate(rounds(instance)):
            history = [*history, *turns]
            answer = await ask(history, (seed + number) % _SEEDS)
            costs.append(answer.cost_usd)
            if answer.error_kind is not None or answer.provider_refusal is not None:
                break
            history.append(Turn("assistant", answer.text or ""))
        known = [cost for cost in costs if cost is not None]
        return replace(answer, cost_usd=sum(known) if known else None)


def request(turns: Sequence[Turn], decoding: Decoding, seed: int, **more: Any) -> ChatRequest:
    """The turns as a request under a decoding: greedy is temperature 0 and the whole of the mass."""
    sampled = decoding.do_sample
    return ChatRequest(
        messages=tuple(Message(turn.role, turn.text, tuple(image.bytes for image in turn.images)) for turn in turns),
        max_tokens=decoding.max_new_tokens,
        temperature=decoding.temperature if sampled else 0.0,
        seed=seed % _SEEDS,
        **more,
    )


def answered(completion: Completion) -> Answer:
    """What a provider said, as an answer."""
    return Answer(
        text=completion.text,
        image_png=completion.image,
        provider_refusal=completion.refusal,
        finish_reason=completion.finish_reason,
        error_kind=completion.error_kind,
        error_message=completion.error_message,
        prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
        cost_usd=completion.cost_usd,
        prompt=completion.prompt,
    )


def refuse(decoding: Decoding, adapter: str, *fields: str) -> None:
    """Raise ``ValueError`` where a field of the decoding is set that the API does not know."""
    for field in fields:
        if getattr(decoding, field) != getattr(Decoding(), field):
            raise ValueError(f"decoding.{field}: the API of adapter '{adapter}' does not know it; leave it out")


def late_system_turn(instance: Instance) -> str | None:
    """Why a provider that takes the system message apart cannot be asked, if so."""
    roles = [turn.role for turn in instance.turns]
    others = [place for place, role in enumerate(roles) if role != "system"]
    if others and "system" in roles[others[0] :]:
        return "a system turn of it comes after other turns, which this provider cannot be told"
    return None
