"""Images between bytes, Pillow and the arrays of a model."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image as PillowImage
from PIL import ImageOps
from PIL.PngImagePlugin import PngInfo

from unicost.records import Image

if TYPE_CHECKING:
    import numpy as np


def decode(image: Image) -> PillowImage.Image:
    """The image upright and in RGB; raises ``ValueError`` where the bytes are no whole image."""
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
