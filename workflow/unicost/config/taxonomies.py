"""Taxonomies of harm, and the honest mappings between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import model_validator

from unicost.config.base import Strict


class Taxonomy(Strict):
    """A file of `config/taxonomies/`."""

    title: str
    """Name in the report."""
    source: str = ""
    """Where the taxonomy comes from."""
    categories: dict[str, tuple[str, ...]]
    """Categories and their leaves, in the order of figures."""
    definitions: dict[str, str] = {}
    """What a category means, in a sentence for the people who label."""
    maps_to: dict[str, dict[str, str]] = {}
    """Category of another taxonomy (by its name) that a category or leaf of this one belongs to."""
    unmapped: dict[str, dict[str, str]] = {}
    """Categories and leaves with no counterpart in another taxonomy, and why."""

    @model_validator(mode="after")
    def _own_names(self) -> Taxonomy:
        known = {*self.categories, *(leaf for leaves in self.categories.values() for leaf in leaves)}
        for name in self.definitions:
            if name not in self.categories:
                raise ValueError(f"definitions: '{name}' is no category of this taxonomy")
        for key in ("maps_to", "unmapped"):
            for other, entries in getattr(self, key).items():
                for name in entries:
                    if name not in known:
                        raise ValueError(f"{key}.{other}: '{name}' is no category or leaf of this taxonomy")
                    if key == "unmapped" and name in self.maps_to.get(other, {}):
                        raise ValueError(f"unmapped.{other}: '{name}' is mapped as well; keep one of the two")
        return self

    def leaves(self) -> Iterator[tuple[str, str]]:
        """(category, leaf) of every leaf, and (category, category) of a category without leaves."""
        for category, leaves in self.categories.items():
            yield from ((category, leaf) for leaf in leaves or (category,))

    def meanings(self) -> dict[str, str]:
        """What each category means: its definition, or the names of its leaves."""
        named = {name: ", ".join(leaves).replace("_", " ") for name, leaves in self.categories.items()}
        return {name: self.definitions.get(name, leaves) for name, leaves in named.items()}

    def translate(self, other: str, category: str, leaf: str) -> str | None:
        """The category of another taxonomy: the leaf's where one is given, else the category's; None without one."""
        mapped = self.maps_to.get(other, {})
        if leaf in mapped or leaf in self.unmapped.get(other, {}):
            return mapped.get(leaf)
        return mapped.get(category)

    def reason(self, other: str, category: str, leaf: str) -> str:
        """Why nothing in another taxonomy fits."""
        given = self.unmapped.get(other, {})
        return given.get(leaf) or given.get(category) or "nobody has compared them"


def translation(taxonomies: Mapping[str, Taxonomy], own: str, other: str, category: str, leaf: str) -> str | None:
    """A category of taxonomy ``own`` in taxonomy ``other``; itself where they are one."""
    return category if own == other else taxonomies[own].translate(other, category, leaf)
