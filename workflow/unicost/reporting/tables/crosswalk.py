"""A benchmark's categories in the terms of other taxonomies, and what has no counterpart there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from unicost.config import Taxonomy
from unicost.records import Instance, Kind
from unicost.reporting.formatting import count, listed
from unicost.reporting.tables.writing import table, write

_CAPTION = (
    "Instances of each leaf, and the category of other taxonomies that the leaf belongs to. What has no counterpart is "
    "not mapped, with the reason; it is never counted under another category."
)


def write_crosswalk(
    instances: Iterable[Instance], taxonomies: Mapping[str, Taxonomy], own: str, study: str, outputs: Iterable[Path]
) -> None:
    """Write one row a leaf that occurs, in the order of taxonomy ``own``: unsafe, benign, and each other taxonomy.

    A taxonomy that ``own`` says nothing about is named in the caption.
    """
    sizes = Counter((instance.category, instance.leaf, instance.kind) for instance in instances)
    taxonomy = taxonomies[own]
    others = [name for name in taxonomies if name in {*taxonomy.maps_to, *taxonomy.unmapped}]
    rows = [
        {
            "Category": category,
            "Leaf": leaf.replace("_", " "),
            "Unsafe": count(sizes[category, leaf, Kind.UNSAFE]),
            "Benign": count(sizes[category, leaf, Kind.BENIGN]),
            **{taxonomies[other].title: _place(taxonomy, other, category, leaf) for other in others},
        }
        for category, leaf in _in_order(taxonomy, {(category, leaf) for category, leaf, _ in sizes})
    ]
    missing = [taxonomies[name].title for name in taxonomies if name != own and name not in others]
    compared = f" Not compared with: {listed(missing)}." if missing else ""
    content = table(rows, text=("Category", "Leaf"), wrapped=[taxonomies[other].title for other in others])
    write(content, f"Categories elsewhere: {study}", _CAPTION + compared, outputs)


def _in_order(taxonomy: Taxonomy, found: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The leaves that occur, in the order of the taxonomy; then those that it does not list."""
    known = [place for place in taxonomy.leaves() if place in found]
    categories = list(taxonomy.categories)
    others = sorted(found - set(known))
    for category in categories:
        yield from (place for place in (*known, *others) if place[0] == category)
    yield from (place for place in others if place[0] not in categories)


def _place(taxonomy: Taxonomy, other: str, category: str, leaf: str) -> str:
    if category not in taxonomy.categories:
        return "not mapped (a control without a category here)"
    place = taxonomy.translate(other, category, leaf)
    return place or f"not mapped ({taxonomy.reason(other, category, leaf)})"
