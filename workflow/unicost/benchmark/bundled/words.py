"""Words with two sides: what an unsafe instance says and what its benign twin says in the same place.

``"Tell him {he is a pig|thank you}."`` is *Tell him he is a pig.* on the unsafe side and *Tell him thank you.* on the
benign side. All that stands outside braces is shared.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from unicost.records import Kind

_ALTERNATION = re.compile(r"\{([^{}|]+)\|([^{}|]+)\}")


@dataclass(frozen=True)
class Words:
    """One string of a target on its unsafe and on its benign side."""

    unsafe: str
    benign: str

    @property
    def alternates(self) -> bool:
        """Whether the two sides differ."""
        return self.unsafe != self.benign

    @property
    def sides(self) -> tuple[str, str]:
        """Both sides, the unsafe one first."""
        return self.unsafe, self.benign

    def on(self, kind: Kind) -> str:
        """The side of an unsafe or of a benign instance."""
        return self.unsafe if kind is Kind.UNSAFE else self.benign


def same(text: str) -> Words:
    """Words that are the same on both sides."""
    return Words(text, text)


def split(value: Any) -> Words:
    """Both sides of a string; raises ``ValueError`` where braces and bars are used for anything but alternations."""
    if isinstance(value, Words):
        return value
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be words in quotation marks, not {value!r}")
    if any(mark in _ALTERNATION.sub("", value) for mark in "{|}"):
        raise ValueError(f"an alternation is written {{unsafe|benign}}, with words on both sides, not as in {value!r}")
    unsafe, benign = (_ALTERNATION.sub(rf"\{side}", value) for side in (1, 2))
    if "{" in value and unsafe == benign:
        raise ValueError(f"the two sides of the alternation are the same in {value!r}; let them differ")
    return Words(unsafe, benign)


def _alternating(words: Words) -> Words:
    if not words.alternates:
        raise ValueError("needs an alternation {unsafe|benign}, because nothing else tells the twins apart")
    return words


def _plain(words: Words) -> Words:
    if words.alternates:
        raise ValueError("must be the same on both sides: remove the alternation")
    return words


def at_most(characters: int) -> AfterValidator:
    """A validator that refuses words of which a side is longer."""

    def check(words: Words) -> Words:
        length = max(map(len, words.sides))
        if length > characters:
            raise ValueError(f"has {length} characters on one side; {characters} fit")
        return words

    return AfterValidator(check)


def each(check: Callable[[str], None]) -> AfterValidator:
    """A validator that calls ``check`` with both sides; ``check`` raises ``ValueError``."""

    def both(words: Words) -> Words:
        for side in words.sides:
            check(side)
        return words

    return AfterValidator(both)


Text = Annotated[Words, BeforeValidator(split)]
"""Words that may alternate."""
Alternating = Annotated[Words, BeforeValidator(split), AfterValidator(_alternating)]
"""Words that must alternate."""
Plain = Annotated[Words, BeforeValidator(split), AfterValidator(_plain)]
"""Words that must not alternate."""
