"""What a provider charges, and how fast it may be asked: operational, so no answer depends on it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from unicost.registry import did_you_mean


class _Strict(BaseModel):
    """A section that refuses unknown keys and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _no_unknown_key(cls, section: Any) -> Any:
        for key in section if isinstance(section, dict) else ():
            if key not in cls.model_fields:
                raise ValueError(f"unknown key '{key}': {did_you_mean(str(key), list(cls.model_fields))}")
        return section


class Price(_Strict):
    """What a provider charges, in US dollars."""

    source: str
    """Where it is published, with the date on which it was read."""
    usd_per_million_input_tokens: float = Field(ge=0)
    """For a million tokens of requests."""
    usd_per_million_output_tokens: float = Field(ge=0)
    """For a million tokens of answers in text."""
    usd_per_image: float = Field(0, ge=0)
    """For an image that is drawn."""

    def usd(self, prompt_tokens: float, completion_tokens: float, images: int) -> float:
        """What one answer costs: its request, its tokens of text, and the images drawn."""
        tokens = prompt_tokens * self.usd_per_million_input_tokens
        tokens += completion_tokens * self.usd_per_million_output_tokens
        return tokens / 1e6 + images * self.usd_per_image


class Limits(_Strict):
    """How fast and how often a provider may be asked, and for how much money, in one job."""

    concurrency: int = Field(64, ge=1)
    """Calls at a time at most. How many there are adapts: it grows while all goes well and halves on overload."""
    requests_per_minute: float | None = Field(None, gt=0)
    """Calls begun in any minute at most."""
    tokens_per_minute: float | None = Field(None, gt=0)
    """Tokens of requests and answers in a minute at most; what a request will take is estimated, then corrected."""
    cost_cap_usd: float | None = Field(None, gt=0)
    """Dollars that one job may spend; what it would ask beyond them becomes an error, `cost_cap`. Needs a price."""
    attempts: int = Field(6, ge=1)
    """How often a call is tried that fails for a passing reason."""
    backoff_seconds: float = Field(1.0, ge=0)
    """The wait before the second attempt is drawn from 0 to this; before each further one, from twice as much."""
    patience_seconds: float = Field(120.0, ge=0)
    """No wait is longer. Where the provider asks for a longer one, the item is an error, to be asked again."""
    timeout_seconds: float = Field(180.0, gt=0)
    """How long an answer may take."""
