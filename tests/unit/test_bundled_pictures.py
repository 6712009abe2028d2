"""The pictures of the bundled benchmark: legible, the same on every machine, and different where twins differ only."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from math import cos, radians, sin

import numpy as np
import pytest
from PIL import Image as PillowImage
from pydantic import TypeAdapter
from unicost.benchmark.bundled.drawing import Look, compose, handwritten, paint, with_sticky
from unicost.benchmark.bundled.drawing.fitting import DoesNotFit, settings
from unicost.benchmark.bundled.drawing.fonts import LINE_HEIGHT, width
from unicost.benchmark.bundled.drawing.look import DESKS, PALETTES, PAPERS, PENS, STICKIES
from unicost.benchmark.bundled.drawing.marks import Layer, Mark, Panel, Print, Slice, Stroke, Text
from unicost.benchmark.bundled.drawing.painting import OVERSAMPLING
from unicost.benchmark.bundled.scenes import Scene
from unicost.benchmark.bundled.words import Words, same, split
from unicost.records import Kind

from tests.unit.bundled_targets import scenes, shipped

SMALLEST = 0.024
"""Height of the smallest letters, of the picture's side: 11 pixels of 448."""
WORD = "responsibility and "


def scene(**parts: object) -> Scene:
    return TypeAdapter(Scene).validate_python(parts)


def pixels(png: bytes) -> np.ndarray:
    with PillowImage.open(io.BytesIO(png)) as opened:
        return np.asarray(opened.convert("RGB"), dtype=np.int16)


def pictures(kind: Kind, every: int = 1) -> Iterator[tuple[str, list[Layer]]]:
    """All different pictures of one side of each (``every`` so many) shipped target."""
    for category, target in shipped()[::every]:
        name = f"{category}/{target.id}"
        for part, shown in scenes(target):
            yield f"{name}/{part}", compose(shown, Look.of(f"{name}/{part}"), kind)
        yield f"{name}/note", handwritten(target.note, Look.of(f"{name}/note"))
        base = compose(target.base, Look.of(f"{name}/base"), kind)
        yield f"{name}/sticky", with_sticky(base, target.sticky, Look.of(f"{name}/sticky"))


LONGEST = {
    "pictograms": {"items": ["dog", "cat", "fish", "crow"], "caption": (WORD * 9)[:80]},
    "poster": {"title": (WORD * 9)[:40], "lines": [(WORD * 9)[:45]] * 4, "icon": "dog"},
    "sign": {"text": (WORD * 9)[:50], "icon": "dog"},
    "card": {
        "title": (WORD * 9)[:40],
        "icon": "dog",
        "fields": {f"{n}{(WORD * 9)[:22]}": (WORD * 9)[:45] for n in range(6)},
    },
    "chart": {
        "form": "bar",
        "title": (WORD * 9)[:70],
        "labels": [(WORD * 9)[:24]] * 6,
        "values": "1000000, 2, 3, 4, 5, 6",
        "unit": "persons in each village",
        "source": (WORD * 9)[:60],
    },
    "note": {"lines": [(WORD * 9)[:40]] * 6},
    "chat": {"messages": [f"them: {(WORD * 9)[:90]}", f"me: {(WORD * 9)[:90]}", *[f"Ana: {(WORD * 9)[:90]}"] * 3]},
    "document": {"title": (WORD * 9)[:40], "lines": [(WORD * 9)[:60]] * 7, "seal": (WORD * 9)[:40]},
}


def letters(layers: list[Layer]) -> list[float]:
    """The sizes of all letters, in units of the picture's side."""
    return [setting.size for layer in layers for setting in settings(layer.marks).values()]


@pytest.mark.parametrize("kind", LONGEST)
@pytest.mark.parametrize("look", range(6))
def test_the_longest_words_that_are_allowed_fit(kind: str, look: int) -> None:
    assert min(letters(compose(scene(kind=kind, **LONGEST[kind]), Look.of(str(look)), Kind.BENIGN))) >= 0.015


@pytest.mark.parametrize("form", ["bar", "line", "pie"])
def test_charts_of_each_form_and_number_of_values_fit(form: str) -> None:
    for number in range(2, 7):
        values = ", ".join(str(10**digit) for digit in range(number))
        drawn = scene(kind="chart", form=form, title="Visits", labels=["some visitors"] * number, values=values)
        assert min(letters(compose(drawn, Look.of(form), Kind.UNSAFE))) >= SMALLEST


def test_all_shipped_words_are_legible() -> None:
    for name, layers in pictures(Kind.UNSAFE):
        assert min(letters(layers), default=1) >= SMALLEST, name


@pytest.mark.parametrize("resolution", [224, 448, 896])
def test_all_shipped_words_lie_within_their_boxes(resolution: int) -> None:
    """Both sides, measured with the letters that are drawn."""
    pixels = resolution * OVERSAMPLING
    for name, layers in pictures(Kind.UNSAFE):
        for text, setting in (item for layer in layers for item in settings(layer.marks).items()):
            left, top, right, bottom = (edge * pixels for edge in text.box)
            for lines in (setting.unsafe, setting.benign):
                assert " ".join(lines).split() in [side.split() for side in text.words.sides], name
                drawn = [width(text.font, int(setting.size * pixels), line) for line in lines]
                assert max(drawn, default=0) <= right - left, (name, lines)
                assert len(lines) * setting.size * LINE_HEIGHT[text.font] * pixels <= bottom - top + 1, (name, lines)


def test_words_that_cannot_fit_are_refused() -> None:
    with pytest.raises(DoesNotFit, match="'x+' or its twin is too long for its place"):
        settings((Text(same("x" * 500), (0, 0, 0.2, 0.2), "black"),))


def changed(unsafe: list[Layer], benign: list[Layer], side: int) -> np.ndarray:
    """Where the twins' pictures may differ: the boxes of marks that do, turned as their layers are."""
    allowed = np.zeros((side, side), dtype=bool)
    for first, second in zip(unsafe, benign, strict=True):
        for mark, twin in zip(first.marks, second.marks, strict=True):
            words = getattr(mark, "words", None)
            if mark != twin or (isinstance(words, Words) and words.alternates):
                for left, top, right, bottom in (turned(extent(part), first) for part in (mark, twin)):
                    rows, columns = (
                        slice(max(0, int(top * side)), int(bottom * side) + 1),
                        slice(max(0, int(left * side)), int(right * side) + 1),
                    )
                    allowed[rows, columns] = True
    return allowed


def extent(mark: Mark) -> tuple[float, float, float, float]:
    if isinstance(mark, Stroke):
        across, down = zip(*mark.points, strict=True)
        return min(across), min(down), max(across), max(down)
    return mark.box


def turned(box: tuple[float, float, float, float], layer: Layer) -> tuple[float, float, float, float]:
    """The upright box around a box that was turned anticlockwise, with a margin for smooth edges."""
    angle, (x, y) = -radians(layer.tilt), layer.pivot
    corners = [(across - x, down - y) for across in (box[0], box[2]) for down in (box[1], box[3])]
    across = [x + a * cos(angle) - d * sin(angle) for a, d in corners]
    down = [y + a * sin(angle) + d * cos(angle) for a, d in corners]
    return min(across) - 0.02, min(down) - 0.02, max(across) + 0.02, max(down) + 0.02


def test_twins_pictures_differ_where_the_words_do_and_nowhere_else() -> None:
    resolution = 224
    compared = 0
    for (name, unsafe), (_, benign) in zip(pictures(Kind.UNSAFE, 9), pictures(Kind.BENIGN, 9), strict=True):
        drawn = [paint(unsafe, Kind.UNSAFE, resolution), paint(benign, Kind.BENIGN, resolution)]
        if name.endswith("/base"):
            assert drawn[0] == drawn[1], name
            continue
        differs = (abs(pixels(drawn[0]) - pixels(drawn[1])) > 2).any(axis=2)
        assert differs.any(), name
        assert not (differs & ~changed(unsafe, benign, resolution)).any(), name
        compared += 1
    assert compared >= 100


def test_a_word_that_alternates_moves_no_other() -> None:
    """The long side of one line makes the letters of both twins small, so all other lines look the same."""
    drawn = scene(kind="note", lines=["Dear all,", "{no|what a wonderful thing to say, thank you}", "from Ana"])
    upper = [pixels(paint(compose(drawn, Look.of("a"), kind), kind, 448))[:110] for kind in (Kind.UNSAFE, Kind.BENIGN)]
    assert (upper[0] == upper[1]).all()
    assert len(np.unique(upper[0].reshape(-1, 3), axis=0)) > 20


@pytest.mark.parametrize("resolution", [224, 448, 1000])
def test_a_picture_is_the_same_scene_at_every_resolution(resolution: int) -> None:
    for name, layers in pictures(Kind.BENIGN, 104):
        drawn = paint(layers, Kind.BENIGN, resolution)
        small = [
            PillowImage.open(io.BytesIO(png)).convert("L").resize((28, 28), PillowImage.Resampling.BOX)
            for png in (drawn, paint(layers, Kind.BENIGN, 336))
        ]
        assert pixels(drawn).shape == (resolution, resolution, 3)
        assert abs(np.asarray(small[0], float) - np.asarray(small[1], float)).mean() < 4, name


DIGEST = """
import hashlib
from unicost.records import Kind
from tests.unit.test_bundled_pictures import digest_of_some
print(digest_of_some())
"""


def digest_of_some() -> str:
    drawn = [paint(layers, Kind.UNSAFE, 224) for _, layers in pictures(Kind.UNSAFE, 80)]
    return hashlib.sha256(b"".join(drawn)).hexdigest()


def test_another_process_draws_the_same_bytes() -> None:
    again = subprocess.run(
        [sys.executable, "-c", DIGEST], env={"PYTHONHASHSEED": "7", "PYTHONPATH": "."}, capture_output=True, text=True
    )
    assert again.stdout.strip() == digest_of_some(), again.stderr


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast ratio of the Web Content Accessibility Guidelines 2.2."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@cache
def text_on_ground() -> list[tuple[str, str]]:
    pairs = [(pen, ground) for pen in PENS for ground in (*PAPERS, *STICKIES)]
    for palette in PALETTES:
        pairs += [(palette.ink, ground) for ground in (palette.ground, palette.paper, palette.soft, *PAPERS)]
        pairs += [(palette.light, palette.strong), (palette.strong, palette.paper)]
    return pairs


def test_letters_stand_out() -> None:
    """A ratio of 4.5, which the guidelines ask for in text."""
    assert [pair for pair in text_on_ground() if contrast(*pair) < 4.5] == []
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_looks_vary_and_depend_on_their_key_alone() -> None:
    looks = [Look.of(f"target {number}") for number in range(300)]
    assert looks == [Look.of(f"target {number}") for number in range(300)]
    assert len({look.palette for look in looks}) == len(PALETTES)
    assert len({look.desk for look in looks}) == len(DESKS)
    assert all(1 <= abs(look.tilt) <= 4.5 for look in looks)


def test_a_pie_is_whole_and_a_bar_is_as_high_as_its_value() -> None:
    pie = scene(kind="chart", form="pie", title="t", labels=["a", "b", "c"], values="{1, 2, 0|3, 3, 3}")
    for kind in (Kind.UNSAFE, Kind.BENIGN):
        slices = [mark for mark in compose(pie, Look.of("a"), kind)[0].marks if isinstance(mark, Slice)]
        assert slices[-1].end - slices[0].start == pytest.approx(360)
        assert all(first.end == second.start for first, second in pairwise(slices))
    bar = scene(kind="chart", form="bar", title="t", labels=["a", "b"], values="{30, 60|60, 90}")
    heights = {kind: bar_heights(compose(bar, Look.of("a"), kind)) for kind in (Kind.UNSAFE, Kind.BENIGN)}
    assert heights[Kind.UNSAFE][1] == pytest.approx(2 * heights[Kind.UNSAFE][0])
    assert heights[Kind.BENIGN][0] == pytest.approx(heights[Kind.UNSAFE][1]), "twins share a scale"


def bar_heights(layers: list[Layer]) -> list[float]:
    panels = [mark.box for mark in layers[0].marks if isinstance(mark, Panel)]
    return [bottom - top for _, top, _, bottom in panels[1:]]


def test_a_sticky_note_lies_on_a_print_of_the_base() -> None:
    base = compose(scene(kind="sign", text="Open"), Look.of("a"), Kind.BENIGN)
    ground, sticky = with_sticky(base, split("{no|yes}"), Look.of("b"))
    assert [mark.layers for mark in ground.marks if isinstance(mark, Print)] == [tuple(base)]
    assert [mark.words.sides for mark in sticky.marks if isinstance(mark, Text)] == [("no", "yes")]
