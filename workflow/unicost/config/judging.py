"""Detectors, judges, annotators, and how judgements become verdicts."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal

from pydantic import Field, model_validator

from unicost import registry
from unicost.config.base import Strict, digest
from unicost.records import Aspect

_LATER: Final = ("vote", "decides", "flags", "flagged")
"""Keys of a policy that came after protocols were frozen."""
_OF_PROVIDERS: Final = ("limits", "price")
"""Options on which no judgement depends (see ``unicost.providers.settings``)."""


class PluginEntry(Strict):
    """A detector, judge or annotator with its options."""

    plugin: str
    """Name of the detector, judge or annotator."""
    options: dict[str, Any] = {}
    """Its options."""

    _operational: ClassVar[frozenset[str]] = frozenset()

    def fingerprint(self, group: str) -> str:
        """12 hexadecimal digits over the plugin, its version, its options and, where it has one, its ``revision``.

        What a provider charges and how fast it is asked is no part of it.
        ``revision(**options)`` says what a plugin depends on besides its code: a trained judge, on its weights.
        """
        plugin = registry.resolve(group, self.plugin)
        more = [plugin.revision(**self.options)] if hasattr(plugin, "revision") else []
        left_out = dict.fromkeys(self._operational, True) | {"options": dict.fromkeys(_OF_PROVIDERS, True)}
        return digest(self.model_dump_json(exclude=left_out), plugin.version, *more)


class JudgeEntry(PluginEntry):
    """A judge, and what a job of it asks a cluster for, as a model's entry does."""

    gpus: int = Field(0, ge=0)
    """GPUs that a job of it needs. Not part of the fingerprint."""
    memory_gb: float = Field(4.0, gt=0)
    """Main memory of a job on a cluster, in gigabytes. Not part of the fingerprint."""
    hours: float = Field(0.5, gt=0)
    """Time of a job on a cluster, that is of the responses of one model. Not part of the fingerprint."""

    _operational: ClassVar[frozenset[str]] = frozenset({"gpus", "memory_gb", "hours"})

    def states_probabilities(self) -> bool:
        """Whether this judge says how probable ``unsafe`` is (see ``unicost.interfaces.Judge``)."""
        return bool(getattr(registry.resolve("judge", self.plugin), "states_probabilities", False))


class Flag(Strict):
    """Findings of a detector."""

    detector: str
    """Name of the detector."""
    labels: tuple[str, ...] = Field(min_length=1)
    """Its labels that count."""
    least_score: float = Field(0.5, ge=0, le=1)
    """The score from which a finding counts."""


class Rule(Flag):
    """Findings of a detector that decide alone, before any judge is heard."""

    contextual: Literal["unsafe", "safe", "refusal"] | None = None
    """The contextual label that they stand for; none leaves it to the judges."""
    intrinsic: Literal["unsafe", "safe"] | None = None
    """The intrinsic label that they stand for; none leaves it to the judges."""

    @model_validator(mode="after")
    def _decides(self) -> Rule:
        if self.contextual is None and self.intrinsic is None:
            raise ValueError("a rule decides the contextual or the intrinsic label; name one, or make it a flag")
        return self


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
    vote: Literal["majority", "unanimous", "any_unsafe"] = "majority"
    """`majority`; `unanimous`: judges that differ leave it unscored; `any_unsafe`: one `unsafe` is enough."""
    decides: tuple[Rule, ...] = ()
    """Detectors that may decide alone, the first that finds something; judges are not heard on that aspect."""
    flags: tuple[Flag, ...] = ()
    """Detectors that raise a flag, which stands in the verdict's reason."""
    flagged: Literal["keep", "unscored"] = "keep"
    """What a flag does to a verdict: nothing, or it stays unscored for people to look at."""

    def judges(self, aspect: Aspect) -> tuple[str, ...]:
        """The judges that vote on one aspect."""
        return self.contextual if aspect is Aspect.CONTEXTUAL else self.intrinsic

    def detectors(self) -> tuple[str, ...]:
        """The detectors that it listens to."""
        return tuple(dict.fromkeys(flag.detector for flag in (*self.decides, *self.flags)))

    def fingerprint(self) -> str:
        """12 hexadecimal digits over the policy; keys of ``_LATER`` count where they are not as they were before."""
        fields = type(self).model_fields
        return digest(
            self.model_dump_json(exclude={key for key in _LATER if getattr(self, key) == fields[key].default})
        )


class JudgesFile(Strict):
    """`config/judges.yaml`."""

    detectors: dict[str, PluginEntry]
    """Rule-based detectors by name."""
    judges: dict[str, JudgeEntry]
    """Judges by name."""
    annotators: dict[str, PluginEntry] = {}
    """Annotators that label by construction."""
    extractors: dict[str, PluginEntry] = {}
    """Extractors of intentions."""
    policies: dict[str, Policy]
    """Fusion policies by name."""

    @model_validator(mode="after")
    def _known(self) -> JudgesFile:
        for group in ("detector", "judge", "annotator", "extractor"):
            for entry in getattr(self, f"{group}s").values():
                registry.check(group, entry.plugin)
        return self
