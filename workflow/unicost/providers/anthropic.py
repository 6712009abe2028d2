"""Anthropic's messages: text and images in, text out. There is no seed."""

from __future__ import annotations

import base64
import json
from typing import Any, ClassVar

from unicost.providers.chat import ChatRequest, Completion, Message
from unicost.providers.failures import Failed, Refused, of_status, unreadable, withdrawn
from unicost.providers.provider import Provider, mime_type, system_and_rest

_REASONS = {"end_turn": "stop", "max_tokens": "length", "model_context_window_exceeded": "length"}


class AnthropicChat(Provider):
    """Messages. Of decoding the API knows the temperature; newer models take none (``parameters`` leave it out)."""

    name: ClassVar[str] = "anthropic"
    packages: ClassVar[tuple[str, ...]] = ("anthropic", "aiohttp")
    key_variable: ClassVar[str] = "ANTHROPIC_API_KEY"
    base_url_variable: ClassVar[str] = "ANTHROPIC_BASE_URL"

    def settings(self, request: ChatRequest) -> dict[str, Any]:
        """A schema is asked for as the output's format."""
        own: dict[str, Any] = {"max_tokens": request.max_tokens, "temperature": request.temperature}
        if request.schema is not None:
            own["output_config"] = {"format": {"type": "json_schema", "schema": request.schema}}
        return {key: value for key, value in (own | request.parameters).items() if value is not None}

    async def send(self, request: ChatRequest) -> Completion:
        """One message."""
        system, rest = system_and_rest(request.messages)
        body = {"model": self.model, "messages": [_message(message) for message in rest], **self.settings(request)}
        if system:
            body["system"] = system
        answer = await self._client.post("/v1/messages", body=body, cast_to=object)
        if not isinstance(answer, dict):
            raise unreadable("not a JSON object")
        self.check_name(answer.get("model"))
        reason, usage = answer.get("stop_reason"), answer.get("usage") or {}
        if reason == "refusal":
            raise Refused("output: refusal")
        text = "".join(part["text"] for part in answer["content"] if part["type"] == "text")
        if not text.strip():
            raise Failed("empty", f"the answer has no text (stop reason {reason})", billed=True)
        return Completion(
            text=text,
            finish_reason=_REASONS.get(str(reason), reason),
            prompt_tokens=usage.get("input_tokens"),
            completion_tokens=usage.get("output_tokens"),
            prompt=self.record(request, model=answer.get("model")),
        )

    def failure(self, error: Exception) -> Failed | None:
        """Sort by status and by Anthropic's messages, whose codes are few; see ``failures`` for the kinds."""
        import anthropic

        if isinstance(error, anthropic.APIResponseValidationError | json.JSONDecodeError):
            return unreadable("not JSON")
        if not isinstance(error, anthropic.APIStatusError):
            return None
        body = error.body if isinstance(error.body, dict) else {}
        inner = body.get("error") if isinstance(body.get("error"), dict) else {}
        said, status = str((inner or {}).get("message") or error.message), error.status_code
        if status == 400 and "content filtering policy" in said.lower():
            raise Refused(self.hide(f"{'output' if 'output' in said.lower() else 'input'}: {said}"))
        if status == 402 or "credit balance" in said.lower():
            raise self.denied("the account has no credit")
        if status == 401:
            raise self.denied("the key is not accepted")
        if status == 403:
            raise self.denied("the key has no access to this")
        if status == 404:
            if said.startswith("model:") or withdrawn(said):
                return Failed("unavailable", said)
            raise self.nowhere()
        return of_status(status, said, error.response.headers)

    async def _connect(self, key: str, address: str | None) -> Any:
        from anthropic import AsyncAnthropic

        from unicost.providers.transport import QuickClient

        return AsyncAnthropic(
            api_key=key,
            base_url=address or "https://api.anthropic.com",
            max_retries=0,
            http_client=QuickClient(self.limits.timeout_seconds),
        )

    async def _disconnect(self) -> None:
        await self._client.close()


def _message(message: Message) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        {
            "type": "image",
            "source": {
                "type": "base64",
                "media_type": mime_type(image),
                "data": base64.b64encode(image).decode(),
            },
        }
        for image in message.images
    ]
    return {"role": message.role, "content": [*parts, {"type": "text", "text": message.text}]}
