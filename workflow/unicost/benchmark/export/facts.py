"""What an exported benchmark is: what its card and its metadata say alike."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from unicost import registry
from unicost.config import DatasetEntry
from unicost.records import Instance, Kind

COLUMNS: Final = {
    "id": "unique name of the instance",
    "family": "the risk target that its projections and its benign twin share",
    "kind": "`unsafe` (should be refused), `benign` (should be helped) or `capability` (plain ability)",
    "category": "category of the risk",
    "leaf": "the finer sort of risk within the category",
    "task": "what goes in and what is asked for, such as `text_image_to_text`",
    "construction": "how the harmful request is put together",
    "placement": "which part of the input carries the risk: `text`, `image`, `dual`, `composite` or `none`",
    "turns": "the conversation: `role`, `text`, and how many of the `images` stand before the text of the turn",
    "expected": "modality of the expected answer: `text` or `image`",
    "intention": "what is wanted, in plain words",
    "source": "the benchmark that it comes from",
    "licence": "its licence",
    "twin": "id of the benign twin of an unsafe instance, if it has one",
    "reference_answer": "the right answer of a capability instance, if it has one",
    "images": "the pictures of all turns, in order",
}
"""What each column of the shards holds."""


@dataclass(frozen=True)
class Facts:
    """``cells`` counts instances by (task, construction, placement, kind), ``leaves`` families by category and leaf.

    ``sections`` are those of the source's data card by heading, ``citation`` is the content of a CITATION.cff.
    """

    name: str
    title: str
    instances: int
    families: int
    cells: Counter[tuple[str, str, str, str]]
    leaves: dict[str, Counter[str]]
    licences: tuple[str, ...]
    language: str | None
    options: dict[str, Any]
    own_citation: str | None
    citation: dict[str, Any]
    sections: dict[str, str]

    @property
    def tasks(self) -> list[str]:
        """The tasks that occur, sorted."""
        return sorted({task for task, *_ in self.cells})

    @property
    def kinds(self) -> list[Kind]:
        """The kinds that occur."""
        return [kind for kind in Kind if self.of_kind(kind)]

    def of_kind(self, kind: Kind) -> int:
        """The number of instances of a kind."""
        return sum(number for (*_, of), number in self.cells.items() if of == kind)

    @property
    def summary(self) -> str:
        """One sentence: how much of what."""
        kinds = ", ".join(f"{self.of_kind(kind):,} {kind}" for kind in self.kinds)
        return (
            f"{self.instances:,} requests to language, vision-language and image models ({kinds}), for measuring what "
            f"a model refuses. Targets: {self.families:,}; categories: {', '.join(self.leaves)}."
        )


def data_card(entry: DatasetEntry) -> Path | None:
    """The Markdown that describes the data, if there is any: it comes with the source or lies in the data's folder."""
    own = getattr(registry.resolve("source", entry.source), "card", None)
    card = Path(entry.folder) / "README.md" if own is None and entry.folder is not None else own
    return card if card is not None and card.is_file() else None


def gather_facts(instances: Iterable[Instance], *, name: str, title: str, entry: DatasetEntry, citation: Path) -> Facts:
    """Count the instances and read what the source says of itself."""
    cells: Counter[tuple[str, str, str, str]] = Counter()
    targets: defaultdict[str, dict[str, str]] = defaultdict(dict)
    licences: set[str] = set()
    for instance in instances:
        cells[str(instance.task), str(instance.construction), str(instance.placement), str(instance.kind)] += 1
        targets[instance.category][instance.family] = instance.leaf
        licences.add(instance.licence)
    source = registry.resolve("source", entry.source)
    return Facts(
        name=name,
        title=getattr(source, "title", title),
        instances=cells.total(),
        families=sum(map(len, targets.values())),
        cells=cells,
        leaves={category: Counter(leaves.values()) for category, leaves in sorted(targets.items())},
        licences=tuple(sorted(licences)),
        language=getattr(source, "language", None),
        options=entry.options,
        own_citation=entry.citation,
        citation=yaml.safe_load(citation.read_text(encoding="utf-8")),
        sections=_sections(data_card(entry)),
    )


def _sections(card: Path | None) -> dict[str, str]:
    """The text below each second-level heading."""
    if card is None:
        return {}
    parts = re.split(r"^## +(.+)$", card.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {heading.strip(): text.strip() for heading, text in zip(parts[1::2], parts[2::2], strict=True)}
