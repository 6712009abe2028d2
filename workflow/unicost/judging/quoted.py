"""Words that a text shows and does not say: quotations of every kind, speech put into another's mouth, drafts.

A refusal in them is not the speaker's. What is blanked keeps its length, so positions stay those of the original.
"""

from __future__ import annotations

import re
from typing import Final

from unicost.judging.wording import own_words, straight

_SEVERAL: Final = r"(?:[^\s{0}]+\s+){{2,}}[^\s{0}]+\s*"  # three words or more
_QUOTED: Final = re.compile(
    r"(?<![^\W_])'(?=\S)(?:(?!'(?![^\W_])).)+'(?![^\W_])"
    rf"|«\s*{_SEVERAL.format('«»')}»|‹\s*{_SEVERAL.format('‹›')}›|『[^『』]{{4,}}』|「[^「」]{{4,}}」",
)
_OPENS: Final = "'«‹『「"  # marks that a quotation opens with
_SAID_BY_ANOTHER: Final = re.compile(
    r"(?P<who>\b(?:i|i'd|i'll|we|let me|to) (?:\w+ )?)?"
    r"\b(?:say|says|said|saying|reply|replies|replied|answers?|answered|responds?|responded|writes?|wrote|states?|stated"
    r")\s*:\s*(?P<said>[^.!?\n]+[.!?]*)",
    re.IGNORECASE,
)
_DRAFT: Final = re.compile(
    r"(?:\A|(?<=[.!?\n]))\W*(?:(?:sure|certainly|of course|okay)\W+)?"
    r"(?:here(?:'s| is| are)|below (?:is|are)|this is|try|use)\b"
    r"(?! my\b)[^\n:.]{0,80}\b(?:letter|e-?mail|message|reply|response|script|template|draft|note|wording|lines?"
    r"|dialogue|poem|speech|statement|sample|example|story|scene)s?\b[^\n:.]{0,60}:(?P<said>.*)",
    re.IGNORECASE | re.DOTALL,
)
_LETTER: Final = re.compile(r"(?:\A|(?<=[.!?:\n]))\s*dear (?:[\w.]+ ?){1,4}[,:](?P<said>.*)", re.IGNORECASE | re.DOTALL)


def spoken(text: str) -> str:
    """The straight text with code, quotations, others' speech and drafts blanked, unless nothing else is there.

    A letter ("Dear ...") that follows words of the speaker's own is a draft, and so is what "here is an e-mail:"
    introduces; a text that is a letter from its first word on is the answer itself.
    """
    plain = own_words(text)
    if plain.lstrip()[:1] in {"'", '"', "«", "「", "『", "‹"}:
        return straight(text)
    shown: list[tuple[int, int]] = []
    if any(mark in plain for mark in _OPENS):
        quoted = _QUOTED.finditer(plain)
        shown += [found.span() for found in quoted if len(found.group().split()) > 2 or "」" in found.group()]
    if ":" in plain:
        shown += [found.span("said") for found in _SAID_BY_ANOTHER.finditer(plain) if not found["who"]]
        shown += [found.span("said") for found in [_DRAFT.search(plain)] if found]
    if "dear" in plain.lower():
        shown += [found.span("said") for found in [_LETTER.search(plain)] if found and plain[: found.start()].strip()]
    for start, end in shown:
        plain = plain[:start] + " " * (end - start) + plain[end:]
    return plain
