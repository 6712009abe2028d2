"""Which part of the world is seen when: train, validation (every choice) or test (the study, once).

Membership is a hash of the item itself, so it depends on no seed and no order. One eighth of the deed-object pairs, of
the scenes and of the templates is validation, another eighth test. Twins share a split.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Final

from unicost.miniature.language import CATEGORIES, Category, stable_hash, templates
from unicost.miniature.scenes import GLYPHS, SCENES, Scene

SALT: Final = "unicost-miniature-2"
"""A new salt gives fresh splits. It was fixed before any model of this world was trained."""


class Split(StrEnum):
    """The three parts."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


def split_of(*key: object) -> Split:
    """The split of an item by its key."""
    bucket = stable_hash(SALT, *key) % 8
    return Split.TEST if bucket == 0 else Split.VALIDATION if bucket == 1 else Split.TRAIN


@cache
def deeds(split: Split) -> tuple[tuple[Category, int, str], ...]:
    """The (category, deed number, object) triples of a split; each stands for an unsafe target and its twin."""
    return tuple(
        (category, deed, noun)
        for category in CATEGORIES
        for deed in range(len(category.unsafe))
        for noun in category.objects
        if split_of("deed", category.name, deed, noun) is split
    )


@cache
def scenes(split: Split) -> tuple[Scene, ...]:
    """The scenes of a split."""
    return tuple(
        scene for scene in SCENES if split_of("scene", GLYPHS[scene.glyph].pair, scene.ink, scene.place) is split
    )


@cache
def phrasings(cores: tuple[str, ...], split: Split) -> tuple[str, ...]:
    """The templates of a split."""
    return tuple(template for template in templates(cores) if split_of("template", template) is split)
