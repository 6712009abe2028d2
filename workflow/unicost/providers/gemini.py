"""Google's Gemini: text and images in, text and images out."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar, Final

from unicost.providers.chat import ChatRequest, Completion, Message
from unicost.providers.failures import Failed, Refused, of_status, retry_after, unreadable, withdrawn
from unicost.providers.provider import Provider, checked_image, mime_type, system_and_rest

_CATEGORIES: Final = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
_BLOCKS: Final = frozenset(
    {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "ESCALATION", "MODEL_ARMOR"}
    | {"IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"}
)
"""Finish reasons that stand for a block of the answer."""
_REASONS: Final = {"STOP": "stop", "MAX_TOKENS": "length", "CONTINUATION": "length"}
_THRESHOLDS: Final = frozenset(
    {"BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"}
)


class GeminiChat(Provider):
    """``generate_content``. Every field of decoding that the API knows is in each request.

    ``NO_IMAGE`` without a text is a refusal: the model was asked for a picture and its provider sends none. With a text,
    the text is the answer. ``IMAGE_OTHER`` and ``OTHER`` name no reason of content and are errors (``stopped``).
    """

    name: ClassVar[str] = "gemini"
    packages: ClassVar[tuple[str, ...]] = ("google.genai",)
    key_variable: ClassVar[str] = "GEMINI_API_KEY"
    base_url_variable: ClassVar[str] = "GOOGLE_GEMINI_BASE_URL"

    def __init__(
        self, *, threshold: str | None = None, image_config: dict[str, Any] | None = None, **options: Any
    ) -> None:
        """``threshold`` is that of the adjustable safety filters, the provider's by default.

        ``image_config`` says how a picture is drawn: ``aspect_ratio``, ``image_size``.
        """
        if threshold is not None and threshold not in _THRESHOLDS:
            raise ValueError(f"threshold must be one of {', '.join(sorted(_THRESHOLDS))}, not '{threshold}'")
        super().__init__(**options)
        self._threshold, self._image_config = threshold, image_config or {}

    def settings(self, request: ChatRequest) -> dict[str, Any]:
        """Fields of ``GenerateContentConfig``."""
        own: dict[str, Any] = {
            "max_output_tokens": request.max_tokens,
            "temperature": request.temperature,
            "top_p": 1.0,
            "candidate_count": 1,
            "seed": request.seed,
            "response_modalities": ["TEXT", "IMAGE"] if request.image else ["TEXT"],
        }
        if request.image and self._image_config:
            own["image_config"] = self._image_config
        if request.schema is not None:
            own |= {"response_mime_type": "application/json", "response_json_schema": request.schema}
        if self._threshold is not None:
            own["safety_settings"] = [
                {"category": f"HARM_CATEGORY_{name}", "threshold": self._threshold} for name in _CATEGORIES
            ]
        return {key: value for key, value in (own | request.parameters).items() if value is not None}

    async def send(self, request: ChatRequest) -> Completion:
        """One answer: its text parts joined, and its last image."""
        from google.genai import types

        system, rest = system_and_rest(request.messages)
        config = types.GenerateContentConfig(system_instruction=system, **self.settings(request))
        contents = [_content(message) for message in rest]
        answer = await self._client.aio.models.generate_content(model=self.model, contents=contents, config=config)
        self.check_name(answer.model_version)
        feedback = answer.prompt_feedback
        if feedback is not None and feedback.block_reason is not None:
            words = f": {feedback.block_reason_message}" if feedback.block_reason_message else ""
            raise Refused(self.hide(f"input: {_name(feedback.block_reason)}{words}"))
        if not answer.candidates:
            raise unreadable("no candidate")
        candidate = answer.candidates[0]
        text, image = _parts(candidate)
        reason = self._reason(candidate, text, image)
        usage = answer.usage_metadata
        read, written, drawn = _usage(usage)
        return Completion(
            text=text,
            image=image,
            finish_reason=reason,
            prompt_tokens=read,
            completion_tokens=written,
            text_tokens=None if written is None else written - drawn,
            prompt=self.record(request, model=answer.model_version),
        )

    def _reason(self, candidate: Any, text: str | None, image: bytes | None) -> str | None:
        """The finish reason of an answer; raises ``Refused`` or ``Failed`` where there is none."""
        reason = _name(candidate.finish_reason) if candidate.finish_reason is not None else None
        words = f": {candidate.finish_message}" if candidate.finish_message else ""
        if reason in _BLOCKS or (reason == "NO_IMAGE" and text is None):
            raise Refused(self.hide(f"output: {reason}{words}"))
        if reason == "PUP_LIMITED_DISABLED":
            raise self.denied("the account is limited by its provider")
        if reason not in (*_REASONS, "NO_IMAGE", None):
            raise Failed("stopped", self.hide(f"finish reason {reason}{words}"), billed=True)
        if text is None and image is None:
            raise Failed("empty", f"the answer has neither text nor image (finish reason {reason})", billed=True)
        return _REASONS.get(str(reason), reason)

    def failure(self, error: Exception) -> Failed | None:
        """Sort by status and by Google's reasons; see ``failures`` for the kinds."""
        from google.genai import errors

        if isinstance(error, errors.UnknownApiResponseError | json.JSONDecodeError):
            return unreadable("not JSON")
        if not isinstance(error, errors.APIError):
            return None
        said, status = str(error.message or error.status or ""), int(error.code)
        details = json.dumps(error.details)
        if status in (401, 403) or "API_KEY_INVALID" in details:
            raise self.denied("the key is not accepted" if status != 403 else "the key has no access to this")
        if status == 400 and "location is not supported" in said:
            raise self.denied("the provider does not serve this country")
        if status == 404:
            if withdrawn(said):
                return Failed("unavailable", said)
            raise self.nowhere()
        if status == 400 and withdrawn(said):
            return Failed("unavailable", said)
        found = of_status(status, said, getattr(error.response, "headers", None) or {})
        if delay := re.search(r'"retryDelay": "([\d.]+)s"', details):
            found.wait = retry_after({"retry-after": delay.group(1)})
        return found

    async def _connect(self, key: str, address: str | None) -> Any:
        from google import genai
        from google.genai import types

        # Without options of its own for retries, the SDK repeats a broken connection by itself.
        http = types.HttpOptions(
            base_url=address or "https://generativelanguage.googleapis.com",
            timeout=int(self.limits.timeout_seconds * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
        )
        return genai.Client(api_key=key, vertexai=False, http_options=http)

    async def _disconnect(self) -> None:
        await self._client.aio.aclose()


def _content(message: Message) -> Any:
    from google.genai import types

    parts = [types.Part.from_bytes(data=image, mime_type=mime_type(image)) for image in message.images]
    if message.text or not parts:
        parts.append(types.Part.from_text(text=message.text))
    return types.Content(role="model" if message.role == "assistant" else "user", parts=parts)


def _parts(candidate: Any) -> tuple[str | None, bytes | None]:
    """The text and the last image of a candidate, its thoughts aside."""
    texts, image = [], None
    for part in (candidate.content.parts if candidate.content else None) or ():
        if part.thought:
            continue
        if part.text:
            texts.append(part.text)
        if part.inline_data is not None:
            image = checked_image(part.inline_data.data or b"", part.inline_data.mime_type or "unknown")
    text = "".join(texts).strip()
    return text or None, image


def _usage(usage: Any) -> tuple[int | None, int | None, int]:
    """Tokens of the request, of the answer (thoughts included), and those of the answer that are an image's."""
    if usage is None:
        return None, None, 0
    written = usage.candidates_token_count
    total = None if written is None else written + (usage.thoughts_token_count or 0)
    drawn = sum(
        part.token_count or 0 for part in usage.candidates_tokens_details or () if _name(part.modality) == "IMAGE"
    )
    return usage.prompt_token_count, total, drawn


def _name(value: Any) -> str:
    """The name of an enumeration's value; one that the SDK does not know yet is a string."""
    return str(getattr(value, "value", value))
