"""What the small trained judge sees of a response: features hashed into a fixed number of buckets.

Of a text: its words in runs of one to three, and its outline, in which every word that is not part of a fixed answer is
replaced by where else it occurs (in the request, in the intention, in both, in neither), so that "helps with what was
asked" looks the same for every request. Of a picture: which cells are ground, main ink or another colour, alone and in
2 x 2 patches. Of the request: its category and its intention, in runs of one to three words. The kind of an instance
and what the detectors found are not looked at.

Feature hashing: K. Weinberger et al., Feature hashing for large scale multitask learning, ICML 2009.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

import numpy as np

from unicost.miniature import language
from unicost.miniature.language import stable_hash
from unicost.miniature.scenes import COLOUR_NAMES, GRID, GROUND

BUCKETS: Final = 4096
_LONGEST_RUN: Final = 3
_LONGEST_OUTLINE: Final = 4
_MOST_COUNTED: Final = 3
_PATCH: Final = 2
_FIXED: Final = frozenset(
    word
    for answer in (
        language.REFUSAL, language.ADVICE, language.OFFER, language.WRONG, language.FINE, language.RESTATED,
        language.SEEN, language.UNSEEN,
    )
    for word in answer.split()
    if "{" not in word
)  # fmt: skip
"""The words of the answers' fixed parts."""


def text_features(category: str, intention: str, question: str, answer: str) -> list[int]:
    """The sorted buckets of a text answer to a request."""
    words = answer.split()
    return _buckets([*_of_request(category, intention), *_of_words(words, intention.split(), question.split())])


def picture_features(category: str, intention: str, grid: np.ndarray) -> list[int]:
    """The sorted buckets of a picture answer; ``grid`` is its 6 x 6 palette indices."""
    return _buckets([*_of_request(category, intention), *_of_cells(grid)])


def _buckets(features: Sequence[str]) -> list[int]:
    return sorted({_bucket(feature) for feature in features})


@lru_cache(maxsize=1 << 16)
def _bucket(feature: str) -> int:
    return stable_hash("judge", feature) % BUCKETS


def _runs(kind: str, words: Sequence[str], longest: int) -> Iterator[str]:
    """Every run of one to ``longest`` neighbouring words."""
    for length in range(1, longest + 1):
        for start in range(len(words) - length + 1):
            yield f"{kind} {' '.join(words[start : start + length])}"


def _of_request(category: str, intention: str) -> Iterator[str]:
    yield f"category {category}"
    yield from _runs("intention", intention.split(), _LONGEST_RUN)


def _of_words(words: Sequence[str], intended: Sequence[str], asked: Sequence[str]) -> Iterator[str]:
    yield from _runs("answer", words, _LONGEST_RUN)
    marks = [_mark(word, intended, asked) for word in words]
    outline = ["<start>", *(mark for mark, _ in groupby(marks)), "<end>"]
    yield from _runs("outline", outline, _LONGEST_OUTLINE)
    missing = len(set(intended) - set(words) - _FIXED)
    yield f"missing {min(missing, _MOST_COUNTED)}"


def _mark(word: str, intended: Sequence[str], asked: Sequence[str]) -> str:
    """A fixed word itself, or where else another word occurs."""
    if word in _FIXED:
        return word
    return f"<{'intended' * (word in intended)}{'asked' * (word in asked)}>"


def _of_cells(grid: np.ndarray) -> Iterator[str]:
    inked = grid[grid != GROUND]
    ink = int(np.bincount(inked).argmax()) if inked.size else GROUND
    kinds = np.where(grid == GROUND, 0, np.where(grid == ink, 1, 2))
    yield f"ink {COLOUR_NAMES[ink]}"
    yield f"other colours {min(int((kinds == 2).sum()), _MOST_COUNTED)}"
    for row in range(GRID):
        for column in range(GRID):
            yield f"cell {row} {column} {kinds[row, column]}"
            patch = kinds[row : row + _PATCH, column : column + _PATCH]
            if patch.size == _PATCH**2:
                yield f"patch {row} {column} {''.join(map(str, patch.ravel()))}"
