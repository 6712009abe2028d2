"""How fast models answer and how large benchmarks are: what a run is estimated from before it is made."""

from __future__ import annotations

from pydantic import Field, model_validator

from unicost.config.base import Strict
from unicost.records import Task


class Device(Strict):
    """The GPU that the figures stand for."""

    name: str
    """Its name."""
    usd_per_hour: float = Field(gt=0)
    """What an hour of it costs at a cloud."""


class MeanAnswer(Strict):
    """Assumed means over all instances and models."""

    prompt_tokens: int = Field(ge=0)
    """Tokens of a request."""
    image_prompt_tokens: int = Field(ge=0)
    """Tokens that an input image adds to it."""
    tokens: int = Field(gt=0)
    """Tokens of an answer in text."""
    step_seconds: float = Field(gt=0)
    """Seconds in which every answer of a batch grows by one token."""
    filled: float = Field(gt=0, le=1)
    """Share of a batch that is still being answered, on average; a batch of one is always full."""
    start_minutes: float = Field(ge=0)
    """Minutes until the first answer."""


class MeanJudgement(Strict):
    """Assumed means over all calls of an LLM judge."""

    prompt_tokens: int = Field(ge=0)
    """Tokens of its instructions; request and response are `answer`'s."""
    tokens: int = Field(gt=0)
    """Tokens of its verdict."""


class DatasetSize(Strict):
    """How many instances of each task a benchmark has."""

    source: str
    """How the numbers are known."""
    tasks: dict[Task, int]
    """Instances by task."""


class ModelThroughput(Strict):
    """How large and how fast one model is on the device. The price of one behind an API stands in its entry."""

    weights_gb: float = Field(gt=0)
    """Its weights on the disk in gigabytes, parts included."""
    tokens_per_second: float | None = Field(None, gt=0)
    """Tokens of answers in a second, over a batch; by default what ``MeanAnswer`` and the entry's batch size give."""
    seconds_per_image: float | None = Field(None, gt=0)
    """Seconds that an image takes to draw."""
    source: str | None = None
    """How the seconds are known."""

    @model_validator(mode="after")
    def _has_a_source(self) -> ModelThroughput:
        if self.seconds_per_image is not None and self.source is None:
            raise ValueError("'seconds_per_image' needs its 'source', if only the arithmetic behind it")
        return self


class Throughput(Strict):
    """`config/throughput.yaml`."""

    device: Device
    """The GPU that the figures stand for."""
    answer: MeanAnswer
    """Assumed means."""
    judgement: MeanJudgement
    """Assumed means of judges behind an API."""
    instances: dict[str, DatasetSize]
    """Sizes of benchmarks by name; of controls the benign instances alone."""
    models: dict[str, ModelThroughput]
    """Models by name, those behind an API aside."""
