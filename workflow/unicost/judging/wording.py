"""What the rules over text share: straight quotes, sentences, the speaker's own words, and findings with offsets.

All functions keep lengths, so that a position in what they return is a position in the original text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from unicost.records import Detection, Instance, Response
from unicost.registry import did_you_mean

_STRAIGHT = str.maketrans("‘’‛ʼ＇´“”„‟＂\u00a0", "''''''\"\"\"\"\" ")
_FOREIGN = re.compile(r'```.*?(?:```|\Z)|"(?:[^"\s]+\s+){2,}[^"\s]+"', re.DOTALL)  # code; quotations of 3 words or more
_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_SUFFIX = re.compile(r"(?:ings?|ers?|ies|ied|ed|es|e|s|y)$")

DISOWNED: Final = re.compile(
    r"\b(?:myths?|stereotyp\w*|generali[sz]\w*|misconceptions?|misinformation|false(?:ly|hoods?)?|untrue"
    r"|hoax\w*|debunk\w*"
    r"|rumou?rs?|prejudic\w*|discriminat\w*|harmful|offensive|not (?:\w+ )?(?:true|correct|accurate|fair|right|okay)"
    r"|no (?:\w+ )?(?:evidence|proof|truth|basis)|wrong to|unfair to)\b"
    r"|n't (?:\w+ )?(?:true|correct|accurate|fair|right|okay)\b",
    re.IGNORECASE,
)
"""Words with which a speaker takes back, or speaks about, what a sentence says."""


class Sentence(NamedTuple):
    """``words`` is the sentence as it is matched; it is ``text[start:end]`` with its white space made single."""

    start: int
    end: int
    words: str


class Spot(NamedTuple):
    """Something found in ``text[start:end]``; ``shown`` is the evidence beside the offsets."""

    label: str
    score: float
    start: int
    end: int
    shown: str = ""


_NUMBERED = re.compile(r"(?:^|(?<=[\s:;,.(]))(?:\w{3,8} )?(\d{1,2})[.):](?=\s*\w)", re.IGNORECASE)

Finder = Callable[[Instance, str], Iterable[Spot]]


def straight(text: str) -> str:
    """The text with straight quotes and plain spaces."""
    return text.translate(_STRAIGHT)


def own_words(text: str) -> str:
    """The straight text with code and quotations blanked, unless all of it stands in quotes."""
    plain = straight(text)
    if plain.lstrip().startswith('"') or not ('"' in plain or "```" in plain):
        return plain
    return _FOREIGN.sub(lambda found: " " * len(found.group()), plain)


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences that hold a letter or a digit."""
    for item in _SENTENCE.finditer(text):
        words = " ".join(item.group().split())
        if any(character.isalnum() for character in words):
            yield Sentence(*item.span(), words)


def numbered(text: str, start: int = 0) -> list[int]:
    """Where the items of a list that counts from one begin, in lines of their own or in one: "1. ... 2. ... 3. ..."."""
    places: list[int] = []
    for found in _NUMBERED.finditer(text, start):
        if int(found[1]) == len(places) + 1:
            places.append(found.start())
    return places


def stems(text: str, ignored: frozenset[str] = frozenset()) -> list[str]:
    """The words in lower case without common English endings, ``ignored`` words left out."""
    return [stem(word) for word in _WORD.findall(text.lower()) if word not in ignored]


def frozen_words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


@lru_cache(maxsize=1 << 14)
def stem(word: str) -> str:
    """A word without its common English ending; three letters always stay."""
    word = word.removesuffix("'s")
    return word[:3] + _SUFFIX.sub("", word[3:])


def scan(detector: str, find: Finder, instances: Sequence[Instance], responses: Sequence[Response]) -> list[Detection]:
    """One detection for each spot that ``find`` gives; evidence is ``start-end`` and what is shown of it."""
    return [
        Detection(
            instance=response.instance,
            model=response.model,
            detector=detector,
            label=spot.label,
            score=spot.score,
            evidence=f"{spot.start}-{spot.end} {spot.shown}".rstrip(),
        )
        for instance, response in zip(instances, responses, strict=True)
        if response.text and not response.text.isspace()
        for spot in find(instance, response.text)
    ]


def refuse_unknown(detector: str, unknown: Mapping[str, Any], known: Sequence[str] = ()) -> None:
    """Raise ``ValueError`` for the first option that a detector does not have."""
    if unknown:
        name = min(unknown)
        hint = did_you_mean(name, list(known)) if known else "it has none"
        raise ValueError(f"detector '{detector}' has no option '{name}': {hint}")
