"""The protocol of a controlled experiment: its prompt types, contrasts and hypotheses, declared before it is run."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from unicost.config.base import Strict, digest
from unicost.records import Construction, Task
from unicost.registry import did_you_mean

Outcome = Literal["failure", "refuses", "mixed", "complies", "other", "refusal_probability", "over_refusal"]
"""What is measured: all on unsafe requests, but `over_refusal` on their benign twins."""


class Frozen(Strict):
    """Digests of the settings on the day they were fixed, before the test split was used; see `unicost protocol`."""

    date: date
    """The day."""
    recipes: str
    """Of the file of training recipes."""
    benchmark: str
    """Of the benchmark: source, version and options."""
    answering: str
    """Of how answers are asked for: precision, decoding and system prompt of every model, and the seed."""
    judging: str
    """Of the detectors, the policy and the judges that vote under it."""
    analysis: str
    """Of prompt types, groups, contrasts, hypotheses, margin, confidence and the capability gate."""


class PromptType(Strict):
    """A way of asking: unsafe requests with their benign twins."""

    task: Task
    """Task of its instances."""
    construction: Construction
    """How they are put together."""
    label: str
    """Name in figures and tables."""


class Contrast(Strict):
    """A linear combination of arms within each seed, such as one arm minus another."""

    label: str
    """Name in figures and tables."""
    prompts: str
    """The prompt type, or the group of them, that it is taken over."""
    minus_prompts: str | None = None
    """Prompt type or group whose value is taken off: a difference between two ways of asking."""
    terms: dict[str, float] = Field(min_length=1)
    """Weight of each arm."""

    def limits(self) -> tuple[float, float]:
        """The smallest and the largest value that rates between 0 and 1 can give."""
        weights = list(self.terms.values())
        up, down = sum(w for w in weights if w > 0), sum(w for w in weights if w < 0)
        return (down, up) if self.minus_prompts is None else (down - up, up - down)


class Hypothesis(Strict):
    """A prediction about the sign of one contrast."""

    family: Literal["primary", "secondary"]
    """Hypotheses of one family share the error level (Holm)."""
    statement: str
    """What is predicted, in words."""
    contrast: str
    """Name of the contrast."""
    outcome: Outcome = "failure"
    """The outcome that it is about."""
    predicted: Literal["greater", "less"]
    """Whether the contrast is predicted to be above or below zero."""


class Protocol(Strict):
    """A file of `config/protocols/`."""

    title: str
    """Name in the report."""
    recipes: str
    """File of the training recipes of the arms."""
    frozen: Frozen | None = None
    """What was fixed beforehand, by digest; none while choices are still open."""
    margin: float = Field(0.05, gt=0, lt=1)
    """An effect whose interval lies within plus or minus this counts as absent."""
    confidence: float = Field(0.95, gt=0.5, lt=1)
    """Level of every interval."""
    prompts: dict[str, PromptType] = Field(min_length=1)
    """Prompt types by name."""
    groups: dict[str, tuple[str, ...]] = {}
    """Groups of prompt types; the value of a group is the plain mean of its prompt types."""
    contrasts: dict[str, Contrast] = Field(min_length=1)
    """Contrasts by name."""
    hypotheses: dict[str, Hypothesis] = Field(min_length=1)
    """Hypotheses by name, in the order of tables."""
    also: tuple[str, ...] = ()
    """Tables `outcomes.csv` of other arms, used where the file exists; the study's own arms take precedence."""

    def members(self, prompts: str) -> tuple[str, ...]:
        """The prompt types of a group; a prompt type is a group of one."""
        return self.groups.get(prompts, (prompts,))

    def arms(self) -> tuple[str, ...]:
        """Every arm of a contrast, in the order of the file."""
        return tuple(dict.fromkeys(arm for contrast in self.contrasts.values() for arm in contrast.terms))

    def digest(self, gate: float | None) -> str:
        """12 hexadecimal digits over the declared analysis; labels, statements and titles are words and leave it."""
        return digest(self.model_dump_json(include=_ANALYSIS), gate)

    @model_validator(mode="after")
    def _consistent(self) -> Protocol:
        asked: dict[tuple[Task, Construction], str] = {}
        for name, prompt in self.prompts.items():
            other = asked.setdefault((prompt.task, prompt.construction), name)
            if other != name:
                raise ValueError(
                    f"prompts.{name}: asks the same as '{other}'; each needs a task or construction of its own"
                )
        for name in self.groups:
            if name in self.prompts:
                raise ValueError(f"groups.{name}: the name is taken by a prompt type; give the group another one")
        for key, name, known in self._references():
            if name not in known:
                raise ValueError(f"{key}: unknown name '{name}': {did_you_mean(name, list(known))}")
        return self

    def _references(self) -> Iterator[tuple[str, str, Collection[str]]]:
        for group, members in self.groups.items():
            yield from ((f"groups.{group}", name, self.prompts) for name in members)
        askable = {**self.prompts, **self.groups}
        for name, contrast in self.contrasts.items():
            yield f"contrasts.{name}.prompts", contrast.prompts, askable
            if contrast.minus_prompts is not None:
                yield f"contrasts.{name}.minus_prompts", contrast.minus_prompts, askable
        for name, hypothesis in self.hypotheses.items():
            yield f"hypotheses.{name}.contrast", hypothesis.contrast, self.contrasts


_ANALYSIS: dict[str, Any] = {
    "margin": True,
    "confidence": True,
    "prompts": {"__all__": {"task", "construction"}},
    "groups": True,
    "contrasts": {"__all__": {"prompts", "minus_prompts", "terms"}},
    "hypotheses": {"__all__": {"family", "contrast", "outcome", "predicted"}},
}
"""What the declared analysis consists of."""
