"""OpenAI's images: drawn from a text, or edited from images and a text, by the model's name."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from unicost.providers.chat import ChatRequest, Completion
from unicost.providers.failures import Failed, unreadable
from unicost.providers.openai import OpenAI
from unicost.providers.provider import checked_image, mime_type


class OpenAIImages(OpenAI):
    """``images.generate`` where the request has no image, ``images.edit`` where it has. There is no seed.

    ``parameters`` go into every request: ``size``, ``quality``, ``moderation``, ``background``, ...
    """

    def __init__(self, *, parameters: dict[str, Any] | None = None, **options: Any) -> None:
        """``parameters`` are fields of the API's request, the same for every image."""
        super().__init__(**options)
        self._parameters = {"n": 1, **(parameters or {})}

    def settings(self, request: ChatRequest) -> dict[str, Any]:
        """The model's parameters; those of an edit where there is an image."""
        left_out = {"moderation", "style"} if request.messages[-1].images else {"input_fidelity"}
        return {key: value for key, value in self._parameters.items() if key not in left_out}

    async def send(self, request: ChatRequest) -> Completion:
        """One image, of the last message."""
        message = request.messages[-1]
        asked = {"model": self.model, "prompt": message.text, **self.settings(request)}
        if message.images:
            files = [(f"image{k}", image, mime_type(image)) for k, image in enumerate(message.images)]
            answer = await self._client.images.edit(image=files, **asked)
        else:
            answer = await self._client.images.generate(**asked)
        if not answer.data:
            raise Failed("empty", "the answer has no image", billed=True)
        first, usage = answer.data[0], answer.usage
        if not first.b64_json:
            raise unreadable("the image is not in the answer; ask for b64_json")
        try:
            image = base64.b64decode(first.b64_json, validate=True)
        except binascii.Error:
            raise Failed("bad_image", "the answer's image is no base64", billed=True) from None
        # DALL-E sends PNG and does not say so.
        said = f"image/{answer.output_format or 'png'}"
        return Completion(
            image=checked_image(image, said),
            finish_reason="stop",
            prompt_tokens=usage.input_tokens if usage else None,
            completion_tokens=usage.output_tokens if usage else None,
            text_tokens=0,
            prompt=self.record(request, revised_prompt=first.revised_prompt),
        )
