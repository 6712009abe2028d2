"""Google's Gemini: models that read and draw."""

from __future__ import annotations

from typing import Any, ClassVar

from unicost.config import Decoding
from unicost.interfaces import Answer
from unicost.models.conversation import opening
from unicost.models.served import Served, answered, late_system_turn, refuse, request
from unicost.options import build
from unicost.providers.gemini import GeminiChat
from unicost.records import Instance, Task, Turn


class GeminiAdapter(Served):
    """Text as ``conversation`` describes it; a picture from all turns at once. An answer may hold both.

    Where a picture is wanted and a text comes alone, the text is the answer: what the model says instead of drawing is
    for the judges. A block of the provider, before the model or behind it, is ``provider_refusal`` with its stage.
    """

    version: ClassVar[int] = 1
    packages: ClassVar[tuple[str, ...]] = GeminiChat.packages
    tasks: ClassVar[frozenset[Task]] = frozenset(Task)

    def __init__(
        self,
        *,
        dtype: str = "float32",
        decoding: Decoding | None = None,
        image_decoding: Decoding | None = None,
        system_prompt: str | None = None,
        device: str = "cpu",
        **provider: Any,
    ) -> None:
        """``image_decoding`` is for tasks that end with a picture, as ``decoding`` by default; a picture takes tokens.

        ``dtype`` and ``device`` are the provider's to choose. ``top_k`` is sent where it is set: the API has no word
        for keeping all tokens. ``provider`` holds options of ``providers.gemini.GeminiChat``: ``threshold``,
        ``image_config``. Raises ``ValueError`` and ``TypeError``.
        """
        self._decoding = decoding or Decoding()
        self._image_decoding = image_decoding or self._decoding
        for one in (self._decoding, self._image_decoding):
            refuse(one, "gemini", "repetition_penalty", "guidance_scale")
        self._system_prompt = system_prompt
        super().__init__(build(GeminiChat, model="", **provider))

    @staticmethod
    def variables(**options: Any) -> tuple[str, ...]:
        """Environment variables that must be set under these options."""
        return GeminiChat.variables(**options)

    def unsupported(self, instance: Instance) -> str | None:
        """The API takes the system message apart, at the beginning."""
        return late_system_turn(instance)

    async def _answer(self, instance: Instance, seed: int) -> Answer:
        if instance.task.draws:
            turns = [*opening(self._system_prompt), *instance.turns]
            return await self._ask(turns, seed, self._image_decoding, image=True)
        return await self._talk(instance, seed, self._system_prompt, self._write)

    async def _write(self, turns: list[Turn], seed: int) -> Answer:
        return await self._ask(turns, seed, self._decoding, image=False)

    async def _ask(self, turns: list[Turn], seed: int, decoding: Decoding, image: bool) -> Answer:
        sampled = decoding.do_sample
        parameters: dict[str, Any] = {"top_p": decoding.top_p if sampled else 1.0}
        if sampled and decoding.top_k:
            parameters["top_k"] = decoding.top_k
        asked = request(turns, decoding, seed, parameters=parameters, image=image)
        return answered(await self._provider.ask(asked))
