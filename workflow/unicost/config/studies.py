"""Studies, their benchmarks and the settings of their statistics."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from unicost.config.base import Strict, digest
from unicost.config.models import DecodingPolicy
from unicost.records import Task


class Analysis(Strict):
    """Settings of the statistics."""

    common_tasks: tuple[str, ...]
    """Tasks of the common-task estimand (each weighted alike)."""
    confidence: float = Field(0.95, gt=0.5, lt=1)
    """Level of every interval."""
    resamples: int = Field(10_000, ge=100)
    """Resamples of every bootstrap."""
    seed: int = 0
    """Seed of the resampling."""
    margin: float = Field(0.02, gt=0, lt=1)
    """A penalty within plus or minus this counts as none (equivalence test)."""
    capability_gate: float | None = Field(None, gt=0, le=1)
    """A safety number counts only where the model does the task right at least this often; none switches it off."""
    replicates: bool = False
    """The models are replicates (training seeds) of arms: the seed is the unit of inference."""

    def fingerprint(self) -> str:
        """12 hexadecimal digits over the settings."""
        return digest(self.model_dump_json())


class PublishedStudy(Strict):
    """A study of published tables."""

    kind: Literal["published"]
    """`published`: counts from tables, nothing is run."""
    title: str
    """Title in the report."""
    tables: str
    """Folder of the published tables."""
    models: tuple[str, ...]
    """Models of the study."""
    analysis: Analysis
    """Settings of the statistics."""


class ExperimentStudy(Strict):
    """A study that asks models and judges their answers."""

    kind: Literal["experiment"]
    """`experiment`: models answer a benchmark and are judged."""
    title: str
    """Title in the report."""
    dataset: str
    """Name of the benchmark in `config/datasets.yaml`."""
    models: tuple[str, ...]
    """Models of the study."""
    tasks: tuple[Task, ...] = Field(min_length=1)
    """Tasks that are asked."""
    detectors: tuple[str, ...]
    """Detectors run over every response."""
    judges: tuple[str, ...] = Field(min_length=1)
    """Judges asked about every response."""
    annotators: tuple[str, ...] = ()
    """Annotators that label by construction."""
    extractor: str | None = None
    """Extractor of intentions that the benchmark does not state; without one, the last user turn stands for them."""
    policy: str
    """Fusion policy."""
    sensitivity: tuple[str, ...] = ()
    """Other reasonable policies: how the headline numbers move under each is a table."""
    protocol: str | None = None
    """Protocol (`config/protocols/`) whose contrasts and hypotheses are computed; its unit is the training seed."""
    decoding: DecodingPolicy = "common"
    """`common`: each model's `decoding`; `vendor`: its `vendor_decoding`, where it has one."""
    seed: int = 0
    """Every item's seed is derived from this, its id and the model's name."""
    shards: int = Field(1, ge=1, le=999)
    """Jobs that share one model's items."""
    human_sample: int = Field(200, ge=1)
    """Responses drawn for human annotation."""
    reports: bool = True
    """Figures, tables and a part in the paper; without them the study ends with its statistics."""
    human_labels: tuple[str, ...] = ()
    """CSV files that the annotation page gave the people who labelled the sample."""
    injections: str | None = None
    """File of attempts to talk judges over; how often each judge's verdict flips becomes a table and a figure."""
    analysis: Analysis
    """Settings of the statistics."""


class BenchmarkStudy(Strict):
    """A benchmark by itself: built, counted and shown, and no model is asked."""

    kind: Literal["benchmark"]
    """`benchmark`: instances are built, counted and shown on contact sheets; no model is asked."""
    title: str
    """Title in the report."""
    dataset: str
    """Name of the benchmark in `config/datasets.yaml`."""
    tasks: tuple[Task, ...] = Field(min_length=1)
    """Tasks that get a contact sheet."""
    pairs: int = Field(8, ge=1)
    """Unsafe instances on each contact sheet, every one beside its benign twin."""
    seed: int = 0
    """Which instances the contact sheets show."""


class Resampling(Strict):
    """How the intervals of a validation are made."""

    confidence: float = Field(0.95, gt=0.5, lt=1)
    """Level of every interval."""
    resamples: int = Field(2000, ge=100)
    """Resamples of every bootstrap; families of requests are drawn."""
    seed: int = 0
    """Seed of the resampling."""

    def fingerprint(self) -> str:
        """12 hexadecimal digits over the settings."""
        return digest(self.model_dump_json())


class ValidationStudy(Strict):
    """Judges against people, on responses that people labelled; no model is asked."""

    kind: Literal["validation"]
    """`validation`: judges are measured against human labels of responses that are there already."""
    title: str
    """Title in the report."""
    labelled: tuple[str, ...] = Field(min_length=1)
    """Names of sets of labelled responses in `config/labelled.yaml`."""
    detectors: tuple[str, ...]
    """Detectors run over every response."""
    judges: tuple[str, ...] = Field(min_length=1)
    """Judges asked about every response."""
    extractor: str | None = None
    """Extractor of intentions that the set does not state; without one, the last user turn stands for them."""
    policy: str
    """Fusion policy."""
    injections: str | None = None
    """File of attempts to talk judges over; how often each judge's verdict flips becomes a table and a figure."""
    analysis: Resampling = Resampling()
    """How intervals are made."""

    shards: ClassVar[int] = 1
    annotators: ClassVar[tuple[str, ...]] = ()
    human_labels: ClassVar[tuple[str, ...]] = ()


Study = PublishedStudy | ExperimentStudy | BenchmarkStudy | ValidationStudy


class Claim(Strict):
    """A claim made about the benchmark, to be audited."""

    text: str
    """The claim, in the words of this project."""
    source: str
    """Who makes it."""
    test: str
    """Name of the test in `unicost.statistics.claims_published` and `claims_experiment`."""
    would_test: str
    """The data that would settle it."""
    stated: dict[str, float] = {}
    """The figures that the source states, by name."""
    figures: tuple[str, ...] = ()
    """Names of the figures of the report that show what the test looks at."""
