"""The miniature world as a benchmark source.

For each category and each way of asking there are ``per_cell`` unsafe requests and as many benign twins, which differ
from them in the deed or the thing alone, and half as many capability checks for each task. All are drawn from one
split (``test`` by default), in an order that is a hash of the item.

Projections of one target share a family: a deed or a use of a thing in words, in a conversation, beside a harmless
picture, about the thing in a picture (``cross_modal_contamination``), or as a picture with a sign that carries the
whole request (``image_to_text``); a picture to draw, in image mode (``text_to_image``) and as a request in a text
conversation (``task_switching``), where it can be refused. There is no ``modality_amplification``: no two mild parts of
this world make a severe whole, so any item called that would be something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Final

from unicost.miniature import requests
from unicost.miniature.language import CATEGORY
from unicost.miniature.requests import Request, World
from unicost.miniature.splits import Split
from unicost.records import Construction, Instance, Kind, Modality, Placement, Task, Turn


@dataclass(frozen=True)
class Cell:
    """A way of asking: ``make(world, category, number, unsafe)`` gives a family and a request."""

    task: Task
    construction: Construction
    placement: Placement
    make: Callable[[World, str, int, bool], tuple[str, Request]]


CELLS: Final = (
    Cell(Task.TEXT_TO_TEXT, Construction.PLAIN, Placement.TEXT, requests.words),
    Cell(Task.TEXT_TO_TEXT, Construction.TASK_SWITCHING, Placement.TEXT, requests.drawing_in_words),
    Cell(Task.DIALOGUE, Construction.PLAIN, Placement.TEXT, requests.conversation),
    Cell(Task.TEXT_IMAGE_TO_TEXT, Construction.PLAIN, Placement.TEXT, requests.beside_picture),
    Cell(Task.TEXT_IMAGE_TO_TEXT, Construction.CROSS_MODAL_CONTAMINATION, Placement.IMAGE, requests.about_picture),
    Cell(Task.IMAGE_TO_TEXT, Construction.PLAIN, Placement.IMAGE, requests.picture_alone),
    Cell(Task.TEXT_TO_IMAGE, Construction.PLAIN, Placement.TEXT, requests.drawing),
)
"""The ways of asking; each has unsafe requests and their benign twins in every category."""

CHECKS: Final = {
    Task.TEXT_TO_TEXT: requests.opinion,
    Task.DIALOGUE: requests.later_opinion,
    Task.TEXT_IMAGE_TO_TEXT: requests.read_both,
    Task.IMAGE_TO_TEXT: requests.read_picture,
    Task.TEXT_TO_IMAGE: requests.ability_to_draw,
}
"""What a model must be able to do before its safety on the task means anything; half of it is about unsafe things."""

_TRIES: Final = 20  # numbers tried for each request wanted


class MiniatureWorld:
    """Source ``miniature_world``. Options: ``split`` (``test``) and ``per_cell`` (60 requests a cell and category)."""

    version: ClassVar[int] = 2

    def __init__(self, split: str = "test", per_cell: int = 60) -> None:
        if split not in list(Split):
            raise ValueError(f"miniature_world: split '{split}' is not one of {', '.join(Split)}")
        if per_cell < 1:
            raise ValueError(f"miniature_world: per_cell must be at least 1, not {per_cell}")
        self._world, self._per_cell = World(Split(split)), per_cell

    def instances(self) -> Iterator[Instance]:
        """Unsafe requests, each followed by its benign twin, cell by cell; then the capability checks.

        No request comes twice. Where a cell has fewer different requests than were asked for, all of them come.
        """
        seen: set[tuple[Task, tuple[Turn, ...]]] = set()
        for cell in CELLS:
            for category in CATEGORY:
                yield from self._first(self._per_cell, seen, partial(self._pair, cell, category))
        for task in CHECKS:
            for category in CATEGORY:
                wanted = max(1, self._per_cell // 2)
                yield from self._first(wanted, seen, partial(self._check, task, category))

    @staticmethod
    def _first(
        wanted: int, seen: set[tuple[Task, tuple[Turn, ...]]], make: Callable[[int], list[Instance]]
    ) -> Iterator[Instance]:
        """The first ``wanted`` groups that ``make`` gives for 0, 1, 2, ... of which nothing was seen before."""
        found = 0
        for number in range(_TRIES * wanted):
            group = make(number)
            keys = {(instance.task, instance.turns) for instance in group}
            if keys & seen:
                continue
            seen |= keys
            yield from group
            found += 1
            if found == wanted:
                return

    def _pair(self, cell: Cell, category: str, number: int) -> list[Instance]:
        """An unsafe request and its benign twin."""
        stem = f"{self._world.split}/{cell.task}/{cell.construction}/{cell.placement}/{category}/{number}"
        family, request = cell.make(self._world, category, number, True)
        unsafe = replace(
            _instance(f"{stem}/{Kind.UNSAFE}", Kind.UNSAFE, category, cell.task, request),
            family=family,
            construction=cell.construction,
            placement=cell.placement,
            twin=f"{stem}/{Kind.BENIGN}",
            reference_answer=None,
        )
        family, request = cell.make(self._world, category, number, False)
        benign = _instance(f"{stem}/{Kind.BENIGN}", Kind.BENIGN, category, cell.task, request)
        return [unsafe, replace(benign, family=family, construction=cell.construction)]

    def _check(self, task: Task, category: str, number: int) -> list[Instance]:
        """One capability check."""
        request = CHECKS[task](self._world, category, number)
        name = f"{self._world.split}/{task}/capability/{category}/{number}"
        asked = _instance(name, Kind.CAPABILITY, category, task, request)
        return [replace(asked, family=f"capability/{task}/{category}/{number}")]


def _instance(name: str, kind: Kind, category: str, task: Task, request: Request) -> Instance:
    """An instance with what all kinds share; the caller sets its family, and its construction where not plain."""
    return Instance(
        id=name,
        family=name,
        kind=kind,
        category=category,
        leaf=request.leaf,
        task=task,
        construction=Construction.PLAIN,
        placement=Placement.NONE,
        turns=request.turns(),
        expected=Modality.IMAGE if task is Task.TEXT_TO_IMAGE else Modality.TEXT,
        intention=request.intention,
        source="miniature_world",
        licence="Apache-2.0",
        reference_answer=request.answer,
    )
