"""The fonts, each opened once for each size.

Source Sans Pro and Caveat are licensed under the SIL Open Font License 1.1, Caladea under Apache 2.0. The basic layout
engine of Pillow is used everywhere, so that pictures do not depend on whether libraqm is installed.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from typing import Final

from PIL import ImageFont

from unicost.benchmark.bundled.icons import icon_font

_FILES: Final = {
    "sans": ("font_source_sans_pro", "files/SourceSansPro-Semibold.ttf"),
    "light": ("font_source_sans_pro", "files/SourceSansPro-Regular.ttf"),
    "bold": ("font_source_sans_pro", "files/SourceSansPro-Black.ttf"),
    "serif": ("font_caladea", "files/Caladea-Regular.ttf"),
    "title": ("font_caladea", "files/Caladea-Bold.ttf"),
    "hand": ("fontpkg_caveat", "files/Caveat[wght].ttf"),
}
LINE_HEIGHT: Final = {"sans": 1.16, "light": 1.16, "bold": 1.08, "serif": 1.18, "title": 1.12, "hand": 0.98}
"""Distance of base lines in units of the letters' size."""
_HAND_WEIGHT: Final = 600


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """The font ``name`` (a key of ``LINE_HEIGHT``, or ``icons``) with letters of ``size`` pixels."""
    if name == "icons":
        return ImageFont.truetype(icon_font(), size, layout_engine=ImageFont.Layout.BASIC)
    package, file = _FILES[name]
    with as_file(files(package).joinpath(file)) as path:
        opened = ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
    if name == "hand":
        opened.set_variation_by_axes([_HAND_WEIGHT])
    return opened


@cache
def width(name: str, size: int, text: str) -> float:
    """The width of a word or a line in pixels."""
    return font(name, size).getlength(text)
