"""OpenAI's chat completions, and every server that speaks their protocol (vLLM, SGLang, llama.cpp, transformers)."""

from __future__ import annotations

import base64
import json
from typing import Any, ClassVar, Final

from unicost.providers.chat import ChatRequest, Completion, Message
from unicost.providers.failures import Failed, Refused, of_status, unreadable, withdrawn
from unicost.providers.provider import Provider, mime_type

_BLOCKS: Final = frozenset(
    {"content_filter", "content_policy_violation", "moderation_blocked", "ResponsibleAIPolicyViolation"}
)
"""Codes of an error that stand for a block of the content."""
_NO_CREDIT: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_POLICY: Final = ("usage polic", "content polic", "safety system", "flagged")
"""What a message of ``invalid_prompt`` says where it is about content."""


class OpenAI(Provider):
    """An account at OpenAI, or a server that speaks its protocol."""

    name: ClassVar[str] = "openai"
    packages: ClassVar[tuple[str, ...]] = ("openai", "aiohttp")
    key_variable: ClassVar[str] = "OPENAI_API_KEY"
    base_url_variable: ClassVar[str] = "OPENAI_BASE_URL"

    def failure(self, error: Exception) -> Failed | None:
        """Sort by status and by OpenAI's codes; see ``failures`` for the kinds."""
        import openai

        if isinstance(error, openai.APIResponseValidationError | json.JSONDecodeError):
            return unreadable("not JSON")
        if not isinstance(error, openai.APIStatusError):
            return None
        body = error.body if isinstance(error.body, dict) else {}
        inner = body.get("innererror") if isinstance(body.get("innererror"), dict) else {}
        codes = {str(code) for code in (body.get("code"), body.get("type"), (inner or {}).get("code")) if code}
        said, status = str(body.get("message") or error.message), error.status_code
        if codes & _BLOCKS or ("invalid_prompt" in codes and any(word in said.lower() for word in _POLICY)):
            raise Refused(self.hide(_block(codes, body, said)))
        if "model_not_found" in codes or (status in (400, 404) and withdrawn(said)):
            return Failed("unavailable", said)
        if codes & _NO_CREDIT or status == 402:
            raise self.denied("the account has no credit")
        if status == 401:
            raise self.denied("the key is not accepted")
        if status == 403:
            raise self.denied("the key has no access to this")
        if status == 404:
            raise self.nowhere()
        return of_status(status, said, error.response.headers)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The JSON object that answers a request."""
        answer = await self._client.post_json(path, body)
        if not isinstance(answer, dict):
            raise unreadable("not a JSON object")
        return answer

    async def _connect(self, key: str, address: str | None) -> Any:
        from unicost.providers.openai_client import QuickOpenAI

        seconds = self.limits.timeout_seconds
        return QuickOpenAI(api_key=key, base_url=address or "https://api.openai.com/v1", seconds=seconds)

    async def _disconnect(self) -> None:
        await self._client.close()


class OpenAIChat(OpenAI):
    """Chat completions. Every field of decoding that the API knows is in each request."""

    def __init__(self, *, length_parameter: str = "max_tokens", **options: Any) -> None:
        """``length_parameter`` is the field that caps the answer: newer models of OpenAI want another one.

        It is ``max_tokens``, which every server knows, or ``max_completion_tokens``.
        """
        if length_parameter not in ("max_tokens", "max_completion_tokens"):
            raise ValueError(f"length_parameter is max_tokens or max_completion_tokens, not '{length_parameter}'")
        super().__init__(**options)
        self._length_parameter = length_parameter

    def settings(self, request: ChatRequest) -> dict[str, Any]:
        """Greedy is temperature 0; a schema is asked for as OpenAI and vLLM do, strictly."""
        own: dict[str, Any] = {
            self._length_parameter: request.max_tokens,
            "temperature": request.temperature,
            "top_p": 1.0,
            "frequency_penalty": 0.0,
            "presence_penalty": 0.0,
            "n": 1,
            "seed": request.seed,
        }
        if request.schema is not None:
            form = {"name": "answer", "strict": True, "schema": request.schema}
            own["response_format"] = {"type": "json_schema", "json_schema": form}
        return {key: value for key, value in (own | request.parameters).items() if value is not None}

    async def send(self, request: ChatRequest) -> Completion:
        """One completion."""
        messages = [_message(message) for message in request.messages]
        answer = await self.post(
            "chat/completions", {"model": self.model, "messages": messages, **self.settings(request)}
        )
        self.check_name(answer.get("model"))
        choice, usage = answer["choices"][0], answer.get("usage") or {}
        message, reason = choice["message"], choice.get("finish_reason")
        if reason == "content_filter":
            raise Refused(self.hide(f"output: content_filter{_filters(choice.get('content_filter_results'))}"))
        text, refusal = message.get("content"), message.get("refusal")
        if not isinstance(text or "", str) or not isinstance(refusal or "", str):
            raise unreadable("the answer's content is no text")
        if not (text or refusal or "").strip():
            raise Failed("empty", f"the answer has no text (finish reason {reason})", billed=True)
        return Completion(
            text=text or refusal,
            finish_reason="refusal" if not text else reason,
            prompt_tokens=usage.get("prompt_tokens"),
            completion_tokens=usage.get("completion_tokens"),
            prompt=self.record(request, model=answer.get("model"), system_fingerprint=answer.get("system_fingerprint")),
        )


def data_url(image: bytes) -> str:
    """An image as a data URL."""
    return f"data:{mime_type(image)};base64,{base64.b64encode(image).decode()}"


def _message(message: Message) -> dict[str, Any]:
    """Text alone is a string, which servers without vision want."""
    if not message.images:
        return {"role": message.role, "content": message.text}
    parts: list[dict[str, Any]] = [
        {"type": "image_url", "image_url": {"url": data_url(image)}} for image in message.images
    ]
    return {"role": message.role, "content": [*parts, {"type": "text", "text": message.text}]}


def _block(codes: set[str], body: dict[str, Any], said: str) -> str:
    """The stage and reason of an error that stands for a block."""
    details = body.get("moderation_details")
    details = details if isinstance(details, dict) else {}
    drawn = "moderation_blocked" in codes or "image_generation_user_error" in codes
    stage = details.get("moderation_stage") or ("unknown" if drawn else "input")
    code = min(codes & _BLOCKS, default="invalid_prompt")
    named = details.get("categories") or body.get("safety_violations") or ()
    categories = ", ".join(map(str, named)) if isinstance(named, list | tuple | dict) else str(named)
    return f"{stage}: {code}{f' ({categories})' if categories else ''}: {said}"


def _filters(results: Any) -> str:
    """The categories of a filter that fired, in brackets."""
    fired = [name for name, found in (results or {}).items() if isinstance(found, dict) and found.get("filtered")]
    return f" ({', '.join(fired)})" if fired else ""
