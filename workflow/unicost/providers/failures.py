"""What can go wrong with a call, sorted by what must be done about it: again, never, or the end of the run.

Kinds of errors: ``timeout``, ``connection`` (refused, reset, cut off), ``rate_limited``, ``server_error``,
``unreadable`` (no JSON, or not of the shape that the API documents), ``empty``, ``bad_image``, ``bad_request``,
``unavailable`` (a model that its provider has withdrawn or never had), ``stopped`` (for no reason of content) and
``cost_cap``. None of them is a refusal.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

LOST: Final = frozenset({"connection", "timeout", "server_error"})
"""Kinds behind which there may be no provider at all."""
_OVERLOADED: Final = frozenset({429, 503, 529})
_PASSING: Final = frozenset({408, 409, 425})
_WITHDRAWN: Final = ("deprecat", "does not exist", "no longer", "not found", "retired", "shut down", "withdrawn")


class AccessDenied(OSError):
    """No key, one that is not accepted, no credit, or an address without such a service: the run must end."""


class ProviderLost(OSError):
    """The provider has not answered for many items in a row: the run must end."""


class Failed(Exception):
    """A call without an answer.

    ``again`` says whether another attempt may help, ``overload`` whether the provider wants fewer calls, ``wait`` the
    seconds that it asks to wait, and ``billed`` that it may charge for the call although no answer came.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        again: bool = False,
        overload: bool = False,
        wait: float | None = None,
        billed: bool = False,
    ) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind, self.message = kind, message
        self.again, self.overload, self.wait, self.billed = again, overload, wait, billed


class Refused(Exception):
    """The provider blocks the request or its answer; the message has the stage (input, output, unknown) and reason."""


def of_status(status: int, message: str, headers: Mapping[str, str]) -> Failed:
    """The failure that an HTTP status stands for, where the provider's own codes say nothing more special."""
    wait = retry_after(headers)
    if status in _OVERLOADED:
        kind = "rate_limited" if status == 429 else "server_error"
        return Failed(kind, message, again=True, overload=True, wait=wait)
    if status in _PASSING or status >= 500:
        return Failed("server_error", message, again=True, wait=wait)
    if status == 410:
        return Failed("unavailable", message)
    return Failed("bad_request", message)


def of_transport(error: BaseException) -> Failed:
    """The failure of a connection, whichever library made it: a time-out, or anything else that cut it."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    if any(isinstance(one, TimeoutError | asyncio.TimeoutError) or "Timeout" in type(one).__name__ for one in causes):
        return Failed("timeout", "no answer in time", again=True, billed=True)
    return Failed("connection", f"the connection failed ({type(causes[-1]).__name__})", again=True, billed=True)


def unreadable(why: str) -> Failed:
    """The failure of an answer that is not what the API documents."""
    return Failed("unreadable", f"not an answer as the API documents it: {why}", again=True, billed=True)


def withdrawn(message: str) -> bool:
    """Whether a message says of a model that it is gone."""
    lower = message.lower()
    return "model" in lower and any(word in lower for word in _WITHDRAWN)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that ``Retry-After`` (or ``retry-after-ms``) asks to wait: a number, or a date."""
    if milliseconds := headers.get("retry-after-ms"):
        return _seconds(milliseconds, 1000)
    given = headers.get("retry-after")
    if given is None:
        return None
    seconds = _seconds(given, 1)
    if seconds is not None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(given).timestamp() - time.time())
    except ValueError:
        return None


def _seconds(given: str, parts: int) -> float | None:
    try:
        return max(0.0, float(given) / parts)
    except ValueError:
        return None
