"""Text by OpenAI's chat completions: OpenAI's own, or those of any server that speaks their protocol."""

from __future__ import annotations

from typing import Any, ClassVar

from unicost.config import Decoding
from unicost.interfaces import Answer
from unicost.models.served import Served, answered, refuse, request
from unicost.options import build
from unicost.providers.openai import OpenAI, OpenAIChat
from unicost.records import Instance, Task, Turn


class OpenAIChatAdapter(Served):
    """GPT-4o and its like, and what vLLM, SGLang, llama.cpp or ``transformers serve`` serve.

    A refusal in the model's own words is a text, also where OpenAI keeps it apart from the text (``message.refusal``):
    its finish reason is ``refusal`` then. A content filter's block is ``provider_refusal``.
    """

    version: ClassVar[int] = 1
    packages: ClassVar[tuple[str, ...]] = OpenAI.packages
    tasks: ClassVar[frozenset[Task]] = frozenset(
        {Task.TEXT_TO_TEXT, Task.IMAGE_TO_TEXT, Task.TEXT_IMAGE_TO_TEXT, Task.DIALOGUE}
    )

    def __init__(
        self,
        *,
        dtype: str = "float32",
        decoding: Decoding | None = None,
        system_prompt: str | None = None,
        device: str = "cpu",
        extensions: bool = False,
        parameters: dict[str, Any] | None = None,
        **provider: Any,
    ) -> None:
        """``dtype`` and ``device`` are the provider's to choose.

        ``extensions`` says that the server knows ``top_k`` and ``repetition_penalty``, which OpenAI does not (vLLM and
        SGLang do): both are sent then, and refused otherwise. ``parameters`` are further fields of the request, None
        leaves one out that a server refuses. ``provider`` holds options of ``providers.openai.OpenAIChat``. Raises
        ``ValueError`` and ``TypeError``.
        """
        self._decoding, self._system_prompt = decoding or Decoding(), system_prompt
        refuse(self._decoding, "openai_chat", "guidance_scale")
        if not extensions:
            refuse(self._decoding, "openai_chat", "top_k", "repetition_penalty")
        sampled = self._decoding.do_sample
        self._parameters: dict[str, Any] = {"top_p": self._decoding.top_p if sampled else 1.0}
        if extensions:
            self._parameters["top_k"] = self._decoding.top_k or -1
            self._parameters["repetition_penalty"] = self._decoding.repetition_penalty
        self._parameters |= parameters or {}
        super().__init__(build(OpenAIChat, model="", **provider))

    @staticmethod
    def variables(**options: Any) -> tuple[str, ...]:
        """Environment variables that must be set under these options."""
        return OpenAI.variables(**options)

    def unsupported(self, instance: Instance) -> str | None:
        """The protocol has images in user turns alone."""
        if any(turn.images and turn.role != "user" for turn in instance.turns):
            return "a turn that is not the user's holds an image, which the protocol does not allow"
        return None

    async def _answer(self, instance: Instance, seed: int) -> Answer:
        return await self._talk(instance, seed, self._system_prompt, self._ask)

    async def _ask(self, turns: list[Turn], seed: int) -> Answer:
        asked = request(turns, self._decoding, seed, parameters=self._parameters)
        return answered(await self._provider.ask(asked))
