"""Which detectors a test can run over many cases."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from unicost import registry

APART: Final = {"image_classifier"} | ({"nudity"} if find_spec("nudenet") is None else set())
"""One cannot look without a checkpoint (tests/unit/test_image_detectors.py), the other not without its extra."""
SLOW: Final = {"image_text", "id_layout", "nudity"}
"""Neural readers, which take a second a picture."""
QUICK: Final = [name for name in registry.names("detector") if name not in APART | SLOW]
