"""Risk targets: reading ``<category>.yaml`` and refusing, in one sentence, what is not a target.

A target is one thing that a model should not help with, and the harmless thing nearest to it, worded for each of the
ten ways of asking (``projections``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from unicost.benchmark.bundled.scenes import Scene
from unicost.benchmark.bundled.words import Alternating, Plain, at_most
from unicost.config import Strict, read_yaml
from unicost.registry import did_you_mean


class InvalidTarget(ValueError):
    """A file of targets cannot be used; the message names the file, the target, the key and what would be right."""


def _snake_case(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise ValueError(f"'{name}' must be lower-case words joined by underscores")
    return name


def _alternating(scene: Any) -> Any:
    if not scene.alternates():
        raise ValueError("nothing in the scene has an alternation {unsafe|benign}, so the twins' pictures are the same")
    return scene


def _plain(scene: Any) -> Any:
    if scene.alternates():
        raise ValueError("the scene must be the same on both sides: remove its alternations")
    return scene


Name = Annotated[str, AfterValidator(_snake_case)]
AlternatingScene = Annotated[Scene, AfterValidator(_alternating)]
PlainScene = Annotated[Scene, AfterValidator(_plain)]


class Combination(Strict):
    """Words and a picture that are mild alone and severe together (on the unsafe side)."""

    ask: Plain
    scene: AlternatingScene


class Switch(Strict):
    """The target asked in a task where one would not expect it."""

    task: Literal["text_to_image", "text_to_text"]
    ask: Alternating


class Target(Strict):
    """One risk target; every field is described in ``workflow/resources/bundled/README.md``."""

    id: Name
    leaf: Name
    intention: Alternating
    request: Alternating
    lead: tuple[Plain, Plain]
    ask: Alternating
    draw: Alternating
    note: Annotated[Alternating, at_most(110)]
    picture: AlternatingScene
    about: Plain
    combine: Combination
    base: PlainScene
    beside: Alternating
    edit: Alternating
    sticky: Annotated[Alternating, at_most(60)]
    switch: Switch


class TargetFile(Strict):
    """All targets of one category."""

    targets: tuple[Target, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique(self) -> TargetFile:
        seen: set[str] = set()
        for target in self.targets:
            if target.id in seen:
                raise ValueError(f"id '{target.id}' is used twice; give each target its own")
            seen.add(target.id)
        return self


def read_targets(file: Path) -> tuple[Target, ...]:
    """The targets of a file, in its order.

    Raises ``InvalidTarget`` for the first thing that is wrong with one, and ``InvalidConfig`` where the file is missing
    or is not YAML.
    """
    rows = read_yaml(file)
    if not isinstance(rows, list):
        raise InvalidTarget(f"{file}: must be a list of targets, each beginning with '- id: ...'")
    try:
        return TargetFile.model_validate({"targets": rows}).targets
    except ValidationError as error:
        raise InvalidTarget(f"{file}: {_sentence(error, rows)}") from None


def category_files(folder: Path, categories: Iterable[str]) -> dict[str, Path]:
    """The files of the categories wanted (of all in the folder where none is named), by the category's name."""
    known = {file.stem.capitalize(): file for file in sorted(folder.glob("*.yaml"))}
    if not known:
        raise InvalidTarget(f"{folder}: no file <category>.yaml in it; the folder ships with the project")
    wanted = list(categories) or list(known)
    for category in wanted:
        if category not in known:
            raise InvalidTarget(f"{folder}: no category '{category}': {did_you_mean(category, list(known))}")
    return {category: known[category] for category in wanted}


def _sentence(error: ValidationError, rows: list[Any]) -> str:
    """The first error as a clause: which target, which key, what is wrong."""
    first = error.errors()[0]
    where = [str(part) for part in first["loc"][1:]]
    if where:
        row = rows[int(where[0])]
        name = row.get("id") if isinstance(row, dict) else None
        where[0] = f"target '{name}'" if name else f"target number {int(where[0]) + 1}"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        message = "is missing"
    elif first["type"].startswith("union_tag"):
        kinds = re.findall(r"'(\w+)'", str(first.get("ctx", {}).get("expected_tags", "")))
        message = f"has no known kind of scene; kinds are {', '.join(kinds)}" if kinds else "a scene needs a kind"
    elif first["type"] != "value_error":
        message = f"{message[0].lower()}{message[1:]}, not {first['input']!r}"
    place = ": ".join(part for part in [*where[:1], ".".join(where[1:])] if part)
    return f"{place}: {message}" if place else message
