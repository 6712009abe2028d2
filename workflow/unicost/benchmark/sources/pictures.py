"""Pictures as data sets store them: paths, embedded bytes or base64, always handed on as PNG or JPEG."""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image as PillowImage

from unicost.records import Image

_KEPT = (b"\x89PNG", b"\xff\xd8\xff")
"""How PNG and JPEG files begin."""
_ERRORS = (OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError)


def pictures(value: Any, folder: Path) -> tuple[Image, ...]:
    """The pictures of a cell: none, one, or a list; raises ``ValueError`` with what is wrong with one.

    A text is a path below ``folder``, a ``data:`` address, or a JSON list of them.
    """
    if value is None or value in ("", b""):
        return ()
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = json.loads(value)
    if isinstance(value, list | tuple):
        return tuple(image for one in value for image in pictures(one, folder))
    return (_picture(value, folder),)


def _picture(value: Any, folder: Path) -> Image:
    if isinstance(value, Mapping):
        name = value.get("path")
        if value.get("bytes") is None:
            return _picture(name, folder)
        return _encoded(value["bytes"], name)
    if isinstance(value, bytes):
        return _encoded(value, None)
    if not isinstance(value, str):
        raise ValueError(f"a picture must be a path, bytes or a struct of bytes and path, not {value!r:.60}")
    if value.startswith("data:"):
        try:
            return _encoded(base64.b64decode(value.partition(",")[2], validate=True), None)
        except binascii.Error:
            raise ValueError("a picture in a data: address is not base64") from None
    return _encoded(_below(folder, value).read_bytes(), value)


def _below(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    # The hub's cache is made of links, so the name decides and not where a link leads.
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError(f"picture '{name}' lies outside the data's folder; give a path below it")
    if not path.is_file():
        raise ValueError(f"picture '{name}' is not in {folder}; put it there, or mend the path")
    return path


def _encoded(content: bytes, name: str | None) -> Image:
    """The same bytes if they are a PNG or a JPEG, else the picture as PNG."""
    if content.startswith(_KEPT):
        return Image(content, name)
    try:
        with PillowImage.open(io.BytesIO(content)) as opened:
            buffer = io.BytesIO()
            opened.convert("RGBA" if "A" in opened.getbands() else "RGB").save(buffer, "PNG")
    except _ERRORS:
        raise ValueError(f"picture '{name or '(embedded)'}' does not decode; give a whole PNG or JPEG file") from None
    return Image(buffer.getvalue(), name)
