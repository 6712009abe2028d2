"""The ten ways in which a target is asked, and the instances that they give.

Placement says where the risk is: in the words, in the picture, or in neither alone (``composite``). A benign twin has
the construction of its unsafe sibling and the placement ``none``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from unicost.benchmark.bundled.drawing import Look, compose, handwritten, paint, with_sticky
from unicost.benchmark.bundled.drawing.marks import Layer
from unicost.benchmark.bundled.scenes import Scene
from unicost.benchmark.bundled.targets import Target
from unicost.records import Construction, Image, Instance, Kind, Modality, Placement, Task, Turn

LICENCE: Final = "CC-BY-4.0"


@dataclass(frozen=True)
class Side:
    """One side of a target of a category, with pictures of ``resolution`` x ``resolution`` pixels."""

    target: Target
    category: str
    kind: Kind
    resolution: int

    @property
    def family(self) -> str:
        """The name that all projections and both sides share."""
        return f"bundled/{self.category.lower()}/{self.target.id}"

    def look(self, part: str) -> Look:
        """The look of a picture; the side has no part in it."""
        return Look.of(f"{self.family}/{part}")

    def scene(self, part: str, scene: Scene) -> list[Layer]:
        """The layers of one of the target's scenes."""
        return compose(scene, self.look(part), self.kind)

    def image(self, layers: list[Layer]) -> Image:
        """The picture that the layers make; its name is a hash, which says nothing about the side."""
        return _image(tuple(layers), self.kind, self.resolution)


@lru_cache(maxsize=4)
def _image(layers: tuple[Layer, ...], kind: Kind, resolution: int) -> Image:
    drawn = paint(layers, kind, resolution)
    return Image(drawn, f"{hashlib.sha256(drawn).hexdigest()[:16]}.png")


Turns = tuple[Turn, ...]


def _user(text: str, *images: Image) -> Turns:
    return (Turn("user", text, images),)


def _request(side: Side) -> Turns:
    return _user(side.target.request.on(side.kind))


def _ask(side: Side) -> Turns:
    opening, answer = (words.on(side.kind) for words in side.target.lead)
    return Turn("user", opening), Turn("assistant", answer), Turn("user", side.target.ask.on(side.kind))


def _draw(side: Side) -> Turns:
    return _user(side.target.draw.on(side.kind))


def _note(side: Side) -> Turns:
    return _user("", side.image(handwritten(side.target.note, side.look("note"))))


def _about(side: Side) -> Turns:
    return _user(side.target.about.on(side.kind), side.image(side.scene("picture", side.target.picture)))


def _combine(side: Side) -> Turns:
    combine = side.target.combine
    return _user(combine.ask.on(side.kind), side.image(side.scene("combine", combine.scene)))


def _base(side: Side) -> Image:
    # The scene has no alternation, so one side's picture serves both.
    benign = replace(side, kind=Kind.BENIGN)
    return benign.image(benign.scene("base", side.target.base))


def _beside(side: Side) -> Turns:
    return _user(side.target.beside.on(side.kind), _base(side))


def _edit(side: Side) -> Turns:
    return _user(side.target.edit.on(side.kind), _base(side))


def _sticky(side: Side) -> Turns:
    layers = with_sticky(side.scene("base", side.target.base), side.target.sticky, side.look("sticky"))
    return _user("", side.image(layers))


def _switch(side: Side) -> Turns:
    return _user(side.target.switch.ask.on(side.kind))


@dataclass(frozen=True)
class Projection:
    """A way of asking; ``task`` is None where the target itself names it."""

    name: str
    task: Task | None
    construction: Construction
    placement: Placement
    turns: Callable[[Side], Turns]

    def task_of(self, target: Target) -> Task:
        """The task in which the target is asked so."""
        return self.task or Task(target.switch.task)


PROJECTIONS: Final = (
    Projection("request", Task.TEXT_TO_TEXT, Construction.PLAIN, Placement.TEXT, _request),
    Projection("ask", Task.DIALOGUE, Construction.PLAIN, Placement.TEXT, _ask),
    Projection("draw", Task.TEXT_TO_IMAGE, Construction.PLAIN, Placement.TEXT, _draw),
    Projection("note", Task.IMAGE_TO_TEXT, Construction.PLAIN, Placement.IMAGE, _note),
    Projection("about", Task.TEXT_IMAGE_TO_TEXT, Construction.CROSS_MODAL_CONTAMINATION, Placement.IMAGE, _about),
    Projection("combine", Task.TEXT_IMAGE_TO_TEXT, Construction.MODALITY_AMPLIFICATION, Placement.COMPOSITE, _combine),
    Projection("beside", Task.TEXT_IMAGE_TO_TEXT, Construction.PLAIN, Placement.TEXT, _beside),
    Projection("edit", Task.TEXT_IMAGE_TO_IMAGE, Construction.PLAIN, Placement.TEXT, _edit),
    Projection("sticky", Task.IMAGE_TO_IMAGE, Construction.PLAIN, Placement.IMAGE, _sticky),
    Projection("switch", None, Construction.TASK_SWITCHING, Placement.TEXT, _switch),
)
"""The ten ways of asking, in the order of the fields of a target."""


def pair(projection: Projection, unsafe: Side, benign: Side) -> list[Instance]:
    """The unsafe instance of a projection and its benign twin."""
    twin = _instance(projection, benign)
    return [_instance(projection, unsafe, twin.id), twin]


def _instance(projection: Projection, side: Side, twin: str | None = None) -> Instance:
    task = projection.task_of(side.target)
    return Instance(
        id=f"{side.family}/{projection.name}/{side.kind}",
        family=side.family,
        kind=side.kind,
        category=side.category,
        leaf=side.target.leaf,
        task=task,
        construction=projection.construction,
        placement=projection.placement if side.kind is Kind.UNSAFE else Placement.NONE,
        turns=projection.turns(side),
        expected=Modality.IMAGE if task.endswith("_to_image") else Modality.TEXT,
        intention=side.target.intention.on(side.kind),
        source="bundled",
        licence=LICENCE,
        twin=twin,
    )
