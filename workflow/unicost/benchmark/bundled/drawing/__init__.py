"""From a scene to a picture.

``layouts`` place what the scene shows as *marks* on a unit square, ``fitting`` finds the largest letters with which the
words of *both* twins fit in their places, and ``painting`` draws one side at any resolution. Because places and sizes
take no notice of the side, the pictures of twins are the same but for what alternates.
"""

from unicost.benchmark.bundled.drawing.layouts import compose, with_sticky
from unicost.benchmark.bundled.drawing.look import Look
from unicost.benchmark.bundled.drawing.painting import paint
from unicost.benchmark.bundled.drawing.papers import handwritten

__all__ = ["Look", "compose", "handwritten", "paint", "with_sticky"]
