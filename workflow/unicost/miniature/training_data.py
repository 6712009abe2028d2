"""Training examples, drawn from the training split alone.

Batch number k of a kind depends on the seed, the kind and k, on nothing else: the understanding arm and the unified arm
of one seed see the very same understanding batches, and an interrupted training goes on where it was.

Kinds of batches: ``safety`` (requests of which half are unsafe and refused; what aligns the base and is replayed),
``safety_pictures`` (the same with pictures; replayed at one level alone), ``text`` (benign requests),
``understanding`` (picture and text to text, no refusals) and ``generation`` (text to picture, no refusals).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np

from unicost.miniature import language, splits
from unicost.miniature.language import (
    DESCRIBE,
    DO_YOU_SEE,
    DRAW,
    HOW_TO,
    IS_IT_WRONG,
    POINTERS,
    PRECAUTIONS,
    USES,
    WHAT_IS_IT,
)
from unicost.miniature.scenes import BENIGN_GLYPHS, GLYPHS, UNSAFE_GLYPHS, Scene, cells, thing_target
from unicost.miniature.splits import Split


class BatchKind(StrEnum):
    """What a training step is spent on."""

    SAFETY = "safety"
    SAFETY_PICTURES = "safety_pictures"
    TEXT = "text"
    UNDERSTANDING = "understanding"
    GENERATION = "generation"


@dataclass(frozen=True)
class Example:
    """Earlier (question, answer) exchanges, the question, the answer to learn, and the picture as 8 x 8 cells.

    In understanding examples the picture is part of the question; in generation examples it is the answer.
    """

    question: str
    answer: str = ""
    earlier: tuple[tuple[str, str], ...] = ()
    grid: np.ndarray | None = None


class Sampler:
    """Draws single examples with one random generator."""

    def __init__(self, rng: random.Random, uncurated_share: float) -> None:
        self._pick: Callable[..., Any] = rng.choice
        self._random = rng.random
        self._uncurated_share = uncurated_share

    def _template(self, cores: tuple[str, ...]) -> str:
        template: str = self._pick(splits.phrasings(cores, Split.TRAIN))
        return template

    def _scene(self, unsafe: bool | None = None) -> Scene:
        scene: Scene = self._pick(splits.scenes(Split.TRAIN))
        return scene if unsafe is None or scene.unsafe == unsafe else scene.twin()

    def _deed(self, unsafe: bool) -> language.Target:
        category, deed, noun = self._pick(splits.deeds(Split.TRAIN))
        return language.deed_target(category, deed, noun, unsafe)

    def _request(self, unsafe: bool) -> tuple[str, str]:
        """A request in text, to be refused if unsafe: deeds, uses of things, drawings, and harmless precautions."""
        chance = self._random()
        if chance < 0.35:
            scene = self._scene(unsafe)
            answer = language.refuse(GLYPHS[scene.glyph].category) if unsafe else language.OFFER.format(x=scene.phrase)
            return self._template(DRAW).format(x=scene.phrase), answer
        if chance < 0.78:
            target = self._deed(unsafe)
        elif unsafe or chance < 0.93:
            target = thing_target(self._pick(UNSAFE_GLYPHS if unsafe else BENIGN_GLYPHS), self._pick(USES))
        else:
            target = thing_target(self._pick(tuple(GLYPHS)), self._pick(PRECAUTIONS))
        return self._template(HOW_TO).format(x=target.phrase), language.aligned_answer(target)

    def _opinion(self) -> tuple[str, str]:
        """A harmless question about a deed or a use, unsafe ones included."""
        if self._random() < 0.75:
            target = self._deed(self._random() < 0.5)
        else:
            target = thing_target(self._pick(tuple(GLYPHS)), self._pick(USES))
        return self._template(IS_IT_WRONG).format(x=target.phrase), language.opinion(target)

    def text(self, unsafe_share: float) -> Example:
        """A text example; a quarter continue a conversation whose earlier exchange was benign."""
        earlier = (self._request(unsafe=False),) if self._random() < 0.25 else ()
        if self._random() < 0.25:
            question, answer = self._opinion()
        else:
            question, answer = self._request(self._random() < unsafe_share)
        return Example(question, answer, earlier)

    def understanding(self) -> Example:
        """Captions of any scene, benign requests beside or about a picture, harmless questions about any scene.

        Unsafe things are named in captions, opinions, precautions, restatements and in answers to "do you see", never
        in help with their use: a model that knows the thing shown, and every phrase, can still decline. Without these
        it names a benign look-alike or loses its words, and the test of cross-modal harm measures nothing.
        """
        makers = (self._caption, self._beside, self._shown_opinion, self._shown, self._sign, self._restated)
        shares = (0.3, 0.15, 0.07, 0.15, 0.13, 0.14)
        chance = self._random()
        for maker, share in zip(makers, shares, strict=True):
            if chance < share:
                return maker()
            chance -= share
        return self._seen()

    def _caption(self) -> Example:
        scene = self._scene()
        question = "" if self._random() < 0.25 else self._template(DESCRIBE)
        return Example(question, scene.caption, grid=cells(scene))

    def _beside(self) -> Example:
        """A benign request in words beside a picture that has nothing to do with it."""
        question, answer = self._request(unsafe=False)
        return Example(question, answer, grid=cells(self._scene(unsafe=False)))

    def _shown_opinion(self) -> Example:
        """Whether something would be wrong to do with the thing shown, any thing."""
        scene, verb = self._scene(), self._pick(USES)
        question = self._template(IS_IT_WRONG).format(x=f"{verb} {self._pick(POINTERS)}")
        return Example(question, language.opinion(thing_target(scene.glyph, verb)), grid=cells(scene))

    def _request_about(self) -> tuple[Scene, str]:
        """A scene and a verb that is harmless with the thing shown: a use of a benign thing, a precaution with any."""
        if self._random() < 0.4:
            return self._scene(), self._pick(PRECAUTIONS)
        return self._scene(unsafe=False), self._pick(USES)

    def _shown(self) -> Example:
        """A benign request in words about the thing shown."""
        scene, verb = self._request_about()
        question = self._template(HOW_TO).format(x=f"{verb} {self._pick(POINTERS)}")
        return Example(question, language.advise(thing_target(scene.glyph, verb)), grid=cells(scene))

    def _sign(self) -> Example:
        """A benign request by a sign in the picture alone."""
        scene, verb = self._request_about()
        return Example("", language.advise(thing_target(scene.glyph, verb)), grid=cells(scene, verb))

    def _restated(self) -> Example:
        """What it is to do something with the thing shown, or what a sign means: any thing, any verb, no help."""
        scene, verb = self._scene(), self._pick(USES + PRECAUTIONS)
        answer = language.RESTATED.format(x=thing_target(scene.glyph, verb).phrase)
        if self._random() < 0.5:
            return Example(self._template(DESCRIBE), answer, grid=cells(scene, verb))
        question = self._template(WHAT_IS_IT).format(x=f"{verb} {self._pick(POINTERS)}")
        return Example(question, answer, grid=cells(scene))

    def _seen(self) -> Example:
        """Whether some thing is in the picture; half the time it is not, and the answer says what is."""
        scene = self._scene()
        asked = scene.glyph if self._random() < 0.5 else self._pick([name for name in GLYPHS if name != scene.glyph])
        answer = language.SEEN if asked == scene.glyph else language.UNSEEN
        question = self._template(DO_YOU_SEE).format(x=f"a {asked}")
        return Example(question, answer.format(x=f"a {scene.glyph}"), grid=cells(scene))

    def safety_pictures(self, unsafe_share: float) -> Example:
        """A request with a picture, refused if unsafe: in words beside it, about the thing shown, or by a sign."""
        unsafe = self._random() < unsafe_share
        chance = self._random()
        if chance < 0.4:
            return Example(*self._request(unsafe), grid=cells(self._scene(unsafe=False)))
        scene, verb = self._scene(unsafe), self._pick(USES)
        answer = language.aligned_answer(thing_target(scene.glyph, verb))
        if chance < 0.7:
            question = self._template(HOW_TO).format(x=f"{verb} {self._pick(POINTERS)}")
            return Example(question, answer, grid=cells(scene))
        return Example("", answer, grid=cells(scene, verb))

    def generation(self) -> Example:
        """Instructions with benign scenes and, at the uncurated share, bare captions of any scene (web pairs)."""
        if self._random() < self._uncurated_share:
            scene = self._scene()
            return Example(scene.caption, grid=cells(scene))
        scene = self._scene(unsafe=False)
        return Example(self._template(DRAW).format(x=scene.phrase), grid=cells(scene))


_SAFETY_UNSAFE_SHARE: Final = 0.5


def batch(kind: BatchKind, seed: int, number: int, size: int, uncurated_share: float = 0.5) -> list[Example]:
    """Batch ``number`` of a kind."""
    sampler = Sampler(random.Random(f"{seed}/{kind}/{number}"), uncurated_share)
    if kind is BatchKind.UNDERSTANDING:
        return [sampler.understanding() for _ in range(size)]
    if kind is BatchKind.GENERATION:
        return [sampler.generation() for _ in range(size)]
    if kind is BatchKind.SAFETY_PICTURES:
        return [sampler.safety_pictures(_SAFETY_UNSAFE_SHARE) for _ in range(size)]
    share = _SAFETY_UNSAFE_SHARE if kind is BatchKind.SAFETY else 0.0
    return [sampler.text(share) for _ in range(size)]
