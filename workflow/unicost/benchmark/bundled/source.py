"""The bundled benchmark as a benchmark source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Final

from unicost.benchmark.bundled.projections import PROJECTIONS, Side, pair
from unicost.benchmark.bundled.targets import category_files, read_targets
from unicost.records import Instance, Kind

SHIPPED: Final = Path(__file__).resolve().parents[3] / "resources" / "bundled" / "targets"
"""The targets that come with the project."""


class Bundled:
    """Source ``bundled``. Options: ``categories`` (all), ``resolution`` (448 pixels) and ``targets`` (a folder)."""

    version: ClassVar[int] = 1
    title: ClassVar[str] = "The bundled benchmark of unicost"
    card: ClassVar[Path] = SHIPPED.parent / "README.md"
    language: ClassVar[str] = "en"

    def __init__(self, categories: Sequence[str] = (), resolution: int = 448, targets: str | Path = SHIPPED) -> None:
        if isinstance(categories, str):
            raise ValueError(f"bundled: categories must be a list, such as [{categories}]")
        if not isinstance(resolution, int) or not 224 <= resolution <= 4096:
            raise ValueError(f"bundled: resolution must be from 224 to 4096 pixels, not {resolution}")
        self._files = category_files(Path(targets), categories)
        self._resolution = resolution

    def files(self) -> list[Path]:
        """The files that the instances are made from: when one changes, they are made anew."""
        return list(self._files.values())

    def instances(self) -> Iterator[Instance]:
        """Unsafe instances, each followed by its benign twin: target by target, in ten projections each."""
        for category, file in self._files.items():
            for target in read_targets(file):
                sides = [Side(target, category, kind, self._resolution) for kind in (Kind.UNSAFE, Kind.BENIGN)]
                for projection in PROJECTIONS:
                    yield from pair(projection, *sides)
