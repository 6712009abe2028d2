"""Images between bytes, Pillow and the arrays of a model."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image as PillowImage
from PIL import ImageOps

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


def png(pixels: np.ndarray) -> bytes:
    """PNG bytes of an array (height, width, 3) of uint8; equal arrays give equal bytes."""
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()
