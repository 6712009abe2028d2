"""The icons by name: Font Awesome 6 Free, solid style, from the package ``fontawesomefree``.

The font is licensed under the SIL Open Font License 1.1, its drawings under CC BY 4.0 (see the package's LICENSE.txt).
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from unicost.registry import did_you_mean


def _asset(*parts: str) -> Path:
    with as_file(files("fontawesomefree").joinpath("static", "fontawesomefree", *parts)) as path:
        return path


def icon_font() -> Path:
    """The file of the font."""
    return _asset("webfonts", "fa-solid-900.ttf")


@cache
def _characters() -> dict[str, str]:
    metadata = json.loads(_asset("metadata", "icons.json").read_text(encoding="utf-8"))
    return {name: chr(int(icon["unicode"], 16)) for name, icon in metadata.items() if "solid" in icon["free"]}


def character(name: str) -> str:
    """The character of the font that is the icon ``name``; raises ``ValueError`` where there is none."""
    check_icon(name)
    return _characters()[name]


def check_icon(name: str) -> None:
    """Raise ``ValueError`` unless the font has an icon of that name."""
    known = _characters()
    if name not in known:
        near = did_you_mean(name, list(known))
        raise ValueError(
            f"no icon '{name}' in Font Awesome 6 Free, solid; {near if len(near) < 80 else 'see its site'}"
        )
