"""From the columns of any data set to instances: which column is what, what is constant, how values translate."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import Any, Final

from unicost.benchmark.sources.pictures import pictures
from unicost.benchmark.sources.rows import Row
from unicost.interfaces import Origin
from unicost.records import Construction, Instance, Kind, Modality, Placement, Task, Turn
from unicost.registry import did_you_mean

FIELDS: Final = (
    *("id", "family", "kind", "category", "leaf", "task", "construction", "placement", "expected"),
    *("system", "text", "image", "turns", "intention", "reference_answer", "twin"),
)
"""What can be mapped. ``image`` may name several columns; ``turns`` is a list of objects with role, text and image."""
_ENUMERATIONS: Final[dict[str, type[StrEnum]]] = {
    "kind": Kind,
    "task": Task,
    "construction": Construction,
    "placement": Placement,
    "expected": Modality,
}
_PICTURES_OUT: Final = frozenset({Task.TEXT_TO_IMAGE, Task.IMAGE_TO_IMAGE, Task.TEXT_IMAGE_TO_IMAGE})
_PLACEMENTS: Final = {
    Task.IMAGE_TO_TEXT: Placement.IMAGE,
    Task.IMAGE_TO_IMAGE: Placement.IMAGE,
    Task.TEXT_IMAGE_TO_TEXT: Placement.DUAL,
    Task.TEXT_IMAGE_TO_IMAGE: Placement.DUAL,
}
_ROLES: Final = ("system", "user", "assistant")


@dataclass(frozen=True)
class FieldMapping:
    """How rows become instances.

    ``columns``: field -> column, or several columns; ``constants``: field -> value; ``values``: field -> translation of
    its values; ``where``: column -> the values of the rows that are kept. Raises ``ValueError`` for unknown names.
    """

    columns: Mapping[str, str | list[str]] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    where: Mapping[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for option in ("columns", "constants", "values"):
            for name in getattr(self, option):
                if name not in FIELDS:
                    raise ValueError(f"{option}: unknown field '{name}': {did_you_mean(str(name), list(FIELDS))}")
        for name, kind in _ENUMERATIONS.items():
            constant = [self.constants[name]] if name in self.constants else []
            for value in (*self.values.get(name, {}).values(), *constant):
                if value not in list(kind):
                    raise ValueError(f"'{value}' is no {name}: {did_you_mean(str(value), list(kind))}")
        if not {"text", "image", "turns"} & {*self.columns, *self.constants}:
            raise ValueError("columns: name the column of the 'text', of the 'image' or of the 'turns' that are asked")

    def used(self) -> set[str]:
        """All columns that the mapping reads."""
        named = ([name] if isinstance(name, str) else name for name in self.columns.values())
        return {*chain.from_iterable(named), *self.where}

    def instances(self, rows: Iterable[Row], origin: Origin) -> Iterator[Instance]:
        """The instances of the rows of one file. Raises ``InvalidData``.

        Every column that is read must be in the first row; columns that are not read are named once in the log.
        """
        for row in rows:
            if row.number == 1:
                self._check_columns(row)
            instance = self.instance(row, origin)
            if instance is not None:
                yield instance

    def _check_columns(self, row: Row) -> None:
        missing, extra = sorted(self.used() - set(row.values)), sorted(set(row.values) - self.used())
        if missing:
            raise row.problem(f"no column '{missing[0]}': {did_you_mean(missing[0], list(row.values))}")
        if extra:
            logging.getLogger(__name__).info("%s: columns not used: %s", row.file, ", ".join(extra))

    def instance(self, row: Row, origin: Origin) -> Instance | None:
        """The instance of a row, None where ``where`` leaves it out; raises ``InvalidData`` naming file and row."""
        if any(row.values.get(column) not in kept for column, kept in self.where.items()):
            return None
        try:
            return self._instance(row, origin)
        except (ValueError, TypeError) as error:
            raise row.problem(str(error)) from None

    def _instance(self, row: Row, origin: Origin) -> Instance:
        turns = self._turns(row, origin)
        shown = any(turn.images for turn in turns)
        task = self._member("task", row) or _task(turns, shown)
        name = str(self._value("id", row) or f"{origin.dataset}-{row.file.stem}-{row.number}")
        category = self._value("category", row)
        if not category:
            raise ValueError("it has no category; map a column to 'category' or give it as a constant")
        kind = self._member("kind", row) or Kind.UNSAFE
        placed = _PLACEMENTS.get(task, Placement.TEXT) if kind is Kind.UNSAFE else Placement.NONE
        twin, reference = self._value("twin", row), self._value("reference_answer", row)
        return Instance(
            id=name,
            family=str(self._value("family", row) or name),
            kind=kind,
            category=str(category),
            leaf=str(self._value("leaf", row) or category),
            task=task,
            construction=self._member("construction", row) or Construction.PLAIN,
            placement=self._member("placement", row) or placed,
            turns=turns,
            expected=self._member("expected", row) or (Modality.IMAGE if task in _PICTURES_OUT else Modality.TEXT),
            intention=str(self._value("intention", row) or ""),
            source=origin.dataset,
            licence=origin.licence,
            twin=str(twin) if twin else None,
            reference_answer=str(reference) if reference else None,
        )

    def _value(self, name: str, row: Row) -> Any:
        if name in self.columns:
            column = self.columns[name]
            get = row.values.get
            found = get(column) if isinstance(column, str) else [cell for one in column if (cell := get(one))]
            if name in self.values:
                if found not in self.values[name]:
                    known = [str(value) for value in self.values[name]]
                    raise ValueError(f"{name} '{found}' has no translation: {did_you_mean(str(found), known)}")
                return self.values[name][found]
            return found if found not in (None, "") else self.constants.get(name)
        return self.constants.get(name)

    def _member(self, name: str, row: Row) -> Any:
        value, kind = self._value(name, row), _ENUMERATIONS[name]
        if value in (None, ""):
            return None
        try:
            return kind(value)
        except ValueError:
            raise ValueError(f"'{value}' is no {name}: {did_you_mean(str(value), list(kind))}") from None

    def _turns(self, row: Row, origin: Origin) -> tuple[Turn, ...]:
        given = self._value("turns", row)
        if given:
            turns = _listed_turns(given, origin)
        else:
            images = pictures(self._value("image", row), origin.folder)
            turns = (Turn("user", str(self._value("text", row) or ""), images),)
        if not any(turn.text or turn.images for turn in turns):
            raise ValueError("it has neither text nor image; an item asks something")
        system = self._value("system", row)
        return (Turn("system", str(system)), *turns) if system else turns


def _listed_turns(given: Any, origin: Origin) -> tuple[Turn, ...]:
    """Turns from a list, or from its JSON: texts, which are the user's, or objects with role, text and image."""
    parts = json.loads(given) if isinstance(given, str) else given
    if not isinstance(parts, Iterable) or isinstance(parts, Mapping):
        raise ValueError("turns must be a list of texts or of objects with role, text and image")
    turns = []
    for part in parts:
        entry = {"text": part} if isinstance(part, str) else part
        role = entry.get("role") or "user"
        if role not in _ROLES:
            raise ValueError(f"'{role}' is no role of a turn: {did_you_mean(str(role), list(_ROLES))}")
        text = entry.get("text") or entry.get("content") or ""
        turns.append(Turn(role, str(text), pictures(entry.get("images") or entry.get("image"), origin.folder)))
    return tuple(turns)


def _task(turns: tuple[Turn, ...], shown: bool) -> Task:
    """What is asked if nothing says it: an answer in text to all that there is."""
    if len(turns) > 1:
        return Task.DIALOGUE
    if not shown:
        return Task.TEXT_TO_TEXT
    return Task.TEXT_IMAGE_TO_TEXT if turns[0].text else Task.IMAGE_TO_TEXT
