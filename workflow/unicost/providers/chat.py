"""A chat by an API: messages with images in, text out, whoever the provider is.

>>> chat = build_chat("openai", model="gpt-4o-2024-11-20")
>>> for index, completion in chat.complete(requests): ...
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, Protocol

from unicost.options import build
from unicost.registry import UnknownName, did_you_mean

_PROVIDERS: Final = {
    "openai": "unicost.providers.openai:OpenAIChat",
    "gemini": "unicost.providers.gemini:GeminiChat",
    "anthropic": "unicost.providers.anthropic:AnthropicChat",
}


@dataclass(frozen=True)
class Message:
    """One message; ``role`` is ``system``, ``user`` or ``assistant``; images (PNG or JPEG files) precede the text."""

    role: str
    text: str
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class ChatRequest:
    """What is asked. Temperature 0 is greedy; ``schema`` is a JSON schema of the answer, where the server can.

    ``parameters`` are further fields of the provider's request, and replace its own; None leaves a field out. Where
    ``image`` is true, a picture is asked for (Gemini). ``recorded`` asks for ``Completion.prompt``.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    seed: int | None = None
    schema: dict[str, Any] | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    image: bool = False
    recorded: bool = True


@dataclass(frozen=True)
class Completion:
    """What came back: an answer (``text``, ``image`` or both), or else exactly one of ``refusal`` and ``error_kind``.

    ``refusal`` is the provider's block: its stage (``input``, ``output`` or ``unknown``), a colon, and its reason. What
    the model itself words as a refusal is a text, also where the provider keeps it apart (OpenAI's ``message.refusal``,
    whose finish reason here is ``refusal``). ``finish_reason`` is ``stop``, ``length`` (cut off by ``max_tokens``) or
    the provider's own word. ``error_kind`` is one of those in ``failures``. ``text_tokens`` are the tokens of the
    answer that are charged as text, where they are not all. ``seconds`` is the time of the attempt that succeeded.
    ``prompt`` is what was asked, as JSON, each image by its SHA-256, with the name of the model that answered, where
    the request wants that.
    """

    text: str | None = None
    refusal: str | None = None
    finish_reason: str | None = None
    error_kind: str | None = None
    error_message: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    seconds: float | None = None
    image: bytes | None = None
    text_tokens: int | None = None
    prompt: str | None = None


class Chat(Protocol):
    """A model to talk to."""

    def complete(self, requests: Sequence[ChatRequest]) -> Iterator[tuple[int, Completion]]:
        """Yield (index, completion) as they complete, every index once.

        A request that fails, or that the cost cap leaves unasked (``cost_cap``), is a completion with ``error_kind``.
        Raises ``failures.AccessDenied`` where no key is set or the provider does not accept it, and
        ``failures.ProviderLost`` where nobody answers.
        """
        ...

    def close(self) -> None:
        """Close the connections; a later ``complete`` opens them anew."""
        ...


def build_chat(provider: str, **options: Any) -> Chat:
    """A chat with ``openai`` (and every server that speaks its protocol), ``gemini`` or ``anthropic``.

    Options of all: ``model``; ``key_env`` and ``base_url_env``, the variables that hold the key and the address, by
    default with the provider's usual names, ``key_env=None`` for a server without keys; ``base_url``, an address that
    is no secret; ``price`` and ``limits`` (see ``settings``). Raises ``UnknownName``, and ``ValueError`` for an option
    that is none. Imports no SDK and opens no connection.
    """
    chat: Chat = build(provider_class(provider), **options)
    return chat


def provider_class(provider: str) -> Any:
    """The class behind a provider's name, whose ``packages`` and ``variables`` can be asked; raises ``UnknownName``."""
    if provider not in _PROVIDERS:
        raise UnknownName(f"unknown provider '{provider}': {did_you_mean(provider, list(_PROVIDERS))}")
    module, _, name = _PROVIDERS[provider].partition(":")
    return getattr(import_module(module), name)
