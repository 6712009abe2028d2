"""Extractor ``llm`` of intentions: a chat model reads the request, its pictures and its category of risk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar

from unicost.judging.answers import Unreadable, json_object
from unicost.judging.asking import check_whole
from unicost.judging.backends import LOCAL, Backend
from unicost.judging.fence import mark
from unicost.judging.prompts import Prompts, asked
from unicost.providers.chat import Chat, ChatRequest, Completion, Message
from unicost.records import Instance


class LlmIntents:
    """Writes a short paragraph on what a request is after.

    Options: ``backend`` with its options (see ``backends``); ``always``, also where the benchmark states an intention;
    ``prompts``, ``max_tokens`` and ``seed`` as of judge ``llm``.
    """

    version: ClassVar[int] = 1

    def __init__(
        self,
        *,
        backend: str,
        always: bool = False,
        prompts: str | None = None,
        max_tokens: int = 300,
        seed: int = 0,
        **options: Any,
    ) -> None:
        self.always = always
        self._backend, self._local = Backend("llm", backend, options), backend == LOCAL
        self._prompts, self._max_tokens, self._seed = Prompts(prompts, ["intent"]), max_tokens, seed

    @staticmethod
    def revision(*, prompts: str | None = None, **options: Any) -> str:
        """What intentions depend on besides code and options: the prompts and, on this machine, the weights."""
        return f"{Prompts(prompts).revision()} {Backend.revision(options)}"

    @staticmethod
    def requires(**options: Any) -> tuple[str, ...]:
        """Packages, for ``unicost doctor``."""
        return Backend.packages(options)

    @staticmethod
    def variables(**options: Any) -> tuple[str, ...]:
        """Environment variables, for ``unicost doctor``."""
        return Backend.variables(options)

    @cached_property
    def _chat(self) -> Chat:
        return self._backend.open()

    def extract(self, instances: Sequence[Instance]) -> Iterator[tuple[int, str, str]]:
        """Yield (index, intention, why there is none); one of the two is empty.

        Raises ``failures.AccessDenied`` and ``failures.ProviderLost``.
        """
        for index, completion in self._chat.complete([self._question(instance) for instance in instances]):
            try:
                yield index, _read(completion), ""
            except Unreadable as reason:
                yield index, "", str(reason)

    def close(self) -> None:
        """Close the connections, or free the model."""
        if "_chat" in vars(self):
            self._chat.close()
            del self._chat

    def _question(self, instance: Instance) -> ChatRequest:
        marker = mark(self._seed, [turn.text for turn in instance.turns])
        definition = self._prompts.definition(instance.category, instance.leaf)
        system, user = self._prompts.render("intent", marker, **asked(instance), definition=definition)
        images = tuple(image.bytes for turn in instance.turns for image in turn.images)
        form = {
            "type": "object",
            "properties": {"intention": {"type": "string"}},
            "required": ["intention"],
            "additionalProperties": False,
        }
        messages = (Message("system", system), Message("user", user, images))
        schema = None if self._local else form
        return ChatRequest(messages, self._max_tokens, seed=self._seed, schema=schema, recorded=False)


def _read(completion: Completion) -> str:
    if completion.error_kind:
        raise Unreadable(f"the call failed: {completion.error_kind}")
    check_whole(completion)
    found = json_object((completion.text or "").strip()).get("intention")
    if not isinstance(found, str) or not found.strip():
        raise Unreadable("the answer is not an object with an intention")
    return found.strip()
