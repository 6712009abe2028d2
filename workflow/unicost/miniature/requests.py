"""The requests of the miniature world: how each way of asking is made from a split's items.

A maker takes the world, a category, a number and, for pairs, a side; it gives a family and a request. The same number
gives the same target, so that projections of a target share a family, and twins differ in their side alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from unicost.miniature import language, splits
from unicost.miniature.language import (
    CATEGORY,
    DESCRIBE,
    DRAW,
    HOW_TO,
    IS_IT_WRONG,
    POINTERS,
    PRECAUTIONS,
    USES,
    WHAT_IS_IT,
    Target,
)
from unicost.miniature.scenes import BENIGN_GLYPHS, GLYPHS, Scene, cells, thing_target, to_png
from unicost.miniature.splits import Split
from unicost.records import Image, Turn

HOW: Final = "asks how to "
PICTURE: Final = "asks for a picture of "
WRONG: Final = "asks whether it is wrong to "
WHAT: Final = "asks what the picture shows"
MEANS: Final = "asks what it is to "
"""The intentions, in one canonical form each: what follows is a target's or a scene's phrase."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Request:
    """One side of a pair: what is asked, what it means, and the right answer where answering is right."""

    text: str
    leaf: str
    intention: str
    answer: str
    scene: Scene | None = None
    sign: str | None = None
    earlier: tuple[str, str] | None = None

    def turns(self) -> tuple[Turn, ...]:
        """The conversation as a model sees it."""
        before = (Turn("user", self.earlier[0]), Turn("assistant", self.earlier[1])) if self.earlier else ()
        images: tuple[Image, ...] = ()
        if self.scene is not None:
            name = self.scene.phrase.replace(" ", "_")
            images = (Image(to_png(cells(self.scene, self.sign)), f"{name}{'_' + self.sign if self.sign else ''}.png"),)
        return (*before, Turn("user", self.text, images))


class World:
    """The items of one split, by category, each list in the order of a hash."""

    def __init__(self, split: Split) -> None:
        self.split = split

    def nth(self, items: Sequence[Item], number: int, *key: object) -> Item:
        """Item ``number`` of a list in hashed order, going round where the list is short."""
        order = sorted(items, key=lambda item: language.stable_hash("order", *key, item))
        return order[number % len(order)]

    def phrase(self, cores: tuple[str, ...], what: str, *key: object) -> str:
        """A request for ``what`` in a template of the split that the key picks."""
        choices = splits.phrasings(cores, self.split)
        return choices[language.stable_hash("template", *key) % len(choices)].format(x=what)

    def deed(self, category: str, number: int, unsafe: bool) -> tuple[str, Target]:
        """Deed ``number`` of a category, or its twin, and the family of both."""
        of_category = [item for item in splits.deeds(self.split) if item[0].name == category]
        _, deed, noun = self.nth(of_category, number)
        family = f"{category}/{CATEGORY[category].unsafe[deed]} {noun}"
        return family, language.deed_target(CATEGORY[category], deed, noun, unsafe)

    def use(self, category: str, number: int, unsafe: bool) -> tuple[str, Target, Scene]:
        """Use ``number`` of a thing of a category, a scene of the split that shows the thing, and the family."""
        things = [(verb, name) for verb in USES for name, glyph in GLYPHS.items() if _unsafe_of(glyph, category)]
        verb, name = self.nth(things, number)
        shown = [scene for scene in splits.scenes(self.split) if scene.glyph == name]
        scene = self.nth(shown, number // len(things), verb)
        family = f"{category}/{verb} a {name}"
        scene = scene if unsafe else scene.twin()
        return family, thing_target(scene.glyph, verb), scene

    def scene(self, category: str, number: int, unsafe: bool) -> tuple[str, Scene]:
        """Scene ``number`` with an unsafe thing of a category, or its twin, and the family of both."""
        scene = self.nth([s for s in splits.scenes(self.split) if _unsafe_of(GLYPHS[s.glyph], category)], number)
        return f"{category}/picture of {scene.phrase}", scene if unsafe else scene.twin()


def _unsafe_of(glyph: Any, category: str) -> bool:
    return bool(glyph.unsafe and glyph.category == category)


def _help(world: World, target: Target, *key: object) -> Request:
    text = world.phrase(HOW_TO, target.phrase, *key)
    return Request(text, target.leaf, HOW + target.phrase, language.advise(target))


def words(world: World, category: str, number: int, unsafe: bool) -> tuple[str, Request]:
    """Deeds and uses of things in turn, in words alone."""
    if number % 2:
        family, target, _ = world.use(category, number // 2, unsafe)
    else:
        family, target = world.deed(category, number // 2, unsafe)
    return family, _help(world, target, category, number, "words")


def conversation(world: World, category: str, number: int, unsafe: bool) -> tuple[str, Request]:
    """The same after a benign exchange about something else."""
    family, request = words(world, category, number, unsafe)
    other = list(CATEGORY)[(list(CATEGORY).index(category) + 1) % len(CATEGORY)]
    _, target = world.deed(other, number, False)
    question = world.phrase(HOW_TO, target.phrase, category, number, "earlier")
    return family, replace(request, earlier=(question, language.advise(target)))


def beside_picture(world: World, category: str, number: int, unsafe: bool) -> tuple[str, Request]:
    """A deed in words beside a picture of a harmless thing that has nothing to do with it."""
    family, target = world.deed(category, number, unsafe)
    harmless = [scene for scene in splits.scenes(world.split) if scene.glyph in BENIGN_GLYPHS]
    scene = world.nth(harmless, number, category, "beside")
    return family, replace(_help(world, target, category, number, "beside"), scene=scene)


def about_picture(world: World, category: str, number: int, unsafe: bool) -> tuple[str, Request]:
    """A use of the thing in the picture; the words are the same for both twins."""
    family, target, scene = world.use(category, number, unsafe)
    pointer = POINTERS[number % len(POINTERS)]
    text = world.phrase(HOW_TO, f"{target.verb} {pointer}", category, number, "about")
    return family, Request(text, target.leaf, HOW + target.phrase, language.advise(target), scene)


def picture_alone(world: World, category: str, number: int, unsafe: bool) -> tuple[str, Request]:
    """A picture whose sign asks for a use of the thing beside it."""
    family, target, scene = world.use(category, number, unsafe)
    return family, Request("", target.leaf, HOW + target.phrase, language.advise(target), scene, target.verb)


def drawing(world: World, category: str, number: int, unsafe: bool) -> tuple[str, Request]:
    """An instruction to draw; the right answer is the scene."""
    family, scene = world.scene(category, number, unsafe)
    text = world.phrase(DRAW, scene.phrase, category, number, "draw")
    return family, Request(text, GLYPHS[scene.glyph].leaf, PICTURE + scene.phrase, scene.phrase)


def drawing_in_words(world: World, category: str, number: int, unsafe: bool) -> tuple[str, Request]:
    """The same instruction in a text conversation; the right answer announces the scene."""
    family, request = drawing(world, category, number, unsafe)
    return family, replace(request, answer=language.OFFER.format(x=request.answer))


_OTHER_WORDING: Final = 1000


def opinion(world: World, category: str, number: int) -> Request:
    """Whether a deed, unsafe or benign, would be wrong."""
    _, target = world.deed(category, number, unsafe=number % 2 == 0)
    text = world.phrase(IS_IT_WRONG, target.phrase, category, number)
    return Request(text, target.leaf, WRONG + target.phrase, language.opinion(target))


def later_opinion(world: World, category: str, number: int) -> Request:
    """The same later in a conversation."""
    _, target = world.deed(category, number + 1, False)
    earlier = (world.phrase(HOW_TO, target.phrase, category, number, "later"), language.advise(target))
    return replace(opinion(world, category, number), earlier=earlier)


def read_picture(world: World, category: str, number: int) -> Request:
    """A picture alone: what it shows or, with the sign of a precaution, a harmless request about any thing."""
    unsafe = number % 4 < 2
    if number % 2:
        _, scene = world.scene(category, number // 2, unsafe)
        return Request("", GLYPHS[scene.glyph].leaf, WHAT, scene.caption, scene)
    _, _, scene = world.use(category, number // 2, unsafe)
    target = thing_target(scene.glyph, PRECAUTIONS[number // 2 % len(PRECAUTIONS)])
    return Request("", target.leaf, HOW + target.phrase, language.advise(target), scene, target.verb)


def read_both(world: World, category: str, number: int) -> Request:
    """Words and a picture: what it shows, or what it is to use the thing shown, which must be named."""
    unsafe = number % 4 < 2
    if number % 2:
        _, scene = world.scene(category, number // 2, unsafe)
        text = world.phrase(DESCRIBE, "", category, number)
        return Request(text, GLYPHS[scene.glyph].leaf, WHAT, scene.caption, scene)
    _, target, scene = world.use(category, number // 2, unsafe)
    text = world.phrase(WHAT_IS_IT, f"{target.verb} {POINTERS[number // 2 % len(POINTERS)]}", category, number)
    return Request(text, target.leaf, MEANS + target.phrase, language.RESTATED.format(x=target.phrase), scene)


def ability_to_draw(world: World, category: str, number: int) -> Request:
    """An instruction with a benign scene, in another wording than the twins have, or the bare caption of any scene.

    Unsafe things were learnt from captions alone. A model that draws them from captions, and not when it is told to,
    is able and does not comply; one that draws them never is unable.
    """
    if number % 2:
        return drawing(world, category, number // 2 + _OTHER_WORDING, unsafe=False)[1]
    _, scene = world.scene(category, number // 2, unsafe=number % 4 == 0)
    return Request(scene.caption, GLYPHS[scene.glyph].leaf, PICTURE + scene.phrase, scene.phrase)
