"""The shipped targets of the bundled benchmark, and their words one by one, for the tests of what they promise."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from unicost.benchmark.bundled.scenes import Message
from unicost.benchmark.bundled.source import SHIPPED
from unicost.benchmark.bundled.targets import Target, read_targets
from unicost.benchmark.bundled.words import Words

ASKED = ("request", "ask", "draw", "note", "about", "beside", "edit", "sticky")
SCENES = ("picture", "base")


@cache
def shipped() -> tuple[tuple[str, Target], ...]:
    """Every target with its category."""
    return tuple(
        (file.stem.capitalize(), target) for file in sorted(SHIPPED.glob("*.yaml")) for target in read_targets(file)
    )


def asked(target: Target) -> Iterator[tuple[str, Words]]:
    """What a user says, by projection."""
    yield from ((name, getattr(target, name)) for name in ASKED)
    yield "combine", target.combine.ask
    yield "switch", target.switch.ask


def scenes(target: Target) -> Iterator[tuple[str, Any]]:
    """The three scenes."""
    yield "picture", target.picture
    yield "combine.scene", target.combine.scene
    yield "base", target.base


def drawn(target: Target) -> Iterator[tuple[str, Words]]:
    """The words in the scenes; the names of icons are not among them."""
    for name, scene in scenes(target):
        for key, value in vars(scene).items():
            if key not in ("icon", "items"):
                yield from ((name, words) for words in _words(value))


def everything(target: Target) -> Iterator[tuple[str, Words]]:
    """All words of a target that anybody reads or sees."""
    yield "intention", target.intention
    yield from (("lead", words) for words in target.lead)
    yield from asked(target)
    yield from drawn(target)


def _words(value: Any) -> Iterator[Words]:
    if isinstance(value, Words):
        yield value
    elif isinstance(value, Message):
        yield value.words
    elif isinstance(value, tuple):
        for part in value:
            yield from _words(part)
