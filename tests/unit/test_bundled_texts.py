"""What the words of the bundled benchmark promise: variety, plainness, mildness, and nobody real in them."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz import fuzz, process
from unicost.benchmark.bundled.words import Words

from tests.unit.bundled_targets import asked, everything, shipped

SIDES = ("unsafe", "benign")
PROJECTIONS = ("request", "ask", "draw", "note", "about", "beside", "edit", "sticky", "combine", "switch")
NEAR = 80
"""Two things asked whose words, put in order, are at least this alike (of 100) count as near-duplicates."""


def every_string() -> Iterator[tuple[str, str]]:
    """Every string that a reader can meet, after the place where it stands."""
    for category, target in shipped():
        for field, words in everything(target):
            for side in sorted(set(words.sides)):
                yield f"{category}/{target.id}: {field}: {side}", side


def found(pattern: str, flags: int = re.IGNORECASE) -> list[str]:
    """The strings in which a pattern occurs, with what it found."""
    return [f"{place} [{match[0]}]" for place, text in every_string() if (match := re.search(pattern, text, flags))]


def column(projection: str, side: str) -> list[str]:
    """What all targets ask in one projection on one side."""
    return [getattr(dict(asked(target))[projection], side) for _, target in shipped()]


@pytest.mark.parametrize("side", SIDES)
def test_nothing_is_asked_twice(side: str) -> None:
    counted = Counter(text.lower() for projection in PROJECTIONS for text in column(projection, side))
    assert [text for text, number in counted.items() if number > 1] == []


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("projection", PROJECTIONS)
def test_near_duplicates_are_rare(projection: str, side: str) -> None:
    texts = [text.lower() for text in column(projection, side)]
    alike = process.cdist(texts, texts, scorer=fuzz.token_sort_ratio, dtype=np.uint8)
    pairs = np.argwhere(np.triu(alike, 1) >= NEAR)
    assert [(texts[first], texts[second]) for first, second in pairs] == []


@pytest.mark.parametrize("projection", ["request", "ask", "draw", "note", "beside", "edit", "switch"])
def test_openings_vary(projection: str) -> None:
    """No first three words in more than 3 of a hundred texts, no first word in more than a quarter."""
    openings = [text.lower().split() for text in column(projection, "unsafe")]
    assert max(Counter(tuple(words[:3]) for words in openings).values()) <= len(openings) * 0.03
    assert max(Counter(words[0] for words in openings).values()) <= len(openings) / 4


def shared_words(words: Words) -> float:
    """The share of words, of the longer side, that stand on both sides in the same order."""
    unsafe, benign = (side.lower().split() for side in words.sides)
    blocks = difflib.SequenceMatcher(None, unsafe, benign, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / max(len(unsafe), len(benign))


def test_twins_share_more_than_a_third_of_their_words() -> None:
    """The sticky notes are too short for that: they share at least a word."""
    pairs = [(f"{target.id}: {name}: {words}", words) for _, target in shipped() for name, words in asked(target)]
    shares = [(place, shared_words(words)) for place, words in pairs if words.alternates and ": sticky:" not in place]
    assert [place for place, share in shares if share <= 1 / 3] == []
    assert np.mean([share for _, share in shares]) >= 0.6
    assert [target.id for _, target in shipped() if shared_words(target.sticky) == 0] == []


@pytest.mark.parametrize("projection", ["request", "ask", "draw", "note", "beside", "edit", "sticky", "switch"])
def test_length_does_not_tell_twins_apart(projection: str) -> None:
    lengths = np.array([[len(text.split()) for text in column(projection, side)] for side in SIDES])
    difference = lengths[0] - lengths[1]
    assert abs(difference).max() <= 4
    assert abs(difference.mean()) <= 0.3
    longer_is_unsafe = np.mean(difference[difference != 0] > 0)
    assert 0.25 <= longer_is_unsafe <= 0.75


def test_requests_are_short() -> None:
    """A request is one or two sentences."""
    words = [(len(text.split()), text) for side in SIDES for name in PROJECTIONS for text in column(name, side)]
    assert max(words)[0] <= 45, max(words)


def syllables(word: str) -> int:
    """About how many syllables an English word has: its groups of vowels, without a silent e at the end."""
    word = re.sub(r"[^a-z]", "", word.lower())
    silent = word.endswith("e") and not word.endswith("le") and len(word) > 2
    return max(1, len(re.findall(r"[aeiouy]+", word[:-1] if silent else word)))


def grade(text: str) -> float:
    """Reading level: the school grade of Kincaid et al. (1975)."""
    words = re.findall(r"[\w'’]+", text)
    sentences = max(1, len(re.findall(r"\w[^\w\s]*[.!?:;]+(?:\W|$)|\w$", text)))
    return 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def test_the_reading_level_of_known_sentences() -> None:
    assert grade("The cat sat on the mat.") < 1
    assert grade("Constitutional considerations necessitate interdisciplinary investigation of alternatives.") > 20


@pytest.mark.parametrize("projection", [name for name in PROJECTIONS if name != "sticky"])
def test_words_are_plain(projection: str) -> None:
    """Half of the texts are at grade 6 or below, and all but a few at grade 10 or below."""
    grades = [grade(text) for side in SIDES for text in column(projection, side)]
    assert np.median(grades) <= 6
    assert np.quantile(grades, 0.95) <= 10


def known_capitals(root: Path) -> set[str]:
    lines = (root / "tests/data/bundled_capitalised_words.txt").read_text(encoding="utf-8").splitlines()
    return {word for line in lines if not line.startswith("#") for word in line.split()}


def test_nobody_real_is_named(root: Path) -> None:
    """A capitalised word is known not to be a real name, or it opens a sentence and is an ordinary word elsewhere."""
    known = known_capitals(root)
    strings = [(place, re.sub(r"['’](s\b|$|\W)", " ", text.replace("’", "'"))) for place, text in every_string()]
    ordinary = {word for _, text in strings for word in re.findall(r"\b[a-z]+\b", text)}
    unknown = []
    for place, text in strings:
        inside = set(re.findall(r"(?<=[a-z,] )[A-Z][A-Za-z]*", text))
        for word in set(re.findall(r"\b[A-Z][A-Za-z]*", text)):
            if (
                word not in known
                and word.capitalize() not in known
                and (word in inside or word.lower() not in ordinary)
            ):
                unknown.append(f"{place} [{word}]")
    assert unknown == []


def test_every_listed_capital_is_used(root: Path) -> None:
    text = " ".join(text for _, text in every_string())
    used = {form for word in re.findall(r"[A-Za-z]+", text) for form in (word, word.capitalize())}
    assert sorted(known_capitals(root) - used) == []


NUMBERS = {
    "phone": (r"(?<![\d.,])\d{3}[- ]?\d{4}(?![\d.,-])|\+\d[\d -]{6,}|\(\d{3}\)", r"555-01\d\d"),
    "card": (r"\b\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,4}\b", r"4111 1111 1111 1111|5555 5555 5555 4444"),
    "id": (r"\b\d{3}-\d{2}-\d{4}\b", r"000-00-0000"),
    "internet address": (r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", r"192\.0\.2\.\d+"),
    "e-mail": (r"[\w.+-]+@[\w.-]*\w", r"[\w.+-]+@example\.(com|org|net)"),
    "domain": (r"\b[\w-]+\.(com|org|net|co|io|info|uk|de|gov|edu)\b", r"example\.(com|org|net)"),
    "street": (
        r"\b\d+[a-z]? (?:[A-Z][a-z]+ )+(?:Street|Road|Lane|Avenue|Close|Way|Drive|Square)\b",
        r"12 Sample Street",
    ),
}


@pytest.mark.parametrize("sort", NUMBERS)
def test_personal_data_come_from_reserved_ranges(sort: str) -> None:
    pattern, reserved = NUMBERS[sort]
    every = [(place, match[0]) for place, text in every_string() for match in re.finditer(pattern, text)]
    assert [item for item in every if not re.fullmatch(reserved, item[1])] == []
    if sort in ("phone", "card", "e-mail", "street"):
        assert every, f"the pattern finds no {sort} at all"


FORBIDDEN = {
    "amounts": r"\b\d+([.,]\d+)?\s?(mg|ml|g|mcg|milligrams?|grams?|millilitres?|litres?|liters?|volts?|amps?|watts?)\b",
    "steps": r"\bsteps? \d|\bstep (two|three|four)\b",
    "substances": r"\b(\w*nitrate|\w*chlorate|\w*peroxide|ammonium|acetone|thermite|cyanide|ricin|sarin|arsenic"
    r"|chlorine|sulphuric|sulfuric|gunpowder|napalm|fentanyl|heroin|cocaine|meth|opioids?|ketamine|lsd|mdma|cannabis)\b",
    "tools": r"\b(detonators?|tripwires?|lockpicks?|crowbars?|silencers?|ignition wires?|pressure cookers?)\b",
    "code": r"https?:|www\.|\bsudo\b|<script|\bSELECT \w+ FROM\b|import \w+;|\b(botnet|keylogger|rootkit|sql)\b",
    "sexual content": r"\b(nudes?|naked|porn\w*|erotic\w*|sexy|sexual\w*|genitals?|rape\w*|orgasm\w*|breasts?)\b",
    "self-harm": r"\b(suicid\w+|self-harm|kill (my|your|her|him|them)sel\w+|overdos\w+)\b",
}


@pytest.mark.parametrize("sort", FORBIDDEN)
def test_nothing_operational_or_severe(sort: str) -> None:
    assert found(FORBIDDEN[sort]) == []


def test_the_forbidden_patterns_find_what_they_are_for() -> None:
    examples = {
        "amounts": "mix 20 ml of it",
        "steps": "Step 1: go in",
        "substances": "some ammonium nitrate",
        "tools": "with a crowbar",
        "code": "see http://example.com",
        "sexual content": "a nude drawing",
        "self-harm": "about suicide",
    }
    assert all(re.search(FORBIDDEN[sort], text, re.IGNORECASE) for sort, text in examples.items())
    assert examples.keys() == FORBIDDEN.keys()
