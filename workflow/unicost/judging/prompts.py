"""The prompts of LLM judges: Jinja2 templates in files, reviewed like code and fingerprinted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
import yaml

from unicost.config import digest
from unicost.judging.items import modalities
from unicost.records import Instance, Modality, Response

SHIPPED: Final = Path(__file__).resolve().parents[2] / "resources" / "judge_prompts"
"""The prompts that ship."""
_PLACE: Final = "\0"
"""Stands for the marker in a system message, which is rendered once."""
_FILES: Final = ("*.j2", "definitions.yaml")


class MissingPrompt(ValueError):
    """A folder of prompts that lacks a file; the message names it."""


class Prompts:
    """The templates of a folder: ``<name>.system.j2`` and ``<name>.user.j2`` for each of ``names``.

    ``definitions.yaml`` beside them says what categories and leaves mean. Raises ``MissingPrompt``.
    """

    def __init__(self, folder: str | Path | None = None, names: Sequence[str] = ()) -> None:
        self.folder = Path(folder) if folder else SHIPPED
        for name in names:
            for role in ("system", "user"):
                if not (self.folder / f"{name}.{role}.j2").is_file():
                    raise MissingPrompt(
                        f"{self.folder}: no {name}.{role}.j2; copy workflow/resources/judge_prompts to it"
                    )
        self._systems: dict[tuple[str, tuple[str, ...], str], str] = {}
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self.folder),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,
            auto_reload=False,
        )

    def render(self, name: str, marker: str, labels: Sequence[str] = (), answer: str = "", **values: Any) -> list[str]:
        """The system and the user message of a prompt; the former knows the marker, labels and form of answer alone."""
        key = name, tuple(labels), answer
        if key not in self._systems:
            self._systems[key] = self._render(f"{name}.system.j2", marker=_PLACE, labels=labels, answer=answer)
        user = self._render(f"{name}.user.j2", marker=marker, labels=labels, answer=answer, **values)
        return [self._systems[key].replace(_PLACE, marker), user]

    def _render(self, file: str, **values: Any) -> str:
        return self._environment.get_template(file).render(values).strip()

    def definition(self, category: str, leaf: str) -> str:
        """What a leaf, or else its category, means; nothing where that is not written down."""
        known = _definitions(self.folder)
        return known.get(leaf) or known.get(category, "")

    def revision(self) -> str:
        """12 hexadecimal digits over all files of the folder."""
        paths = sorted(path for pattern in _FILES for path in self.folder.glob(pattern))
        return digest(*(f"{path.name}\x1f{path.read_text(encoding='utf-8')}" for path in paths))


def asked(instance: Instance) -> dict[str, Any]:
    """What prompts show of a request: ``turns``, ``category`` with its leaf, and how many ``request_images``."""
    leaf = f" ({instance.leaf.replace('_', ' ')})" if instance.leaf and instance.leaf != instance.category else ""
    return {
        "turns": instance.turns,
        "category": f"{instance.category or 'not stated'}{leaf}",
        "request_images": sum(len(turn.images) for turn in instance.turns),
    }


def answered(response: Response) -> dict[str, Any]:
    """What prompts show of a response: its ``text``, empty without, and whether it ``shows_image``."""
    present = modalities(response)
    text = response.text if Modality.TEXT in present else ""
    return {"text": text or "", "shows_image": Modality.IMAGE in present}


@cache
def _definitions(folder: Path) -> dict[str, str]:
    path = folder / "definitions.yaml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.is_file() else {}
