"""Whether what a file sets is what a constructor takes, so that a wrong option is refused by its name."""

from __future__ import annotations

import inspect
import re
from contextlib import suppress
from functools import cache
from typing import Any, Final, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from unicost.registry import did_you_mean

_HANDED_ON: Final = "options"
"""What a constructor gathers under this name is for the class that it inherits from."""
_REFUSED: Final = "unknown"
"""What it gathers under this name it refuses itself."""


def build(plugin: Any, /, *, elsewhere: frozenset[str] = frozenset(), **options: Any) -> Any:
    """Call a constructor with options from a file; ``elsewhere`` are parameters that are no options.

    Raises ``ValueError``, in one sentence, for an option that it has not, for one of another type than it declares, for
    one that is missing, and for a value that it refuses itself.
    """
    declared, gathers = parameters(plugin)
    known = [name for name in declared if name not in elsewhere]
    for name, value in options.items():
        if name in known:
            _check_type(plugin, name, value)
        elif name in elsewhere or not gathers:
            raise ValueError(f"unknown option '{name}': {did_you_mean(name, known)}")
    for name in known:
        if declared[name].default is inspect.Parameter.empty and name not in options:
            raise ValueError(f"option '{name}' is missing")
    try:
        return plugin(**options)
    except ValidationError as error:
        raise ValueError(first_error(error)) from None


@cache
def parameters(plugin: Any) -> tuple[dict[str, inspect.Parameter], bool]:
    """The named options of a constructor, and whether it takes others too, which it must check itself."""
    named: dict[str, inspect.Parameter] = {}
    gathered = _REFUSED
    for constructor in _constructors(plugin):
        taken = list(inspect.signature(constructor).parameters.values())[int(inspect.isclass(plugin)) :]
        named = {one.name: one for one in taken if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)} | named
        gathered = next((one.name for one in taken if one.kind is one.VAR_KEYWORD), _REFUSED)
        if gathered != _HANDED_ON:
            break
    return named, gathered != _REFUSED


def first_error(error: ValidationError, prefix: str = "") -> str:
    """The first error of a validation as a clause: where, what is wrong, what was given."""
    first = error.errors()[0]
    where = (prefix + ".".join(str(part) for part in first["loc"])).rstrip(".")
    return f"{where}: {_message(first)}" if where else _message(first)


def _message(first: ErrorDetails) -> str:
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        return "is missing; see config/README.md"
    if first["type"] in ("enum", "literal_error"):
        known = re.findall(r"'([^']*)'", str(first["ctx"]["expected"]))
        return f"unknown value '{first['input']}': {did_you_mean(str(first['input']), known)}"
    if first["type"] in ("tuple_type", "list_type"):
        return f"must be a list, such as [one, two], not {first['input']!r}"
    if first["type"] == "value_error":
        return message
    return f"{message[0].lower()}{message[1:]}, not {first['input']!r}"


def _constructors(plugin: Any) -> list[Any]:
    if not inspect.isclass(plugin):
        return [plugin]
    return [vars(kind)["__init__"] for kind in plugin.__mro__ if "__init__" in vars(kind) and kind is not object]


def _check_type(plugin: Any, name: str, value: Any) -> None:
    try:
        _type(plugin, name).validate_python(value, strict=True)
    except ValidationError as error:
        raise ValueError(f"{name}: {_message(error.errors()[0])}") from None


@cache
def _type(plugin: Any, name: str) -> TypeAdapter[Any]:
    for constructor in _constructors(plugin):
        # A name that is imported for type checkers alone cannot be read; such an option is the constructor's to check.
        with suppress(NameError):
            hints = get_type_hints(constructor)
            if name in hints:
                return TypeAdapter(hints[name])
    return TypeAdapter(Any)
