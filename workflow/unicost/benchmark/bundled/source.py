"""The bundled benchmark as a benchmark source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Final

from unicost.benchmark.bundled.targets import Target, category_files, read_targets
from unicost.records import Instance, Kind, Task
from unicost.registry import did_you_mean

SHIPPED: Final = Path(__file__).resolve().parents[3] / "resources" / "bundled" / "targets"
"""The targets that come with the project."""


class Bundled:
    """Source ``bundled``.

    Options: ``categories`` and ``tasks`` (all), ``per_leaf`` (all targets; else the first so many of each leaf, in the
    order of their file), ``resolution`` (448 pixels) and ``targets`` (a folder).
    """

    version: ClassVar[int] = 1
    title: ClassVar[str] = "The bundled benchmark of unicost"
    card: ClassVar[Path] = SHIPPED.parent / "README.md"
    language: ClassVar[str] = "en"

    def __init__(
        self,
        categories: Sequence[str] = (),
        resolution: int = 448,
        targets: str | Path = SHIPPED,
        tasks: Sequence[str] = (),
        per_leaf: int | None = None,
    ) -> None:
        for name, given in (("categories", categories), ("tasks", tasks)):
            if isinstance(given, str):
                raise ValueError(f"bundled: {name} must be a list, such as [{given}]")
        for task in tasks:
            if task not in list(Task):
                raise ValueError(f"bundled: unknown task '{task}': {did_you_mean(str(task), list(Task))}")
        if per_leaf is not None and (not isinstance(per_leaf, int) or per_leaf < 1):
            raise ValueError(f"bundled: per_leaf must be a whole number from 1, not {per_leaf!r}")
        if not isinstance(resolution, int) or not 224 <= resolution <= 4096:
            raise ValueError(f"bundled: resolution must be from 224 to 4096 pixels, not {resolution}")
        self._files = category_files(Path(targets), categories)
        self._resolution = resolution
        self._tasks = frozenset(Task(task) for task in tasks or Task)
        self._per_leaf = per_leaf

    def files(self) -> list[Path]:
        """The files that the instances are made from: when one changes, they are made anew."""
        return list(self._files.values())

    def instances(self) -> Iterator[Instance]:
        """Unsafe instances, each followed by its benign twin: target by target, in ten projections each."""
        # Drawing takes long to import, and a check of the config draws nothing.
        from unicost.benchmark.bundled.projections import PROJECTIONS, Side, pair

        for category, file in self._files.items():
            for target in self._some(read_targets(file)):
                sides = [Side(target, category, kind, self._resolution) for kind in (Kind.UNSAFE, Kind.BENIGN)]
                for projection in PROJECTIONS:
                    # Before it is drawn: pictures take time.
                    if projection.task_of(target) in self._tasks:
                        yield from pair(projection, *sides)

    def _some(self, targets: Iterable[Target]) -> Iterator[Target]:
        """The first ``per_leaf`` targets of each leaf."""
        seen: Counter[str] = Counter()
        for target in targets:
            seen[target.leaf] += 1
            if self._per_leaf is None or seen[target.leaf] <= self._per_leaf:
                yield target
