"""Pictures whose content is known: those of the bundled benchmark by their scenes, and blank ones and papers made here.

What a picture shows is taken from its description, before anything is drawn; no detector has a part in it, but for the
rules over texts, which are shown the very words of the picture.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from PIL import Image as Picture
from unicost.benchmark.bundled.drawing import Look, compose, handwritten, paint, with_sticky
from unicost.benchmark.bundled.drawing.marks import Layer, Panel, Symbol, Text
from unicost.benchmark.bundled.scenes import Card, Message
from unicost.benchmark.bundled.source import SHIPPED
from unicost.benchmark.bundled.targets import Target, category_files, read_targets
from unicost.benchmark.bundled.words import Words, same
from unicost.records import Kind

RESOLUTION: Final = 448
_NOT_WORDS: Final = ("kind", "form", "icon", "items", "values")
_PAPERS: Final = re.compile(
    r"\b(?:badge|licence|pass|passport|permit|visitor|member|(?:patient|library|player) card)\b", re.I
)
_PAPER_ICONS: Final = ("address-card", "id-badge", "id-card", "id-card-clip", "passport")
_COLOURS: Final = ("#000000", "#ffffff", "#808080", "#c0c0c0", "#f0f0f0", "#1d4e89", "#7a4419", "#e8eef5")
_LIGHT: Final = ("#ffffff", "#c0c0c0", "#f0f0f0", "#e8eef5")
_SIGNS: Final = ("image", "ban", "eye-slash", "triangle-exclamation", "circle-exclamation", "lock")
_NOTICES: Final = ("", "Image removed", "Content not available", "This picture was filtered")
# The fields of a passport (ICAO Doc 9303, part 4), of an identity card (part 5) and of a driving licence (Directive
# 2006/126/EC, annex I).
_SPECIMENS: Final = {
    "Passport": {
        "Surname": "SPECIMEN",
        "Given names": "SPECIMEN",
        "Nationality": "UTOPIA",
        "Date of birth": "12 AUG 1974",
        "Passport No": "L898902C3",
        "Date of expiry": "15 APR 2032",
    },
    "Identity card": {
        "Surname": "SPECIMEN",
        "Given names": "SPECIMEN",
        "Sex": "F",
        "Nationality": "UTO",
        "Date of birth": "12 08 74",
        "Document No": "D23145890",
    },
    "Driving licence": {
        "1. Surname": "Specimen",
        "2. First names": "Specimen",
        "3. Date, place of birth": "12.08.74 Utopia",
        "4b. Valid until": "15.04.2032",
        "9. Categories": "AM, B",
    },
}


@dataclass(frozen=True)
class Known:
    """A picture: its name, the words on it, whether it is a paper that says who somebody is, and how it is drawn."""

    name: str
    words: tuple[str, ...]
    paper: bool
    draw: Callable[[], bytes]


def bundled() -> Iterator[Known]:
    """Every picture of the bundled benchmark, on both sides."""
    for category, file in category_files(SHIPPED, ()).items():
        for target in read_targets(file):
            for kind in (Kind.UNSAFE, Kind.BENIGN):
                yield from _of_target(f"{category.lower()}/{target.id}", target, kind)


def _of_target(family: str, target: Target, kind: Kind) -> Iterator[Known]:
    def look(part: str) -> Look:
        return Look.of(f"bundled/{family}/{part}")

    def known(part: str, words: tuple[str, ...], layers: list[Layer], paper: bool = False) -> Known:
        return Known(f"{family}/{part}/{kind}", words, paper, partial(paint, layers, kind, RESOLUTION))

    scenes = {"picture": target.picture, "combine": target.combine.scene, "base": target.base}
    for part, scene in scenes.items():
        yield known(part, _words(scene, kind), compose(scene, look(part), kind), _is_paper(scene, kind))
    yield known("note", (target.note.on(kind),), handwritten(target.note, look("note")))
    words = (*_words(target.base, kind), target.sticky.on(kind))
    print_ = compose(target.base, look("base"), kind)
    yield known("sticky", words, with_sticky(print_, target.sticky, look("sticky")), _is_paper(target.base, kind))


def _words(scene: Any, kind: Kind) -> tuple[str, ...]:
    """All that is written in a scene, a string for each place."""
    found: list[str] = []
    for name, value in scene:
        if name == "fields":
            found += [f"{field.on(kind)}: {content.on(kind)}" for field, content in value]
        elif name not in _NOT_WORDS:
            found += [
                one.words.on(kind) if isinstance(one, Message) else one.on(kind)
                for one in (value if isinstance(value, tuple) else (value,))
                if isinstance(one, Words | Message)
            ]
    return tuple(found)


def _is_paper(scene: Any, kind: Kind) -> bool:
    """A card that says of its holder who it is, by its title or its icon."""
    if not isinstance(scene, Card):
        return False
    icon = scene.icon.on(kind) if scene.icon else ""
    return icon in _PAPER_ICONS or _PAPERS.search(scene.title.on(kind)) is not None


def papers(number: int) -> Iterator[Known]:
    """Specimens of passports, identity cards and driving licences in the looks of the bundled benchmark, no face."""
    for place in range(number):
        title, fields = list(_SPECIMENS.items())[place % len(_SPECIMENS)]
        scene = Card.model_validate({"kind": "card", "title": title, "fields": fields})
        layers = compose(scene, Look.of(f"paper/{place}"), Kind.BENIGN)
        yield Known(f"paper/{place}", _words(scene, Kind.BENIGN), True, partial(paint, layers, Kind.BENIGN, RESOLUTION))


def blank(number: int, generator: np.random.Generator) -> Iterator[Known]:
    """Pictures of one colour, as PNG, as JPEG, and with the noise of a decoder of up to two levels."""
    for place in range(number):
        colour, form = _COLOURS[place % len(_COLOURS)], ("PNG", "JPEG", "noise")[place // len(_COLOURS) % 3]
        size = int(generator.choice([256, 512, 1024]))
        noise = generator.integers(-2, 3, (size, size, 3)) if form == "noise" else None
        yield Known(f"blank/{place}", (), False, partial(_flat, colour, size, form, noise))


def _flat(colour: str, size: int, form: str, noise: np.ndarray | None) -> bytes:
    picture = Picture.new("RGB", (size, size), colour)
    if noise is not None:
        picture = Picture.fromarray((np.asarray(picture).astype(int) + noise).clip(0, 255).astype(np.uint8))
    stream = io.BytesIO()
    picture.save(stream, "JPEG" if form == "JPEG" else "PNG", **({"quality": 75} if form == "JPEG" else {}))
    return stream.getvalue()


def placeholders(number: int, generator: np.random.Generator) -> Iterator[Known]:
    """Cards that stand for a picture: a sign of 8 to 35 % of the width on one colour, some with a notice under it."""
    for place in range(number):
        ground = _COLOURS[1 + place % (len(_COLOURS) - 1)]
        side = float(generator.uniform(0.08, 0.35))
        sign, notice = str(generator.choice(_SIGNS)), str(generator.choice(_NOTICES))
        ink = "#444444" if ground in _LIGHT else "#dddddd"
        box = (0.5 - side / 2, 0.45 - side / 2, 0.5 + side / 2, 0.45 + side / 2)
        marks: list[Any] = [Panel((0, 0, 1, 1), fill=ground), Symbol(same(sign), box, ink)]
        if notice:
            marks.append(Text(same(notice), (0.1, 0.72, 0.9, 0.8), ink, largest=0.05))
        layers = [Layer(tuple(marks))]
        yield Known(
            f"placeholder/{place}", (notice,) if notice else (), False, lambda k=layers: paint(k, Kind.BENIGN, 448)
        )


def sample(
    found: Sequence[Known], wanted: Callable[[Known], bool], size: int, generator: np.random.Generator
) -> list[Known]:
    """``size`` pictures, half of them (or all there are) such as are wanted, in a random order."""
    groups = [[one for one in found if wanted(one) is such] for such in (True, False)]
    first = min(len(groups[0]), size // 2)
    chosen = [
        group[place]
        for group, count in zip(groups, (first, size - first))
        for place in generator.choice(len(group), min(count, len(group)), replace=False)
    ]
    return [chosen[place] for place in generator.permutation(len(chosen))]
