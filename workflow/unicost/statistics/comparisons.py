"""Which unified model is compared with which specialised ones, as the models' entries say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unicost.config import ModelEntry, ModelKind, Relation

SPECIALISED = "specialised"
"""Name of the counterpart of relation ``group``."""
_SPECIALISED_KINDS = (ModelKind.LLM, ModelKind.VLM, ModelKind.GENERATOR, ModelKind.EDITOR)


@dataclass(frozen=True)
class Comparison:
    """A unified model and what it is compared with; ``members`` are several for relation ``group``."""

    unified: str
    counterpart: str
    relation: Relation
    closeness: str
    members: tuple[str, ...]


def comparisons(models: Mapping[str, ModelEntry]) -> list[Comparison]:
    """Every comparison of every unified model among ``models``; counterparts that are not among them are left out."""
    pairs = []
    for name, entry in models.items():
        if entry.kind is not ModelKind.UNIFIED:
            continue
        pairs += [
            Comparison(name, other.model, Relation(other.relation), other.closeness, (other.model,))
            for other in entry.counterparts
            if other.model in models
        ]
        pairs.append(Comparison(name, SPECIALISED, Relation.GROUP, "", specialised(models, entry.replicate)))
    return pairs


def specialised(models: Mapping[str, ModelEntry], replicate: int | None = None) -> tuple[str, ...]:
    """The specialised models; in an experiment with replicates, those of the same replicate."""
    return tuple(
        name for name, entry in models.items() if entry.kind in _SPECIALISED_KINDS and entry.replicate == replicate
    )


def unified(models: Mapping[str, ModelEntry], access: str | None = None) -> tuple[str, ...]:
    """The unified models, all or of one access (``open``, ``closed``)."""
    return tuple(
        name for name, entry in models.items() if entry.kind is ModelKind.UNIFIED and access in (None, entry.access)
    )
