"""Pictures by OpenAI's images: drawn from a text, or edited from pictures and a text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Final

from unicost.config import Decoding
from unicost.interfaces import Answer
from unicost.models.served import Served, answered
from unicost.options import build
from unicost.providers.chat import ChatRequest, Message
from unicost.providers.openai import OpenAI
from unicost.providers.openai_images import OpenAIImages
from unicost.records import Instance, Task

_MOST_IMAGES: Final = 16
"""Pictures that the gpt-image family takes at once."""


class OpenAIImagesAdapter(Served):
    """The gpt-image family, and DALL-E where a server still has it, by the model's name. There is no seed.

    It is measured as a system: filters before and behind the model belong to it, and their block is
    ``provider_refusal`` with its stage, where the provider tells it. An instance of several user turns is edited turn
    by turn: a turn that brings no picture of its own edits the one that the turn before it made. Nothing of
    ``decoding`` applies; ``parameters`` do.
    """

    version: ClassVar[int] = 1
    packages: ClassVar[tuple[str, ...]] = OpenAI.packages
    tasks: ClassVar[frozenset[Task]] = frozenset({Task.TEXT_TO_IMAGE, Task.IMAGE_TO_IMAGE, Task.TEXT_IMAGE_TO_IMAGE})
    heeds_drawing: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        *,
        dtype: str = "float32",
        decoding: Decoding | None = None,
        system_prompt: str | None = None,
        device: str = "cpu",
        most_images: int = _MOST_IMAGES,
        **provider: Any,
    ) -> None:
        """``most_images`` is how many pictures a turn may bring; ``dtype`` and ``device`` are the provider's to choose.

        ``provider`` holds options of ``providers.openai_images.OpenAIImages``, among them ``parameters``: size,
        quality, moderation. Raises ``ValueError`` and ``TypeError``.
        """
        if system_prompt is not None:
            raise ValueError("system_prompt: OpenAI's images take none; leave it out")
        if decoding is not None and decoding != Decoding():
            raise ValueError("decoding: nothing of it applies to OpenAI's images; set options.parameters instead")
        self._most_images = most_images
        super().__init__(build(OpenAIImages, model="", **provider))

    @staticmethod
    def variables(**options: Any) -> tuple[str, ...]:
        """Environment variables that must be set under these options."""
        return OpenAI.variables(**options)

    def unsupported(self, instance: Instance) -> str | None:
        """The API takes instructions alone, the first with a picture where it is an edit."""
        turns = instance.turns
        roles = {turn.role for turn in turns} - {"user"}
        if roles:
            return f"it has a turn of the {min(roles)}, and OpenAI's images take instructions alone"
        if instance.task is Task.TEXT_TO_IMAGE and len(turns) != 1:
            return f"it has {len(turns)} turns, and OpenAI's images are drawn from one text"
        if instance.task is not Task.TEXT_TO_IMAGE and not (turns and turns[0].images):
            return "its first turn has no picture to edit"
        most = max((len(turn.images) for turn in turns), default=0)
        return f"a turn has {most} pictures and {self._most_images} are taken" if most > self._most_images else None

    async def _answer(self, instance: Instance, seed: int) -> Answer:
        answer, costs = Answer(), []
        for turn in instance.turns:
            shown = tuple(image.bytes for image in turn.images) or ((answer.image_png,) if answer.image_png else ())
            asked = ChatRequest((Message("user", turn.text, shown),), max_tokens=0, image=True)
            answer = answered(await self._provider.ask(asked))
            costs.append(answer.cost_usd)
            if answer.image_png is None:
                break
        known = [cost for cost in costs if cost is not None]
        return replace(answer, cost_usd=sum(known) if known else None)
