"""What all providers share: the key, the address, the one way to call, and what of a request is put on record."""

from __future__ import annotations

import hashlib
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final, TypeVar

from unicost.providers.calling import Caller
from unicost.providers.chat import ChatRequest, Completion, Message
from unicost.providers.failures import AccessDenied, Failed, Refused, of_transport, unreadable
from unicost.providers.settings import Limits, Price

Result = TypeVar("Result")

_NO_KEY: Final = "none"
"""What is sent to a server that asks for no key; the SDKs insist on one."""
_LONGEST: Final = 500
"""Characters of a provider's message that are kept."""
_IMAGE_TOKENS: Final = 1500
"""Tokens of an input image, for budgets: on the high side."""


class Provider(ABC):
    """One model of a provider. A subclass builds the SDK's client, asks with it, and sorts what goes wrong."""

    name: ClassVar[str]
    """The provider's name in messages."""
    packages: ClassVar[tuple[str, ...]]
    """Modules that must be importable."""
    key_variable: ClassVar[str]
    """Variable of the key, by default."""
    base_url_variable: ClassVar[str]
    """Variable of the address, by default; the provider's own address where it is not set."""

    def __init__(
        self,
        *,
        model: str,
        key_env: str | None = "",
        base_url_env: str | None = None,
        base_url: str | None = None,
        strict_name: bool = True,
        price: Price | Mapping[str, Any] | None = None,
        limits: Limits | Mapping[str, Any] | None = None,
    ) -> None:
        """Options as ``chat.build_chat`` explains them.

        ``strict_name`` makes an answer an error (``unavailable``) that names another model than the one asked:
        providers route requests for a withdrawn model to its successor. Raises ``ValueError``.
        """
        self.model = model
        self._key_env = self.key_variable if key_env == "" else key_env
        self._base_url_env, self._base_url = base_url_env or self.base_url_variable, base_url
        self._needs_address = base_url_env is not None
        self._strict_name = strict_name
        self._price = Price.model_validate(price) if price is not None else None
        self.limits = Limits.model_validate(limits or {})
        if self.limits.cost_cap_usd is not None and self._price is None:
            raise ValueError("cost_cap_usd needs the model's price")
        self._key = _NO_KEY
        self._caller: Caller | None = None
        self._client: Any = None

    @classmethod
    def variables(cls, *, key_env: str | None = "", base_url_env: str | None = None, **_: Any) -> tuple[str, ...]:
        """The environment variables that must be set under these options."""
        key = cls.key_variable if key_env == "" else key_env
        return tuple(variable for variable in (key, base_url_env) if variable is not None)

    @property
    def concurrency(self) -> int:
        """Calls that may be under way now."""
        return self._caller.concurrency if self._caller is not None else 0

    def open(self) -> None:
        """Read the key and make the client, once; raises ``AccessDenied`` where the variable is not set."""
        if self._caller is not None:
            return
        if self._key_env is not None:
            self._key = os.environ.get(self._key_env, "").strip()
            if not self._key:
                raise AccessDenied(f"{self.name}: {self._key_env} is not set; set it to the key of your account")
        if self._base_url is None and self._needs_address and not os.environ.get(self._base_url_env):
            raise AccessDenied(f"{self.name}: {self._base_url_env} is not set; set it to the address of your server")
        address = self._base_url or os.environ.get(self._base_url_env, "").strip() or None
        self._caller = Caller(self.limits, self._price)
        self._client = self._caller.run(self._connect(self._key, address))

    def each(self, jobs: Sequence[Callable[[], Awaitable[Result]]]) -> Iterator[tuple[int, Result]]:
        """Yield (index, result) as the jobs complete; a job awaits ``ask`` as often as it likes."""
        self.open()
        assert self._caller is not None
        yield from self._caller.each(jobs)

    def complete(self, requests: Sequence[ChatRequest]) -> Iterator[tuple[int, Completion]]:
        """See ``chat.Chat``."""
        yield from self.each([partial(self.ask, request) for request in requests])

    async def ask(self, request: ChatRequest) -> Completion:
        """One answer, or an error; raises only what ends the run."""
        assert self._caller is not None
        text = sum(len(message.text.encode()) for message in request.messages) // 3
        read = text + _IMAGE_TOKENS * sum(len(message.images) for message in request.messages)
        completion = await self._caller.call(
            partial(self._attempt, request), (read, request.max_tokens), int(request.image)
        )
        if not request.recorded or completion.prompt:
            return completion
        return replace(completion, prompt=self.record(request))

    def close(self) -> None:
        """Close the connections."""
        if self._caller is not None:
            self._caller.run(self._disconnect())
            self._caller.close()
        self._caller = self._client = None

    def record(self, request: ChatRequest, **served: Any) -> str | None:
        """The request as JSON, each image by its SHA-256, and what the provider says of who answered, if wanted."""
        if not request.recorded:
            return None
        messages = [
            {"role": message.role, "text": message.text}
            | ({"images": [hashlib.sha256(image).hexdigest() for image in message.images]} if message.images else {})
            for message in request.messages
        ]
        asked = {"provider": self.name, "model": self.model, "messages": messages, **self.settings(request)}
        told = {key: value for key, value in served.items() if value is not None}
        return json.dumps(asked | ({"served": told} if told else {}), ensure_ascii=False)

    def check_name(self, served: str | None) -> None:
        """Raise ``Failed`` where another model answered."""
        if self._strict_name and served and not served.startswith(self.model.removesuffix("-latest")):
            raise Failed(
                "unavailable",
                f"'{served}' answered in place of '{self.model}'; set strict_name to false if they are the same",
            )

    async def _attempt(self, request: ChatRequest) -> Completion:
        """One attempt; what goes wrong becomes ``Failed``, ``Refused`` or ``AccessDenied``, without the key in it."""
        try:
            return await self.send(request)
        except (Failed, Refused, AccessDenied):
            raise
        except Exception as error:  # noqa: BLE001 - an SDK may raise anything, its HTTP library's errors among it
            raise self._sorted(error) from None

    def _sorted(self, error: Exception) -> Exception:
        """What an exception of the SDK stands for."""
        try:
            found = self.failure(error)
        except (Refused, AccessDenied) as special:
            return special
        if found is not None:
            found.message = self.hide(found.message)
            return found
        if isinstance(error, ValueError | KeyError | IndexError | TypeError | AttributeError):
            return unreadable(type(error).__name__)
        return of_transport(error)

    def hide(self, message: str) -> str:
        """A provider's message as it may be shown: short, and without the key."""
        plain = message if self._key == _NO_KEY else message.replace(self._key, "***")
        return plain[:_LONGEST]

    def denied(self, why: str) -> AccessDenied:
        """The end of the run: what is wrong, and the variable to look at. The provider's own words are not in it."""
        return AccessDenied(f"{self.name}: {why}; check {self._key_env or self._address()}")

    def nowhere(self) -> AccessDenied:
        """The end of the run: there is a server, but no such service."""
        return AccessDenied(f"{self.name}: there is no such service at that address; check {self._address()}")

    def _address(self) -> str:
        """Where the address comes from."""
        return f"option `base_url` ({self._base_url})" if self._base_url is not None else self._base_url_env

    @abstractmethod
    def settings(self, request: ChatRequest) -> dict[str, Any]:
        """All fields of the provider's request but the model and the messages."""

    @abstractmethod
    async def send(self, request: ChatRequest) -> Completion:
        """Ask once. Raises ``Failed``, ``Refused`` or whatever the SDK raises."""

    @abstractmethod
    def failure(self, error: Exception) -> Failed | None:
        """What an error of the SDK stands for, None for one of the connection; raises what ends the run."""

    @abstractmethod
    async def _connect(self, key: str, address: str | None) -> Any:
        """The SDK's client, with its own retries off."""

    @abstractmethod
    async def _disconnect(self) -> None:
        """Close the client."""


def system_and_rest(messages: Sequence[Message]) -> tuple[str | None, list[Message]]:
    """The system message that opens a conversation, for providers that take it apart, and the other messages.

    Raises ``Failed`` (``bad_request``) where one comes later, which they cannot say.
    """
    opening = 0
    while opening < len(messages) and messages[opening].role == "system":
        opening += 1
    rest = list(messages[opening:])
    if any(message.role == "system" for message in rest):
        raise Failed("bad_request", "this provider takes system messages at the beginning alone")
    return "\n\n".join(message.text for message in messages[:opening]) or None, rest


def mime_type(image: bytes) -> str:
    """The MIME type of an encoded image, by its first bytes; raises ``Failed`` where it is none of the usual."""
    if image.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if image.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if image.startswith(b"RIFF") and image[8:12] == b"WEBP":
        return "image/webp"
    if image.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    raise Failed("bad_request", "an input image is neither PNG, JPEG, WebP nor GIF")


def checked_image(image: bytes, said: str) -> bytes:
    """An image that a provider sends, if it is one and of the type that it says, turned into PNG.

    Raises ``Failed`` (``bad_image``).
    """
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(image)) as opened:
            found, pixels = Image.MIME.get(opened.format or "", "unknown"), opened.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Failed("bad_image", f"the answer's image does not decode ({type(error).__name__})", billed=True) from None
    if found != said:
        raise Failed("bad_image", f"the answer's image is said to be {said} and is {found}", billed=True)
    if found == "image/png":
        return image
    buffer = io.BytesIO()
    pixels.save(buffer, format="PNG")
    return buffer.getvalue()
