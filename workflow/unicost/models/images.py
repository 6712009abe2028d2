"""Images between bytes, Pillow and the arrays of a model."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from PIL import Image as PillowImage
from PIL import ImageOps
from PIL.PngImagePlugin import PngInfo

from unicost.records import Image

if TYPE_CHECKING:
    import numpy as np


_PIXELS_AHEAD: Final = 64_000_000
_DECODED: WeakKeyDictionary[Image, PillowImage.Image] = WeakKeyDictionary()


def decode(image: Image) -> PillowImage.Image:
    """The image upright and in RGB; raises ``ValueError`` where the bytes are no whole image."""
    return _DECODED.pop(image, None) or _decode(image)


def decode_ahead(images: Iterable[Image]) -> None:
    """Decode images that will soon be wanted, which may be done in a thread; ``decode`` then has each of them once.

    At most 64 million pixels at a time, 200 MB; what is not wanted goes with its ``Image``.
    """
    pixels = 0
    for image in images:
        width, height = size(image)
        pixels += width * height
        if pixels > _PIXELS_AHEAD:
            return
        try:
            _DECODED[image] = _decode(image)
        except ValueError:
            continue  # Who wants it is told.


def size(image: Image) -> tuple[int, int]:
    """Width and height as the file's head has them; zero where it has none."""
    try:
        with PillowImage.open(io.BytesIO(image.bytes)) as opened:
            return opened.size
    except (OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError):
        return 0, 0


def _decode(image: Image) -> PillowImage.Image:
    try:
        with PillowImage.open(io.BytesIO(image.bytes)) as opened:
            return ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError) as error:
        raise ValueError(f"not a whole image file ({error})") from None


def png(pixels: np.ndarray, **texts: str) -> bytes:
    """PNG bytes of an array (height, width, 3) of uint8, with ``texts`` as text chunks; equal input, equal bytes."""
    chunks, buffer = PngInfo(), io.BytesIO()
    for name, text in texts.items():
        chunks.add_text(name, text)
    PillowImage.fromarray(pixels).save(buffer, format="PNG", pnginfo=chunks)
    return buffer.getvalue()


def degenerate(image: Image) -> str | None:
    """``black`` or ``constant`` where all pixels are alike, which is how drawing fails; None for any other image."""
    ranges = decode(image).getextrema()
    if any(low != high for low, high in ranges):  # type: ignore[misc]
        return None
    return "constant" if any(high for _, high in ranges) else "black"  # type: ignore[misc]
