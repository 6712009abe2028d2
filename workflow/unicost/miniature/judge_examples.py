"""What the small trained judge learns from: answers of every sort to the training split, labelled by construction.

The requests are the training split's own. The answers are made, not any model's: refusals, help, both, help with
something else, opinions, captions, announcements, near misses (one word or one cell off), a look-alike drawn, answers
that break off, stray words, word salad, noise. The annotator labels them; what it leaves unscored is kept, so that the
judge learns where not to be sure.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from unicost.interfaces import JudgeRequest
from unicost.miniature import language, requests, splits
from unicost.miniature.annotator import Construction
from unicost.miniature.language import CATEGORIES, POINTERS, PRECAUTIONS, TIPS, USES
from unicost.miniature.recipes import JudgeRecipe
from unicost.miniature.scenes import COLOUR_NAMES, GLYPHS, GRID, GROUND, INKS, PLACES, SIGNS, Scene, cells, to_png
from unicost.miniature.source import MiniatureWorld
from unicost.miniature.splits import Split
from unicost.progress import track
from unicost.records import Aspect, Image, Instance, Label, Modality, Response

_INTENTIONS: Final = (requests.HOW, requests.PICTURE, requests.WRONG, requests.MEANS)
_FRAMES: Final = (language.ADVICE,) * 4 + (language.WRONG, language.FINE, language.RESTATED)


@dataclass(frozen=True)
class LabelledAnswer:
    """A request with an answer, and its labels by construction."""

    request: JudgeRequest
    labels: dict[Aspect, Label]


def labelled_answers(recipe: JudgeRecipe) -> Iterator[LabelledAnswer]:
    """The made answers to the training split's instances, in a fixed order."""
    annotator = Construction()
    asked = [
        (instance, number)
        for instance in MiniatureWorld(split=Split.TRAIN, per_cell=recipe.per_cell).instances()
        for number in range(recipe.picture_answers if instance.expected is Modality.IMAGE else recipe.text_answers)
    ]
    for instance, number in track(asked, len(asked), "make answers for the judge", "answer"):
        response = _response(instance, random.Random(f"{recipe.seed}/{instance.id}/{number}"))
        request = JudgeRequest(instance, response, instance.intention)
        yield LabelledAnswer(request, {row.aspect: row.label for row in annotator.judge([request])})


def _response(instance: Instance, rng: random.Random) -> Response:
    if instance.expected is Modality.IMAGE:
        image = Image(to_png(_Pictures(instance, rng).draw(), scale=1))
        return Response(instance.id, "", "", 0, image=image)
    return Response(instance.id, "", "", 0, text=_Texts(instance, rng).write())


@cache
def _phrases() -> tuple[str, ...]:
    """The phrase of every target of the training split."""
    deeds = [
        language.deed_target(category, deed, noun, unsafe).phrase
        for category, deed, noun in splits.deeds(Split.TRAIN)
        for unsafe in (True, False)
    ]
    return (*deeds, *(f"{verb} a {name}" for verb in USES + PRECAUTIONS for name in GLYPHS))


@cache
def _neighbours() -> dict[str, list[str]]:
    """The phrases that begin, and those that end, with a word."""
    found = defaultdict(list)
    for phrase in _phrases():
        found[f"begins {phrase.split()[0]}"].append(phrase)
        found[f"ends {phrase.split()[-1]}"].append(phrase)
    return found


class _Texts:
    """Writes text answers to one request."""

    def __init__(self, instance: Instance, rng: random.Random) -> None:
        self._pick: Any = rng.choice
        self._random, self._shuffle = rng.random, rng.shuffle
        self._instance = instance
        prefix = next((prefix for prefix in _INTENTIONS if instance.intention.startswith(prefix)), instance.intention)
        self._asked = instance.intention.removeprefix(prefix)

    def write(self) -> str:
        """One or two sentences, now and then damaged."""
        chance = self._random()
        sentences = [self._refusal() if chance < 0.35 else self._sentence()]
        if chance < 0.2 or chance > 0.92:
            sentences.append(self._sentence())
        if chance > 0.97:
            self._shuffle(sentences)
        return self._damaged(" ".join(sentences))

    def _refusal(self) -> str:
        own = self._random() < 0.6
        return language.refuse(self._instance.category if own else self._pick(CATEGORIES).name)

    def _sentence(self) -> str:
        """A sentence that does something: what was asked, nearly that, or something else."""
        chance = self._random()
        if chance < 0.12 and self._instance.reference_answer is not None:
            return self._instance.reference_answer
        about_scene = self._instance.intention.startswith((requests.PICTURE, requests.WHAT))
        if chance < (0.75 if about_scene else 0.22):
            return str(self._pick((language.OFFER, language.OFFER, "{x} ."))).format(x=self._scene().phrase)
        if chance < (0.78 if about_scene else 0.25):
            return str(self._pick((language.SEEN, language.UNSEEN))).format(x=f"a {self._pick(tuple(GLYPHS))}")
        phrase = self._phrase()
        tip = self._pick(TIPS) if self._random() < 0.5 else language.tip(phrase.split()[0])
        sentence = str(self._pick(_FRAMES)).format(x=phrase, tip=tip, word=self._pick(CATEGORIES).word)
        return sentence.removeprefix("sure , ") if self._random() < 0.15 else sentence

    def _phrase(self) -> str:
        chance = self._random()
        known = self._asked if self._asked in _phrases() else self._pick(_phrases())
        if chance < 0.45:
            return known
        if chance < 0.6:
            return self._pointed(known.split()[0])
        if chance < 0.8:
            shared = self._pick((f"begins {known.split()[0]}", f"ends {known.split()[-1]}"))
            return str(self._pick(_neighbours()[shared]))
        other = str(self._pick(_phrases()))
        if chance < 0.86:  # what nobody asks, such as to buy a colleague
            return f"{other.split(maxsplit=1)[0]} {known.partition(' ')[2]}"
        return other

    def _pointed(self, verb: str) -> str:
        """A phrase that points at the picture, mostly as the question does."""
        question = self._instance.turns[-1].text
        pointer = next((pointer for pointer in POINTERS if f" {pointer} " in question), POINTERS[0])
        return f"{verb} {pointer if self._random() < 0.7 else self._pick(POINTERS)}"

    def _scene(self) -> Scene:
        """The scene asked for, one that differs in a word, or any other."""
        words = self._asked.split()
        if not self._instance.intention.startswith(requests.PICTURE) or self._random() < 0.2:
            return self._pick(splits.scenes(Split.TRAIN))  # type: ignore[no-any-return]
        return _altered(Scene(words[2], words[1], " ".join(words[3:])), self._pick, self._random)

    def _damaged(self, text: str) -> str:
        chance, words = self._random(), text.split()
        if chance < 0.7:
            return text
        if chance < 0.76:  # breaks off
            return " ".join(words[: self._place(words)])
        if chance < 0.86:  # breaks off and goes on with the end of another sentence
            other = self._sentence().split()
            return " ".join(words[: self._place(words)] + other[self._place(other) :])
        if chance < 0.9:  # words that do not belong, before it
            return " ".join([self._pick(words) for _ in range(self._pick((1, 2, 3, 4)))] + words)
        if chance < 0.96:  # one word replaced
            words[self._place(words) - 1] = self._pick(self._other_words())
            return " ".join(words)
        return " ".join(self._pick([*words, *self._other_words()]) for _ in words)  # word salad

    def _place(self, words: list[str]) -> int:
        """Somewhere in a sentence, after its first word, often right after it."""
        return 1 + int(self._random() ** 1.5 * len(words))

    def _other_words(self) -> list[str]:
        return f"{self._pick(_phrases())} {self._pick(TIPS)} {self._instance.turns[-1].text}".split()


def _altered(scene: Scene, pick: Any, chance: Any) -> Scene:
    """The scene, its twin, or one that differs in thing, ink or place."""
    part = chance()
    if part < 0.5:
        return scene
    if part < 0.65:
        return scene.twin()
    if part < 0.8:
        return Scene(scene.glyph, pick(INKS), scene.place)
    if part < 0.9:
        return Scene(scene.glyph, scene.ink, pick(tuple(PLACES)))
    return Scene(pick(tuple(GLYPHS)), scene.ink, scene.place)


class _Pictures:
    """Draws picture answers to one request."""

    def __init__(self, instance: Instance, rng: random.Random) -> None:
        self._pick: Any = rng.choice
        self._random = rng.random
        words = instance.intention.removeprefix(requests.PICTURE).split()
        self._asked = Scene(words[2], words[1], " ".join(words[3:]))

    def draw(self) -> np.ndarray:
        """6 x 6 palette indices."""
        chance = self._random()
        if chance < 0.04:
            return np.array([self._colour() for _ in range(GRID**2)]).reshape(GRID, GRID)
        scene = _altered(self._asked, self._pick, self._random)
        if chance < 0.4:
            scene = self._pick(splits.scenes(Split.TRAIN))
        grid = cells(scene, self._pick(tuple(SIGNS)) if self._random() < 0.1 else None).copy()
        if self._random() < 0.25:
            self._blend(grid, scene)
        self._recolour(grid)
        self._spoil(grid)
        return grid

    def _colour(self) -> int:
        return int(self._pick(range(len(COLOUR_NAMES))))

    def _blend(self, grid: np.ndarray, scene: Scene) -> None:
        """Some cells of another thing in the same place, or of the twin: undecided between the two."""
        other = self._pick((scene.twin(), Scene(self._pick(tuple(GLYPHS)), scene.ink, scene.place)))
        share = self._random()
        taken = np.array([self._random() < share for _ in range(GRID**2)]).reshape(GRID, GRID)
        grid[taken] = cells(other)[taken]

    def _recolour(self, grid: np.ndarray) -> None:
        """Now and then two inks, or an ink or a ground that no scene has."""
        chance, inked = self._random(), grid != GROUND
        if chance < 0.04:
            grid[inked] = [self._pick((int(ink), self._colour())) for ink in grid[inked]]
        elif chance < 0.08:
            grid[inked] = self._colour()
        elif chance < 0.1:
            grid[~inked] = self._colour()

    def _spoil(self, grid: np.ndarray) -> None:
        """Some wrong cells: mostly ink where ground should be, or the other way round."""
        ink = int(grid.max())
        for _ in range(self._pick((0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 8))):
            row, column = int(self._random() * GRID), int(self._random() * GRID)
            flipped = ink if grid[row, column] == GROUND else GROUND
            grid[row, column] = flipped if self._random() < 0.85 else self._colour()
