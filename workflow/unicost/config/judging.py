"""Detectors, judges, annotators, and how judgements become verdicts."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from unicost import registry
from unicost.config.base import Strict, digest
from unicost.records import Aspect


class PluginEntry(Strict):
    """A detector, judge or annotator with its options."""

    plugin: str
    """Name of the detector, judge or annotator."""
    options: dict[str, Any] = {}
    """Its options."""

    def fingerprint(self, group: str) -> str:
        """12 hexadecimal digits over the plugin, its version, its options and, where it has one, its ``revision``.

        ``revision(**options)`` says what a plugin depends on besides its code: a trained judge, on its weights.
        """
        plugin = registry.resolve(group, self.plugin)
        more = [plugin.revision(**self.options)] if hasattr(plugin, "revision") else []
        return digest(self.model_dump_json(), plugin.version, *more)


class Policy(Strict):
    """How judgements become one verdict."""

    contextual: tuple[str, ...] = Field(min_length=1)
    """Judges that vote on the contextual aspect; a tie or too few votes leaves the item unscored."""
    intrinsic: tuple[str, ...] = ()
    """Judges that vote on the intrinsic aspect; none leaves that aspect out, and the contextual one decides alone."""
    minimum_votes: int = Field(1, ge=1)
    """Votes needed to score an aspect."""
    unscored_limit: float = Field(0.2, ge=0, le=1)
    """The job fails when a larger share of a model's responses stays unscored."""

    def judges(self, aspect: Aspect) -> tuple[str, ...]:
        """The judges that vote on one aspect."""
        return self.contextual if aspect is Aspect.CONTEXTUAL else self.intrinsic

    def fingerprint(self) -> str:
        """12 hexadecimal digits over the policy."""
        return digest(self.model_dump_json())


class JudgesFile(Strict):
    """`config/judges.yaml`."""

    detectors: dict[str, PluginEntry]
    """Rule-based detectors by name."""
    judges: dict[str, PluginEntry]
    """Judges by name."""
    annotators: dict[str, PluginEntry] = {}
    """Annotators that label by construction."""
    policies: dict[str, Policy]
    """Fusion policies by name."""

    @model_validator(mode="after")
    def _known(self) -> JudgesFile:
        for group in ("detector", "judge", "annotator"):
            for entry in getattr(self, f"{group}s").values():
                registry.check(group, entry.plugin)
        return self
