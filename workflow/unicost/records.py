"""The rows that pass between stages, their enumerations and their Parquet schemas.

Every stage reads and writes Parquet files of one of these records (see ``store``). Images are embedded as
``{bytes, path}`` structs, the way Hugging Face ``datasets`` stores them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pyarrow as pa


class Task(StrEnum):
    """What goes into a model and what is asked of it."""

    TEXT_TO_TEXT = "text_to_text"
    TEXT_TO_IMAGE = "text_to_image"
    IMAGE_TO_TEXT = "image_to_text"
    IMAGE_TO_IMAGE = "image_to_image"
    TEXT_IMAGE_TO_TEXT = "text_image_to_text"
    TEXT_IMAGE_TO_IMAGE = "text_image_to_image"
    DIALOGUE = "dialogue"

    @property
    def draws(self) -> bool:
        """Whether the answer is a picture."""
        return self.value.endswith("to_image")

    @property
    def sees(self) -> bool:
        """Whether a picture is asked about."""
        return "image_to" in self.value


class Construction(StrEnum):
    """How the harmful request is put together."""

    PLAIN = "plain"
    CROSS_MODAL_CONTAMINATION = "cross_modal_contamination"
    MODALITY_AMPLIFICATION = "modality_amplification"
    TASK_SWITCHING = "task_switching"


class Kind(StrEnum):
    """Why an instance is asked: to measure safety, over-refusal, or plain ability."""

    UNSAFE = "unsafe"
    BENIGN = "benign"
    CAPABILITY = "capability"


class Placement(StrEnum):
    """Which part of the input carries the risk."""

    TEXT = "text"
    IMAGE = "image"
    DUAL = "dual"
    COMPOSITE = "composite"
    NONE = "none"


class Modality(StrEnum):
    """Modality of the expected answer."""

    TEXT = "text"
    IMAGE = "image"


class Aspect(StrEnum):
    """Contextual: is this answer right for this request? Intrinsic: is this output harmful by itself?"""

    CONTEXTUAL = "contextual"
    INTRINSIC = "intrinsic"


class Label(StrEnum):
    """A judgement. ``refusal`` exists for the contextual aspect only; ``unscored`` always carries a reason."""

    UNSAFE = "unsafe"
    SAFE = "safe"
    REFUSAL = "refusal"
    UNSCORED = "unscored"


@dataclass(frozen=True)
class Image:
    """An encoded image (PNG or JPEG bytes) and the name it came under, if any."""

    bytes: bytes
    path: str | None = None


@dataclass(frozen=True)
class Turn:
    """One turn of the conversation; ``role`` is ``system``, ``user`` or ``assistant``; images precede the text."""

    role: str
    text: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True)
class Instance:
    """One request of the benchmark. ``family`` is the risk target that its projections and its benign twin share."""

    id: str
    family: str
    kind: Kind
    category: str
    leaf: str
    task: Task
    construction: Construction
    placement: Placement
    turns: tuple[Turn, ...]
    expected: Modality
    intention: str
    source: str
    licence: str
    twin: str | None = None
    reference_answer: str | None = None

    def content_hash(self) -> str:
        """SHA-256 of what a model sees and how its answer is labelled: everything but nothing else."""
        turns = [
            vars(turn) | {"images": [hashlib.sha256(image.bytes).hexdigest() for image in turn.images]}
            for turn in self.turns
        ]
        row = vars(self) | {"turns": turns}
        return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Response:
    """One model's answer to one instance. Exactly one of an answer, a provider refusal or an error is expected.

    ``first_tokens`` is a JSON object of the most probable first tokens of a text answer: decoded token -> probability
    before any decoding setting, at most 20, descending; None for pictures, errors and models that do not tell.
    """

    instance: str
    model: str
    fingerprint: str
    seed: int
    text: str | None = None
    image: Image | None = None
    provider_refusal: str | None = None
    finish_reason: str | None = None
    error_kind: str | None = None
    error_message: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    latency_seconds: float | None = None
    cost_usd: float | None = None
    prompt: str | None = None
    first_tokens: str | None = None


@dataclass(frozen=True)
class Detection:
    """What one rule-based detector found in one response; ``score`` in [0, 1], ``label`` from the detector's list."""

    instance: str
    model: str
    detector: str
    label: str
    score: float
    evidence: str | None = None


@dataclass(frozen=True)
class Judgement:
    """One judge's (or annotator's) label for one aspect of one response."""

    instance: str
    model: str
    judge: str
    aspect: Aspect
    label: Label
    reason: str = ""
    raw: str | None = None
    error: str | None = None
    tokens: int | None = None
    latency_seconds: float | None = None


@dataclass(frozen=True)
class Verdict:
    """The fused decision on one response, with the columns of its instance that every analysis groups by.

    ``both_safe`` is None where either aspect is unscored. ``outcome`` is the finer label of the judge that decided
    (for example ``refuses``, ``mixed``, ``complies``, ``other``), if it gives one. ``correct`` says whether the
    response equals the instance's reference answer, where it has one. ``reason`` says by which vote or detector each
    aspect was decided, and names the flags.
    """

    instance: str
    model: str
    family: str
    kind: Kind
    category: str
    leaf: str
    task: Task
    construction: Construction
    placement: Placement
    contextual: Label
    intrinsic: Label
    both_safe: bool | None
    outcome: str | None
    correct: bool | None
    decided_by: str
    unscored_reason: str | None = None
    reason: str | None = None


_STRING, _INT, _FLOAT, _BOOL = pa.string(), pa.int64(), pa.float64(), pa.bool_()
IMAGE = pa.struct([("bytes", pa.binary()), ("path", _STRING)])
TURN = pa.struct([("role", _STRING), ("text", _STRING), ("images", pa.list_(IMAGE))])
_ARROW: dict[str, pa.DataType] = {
    "str": _STRING,
    "int": _INT,
    "float": _FLOAT,
    "bool": _BOOL,
    "Image": IMAGE,
    "tuple[Turn, ...]": pa.list_(TURN),
}


def arrow_schema(record: type) -> pa.Schema:
    """The Arrow schema of a record class; optional fields are nullable, enumerations are strings."""
    fields = []
    for spec in dataclasses.fields(record):
        name = str(spec.type)
        base = name.removesuffix(" | None")
        fields.append(pa.field(spec.name, _ARROW.get(base, _STRING), nullable=name != base))
    return hub_schema(fields)


def hub_schema(fields: list[pa.Field]) -> pa.Schema:
    """The fields as a schema whose ``huggingface`` metadata makes ``datasets.load_dataset`` decode image columns."""
    metadata = {"huggingface": json.dumps({"info": {"features": _features(fields)}})}
    return pa.schema(fields, metadata=metadata)


def _features(fields: list[pa.Field]) -> dict[str, Any]:
    return {spec.name: _feature(spec.type) for spec in fields}


def _feature(kind: pa.DataType) -> Any:
    if kind == IMAGE:
        return {"_type": "Image"}
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "List"}
    if pa.types.is_struct(kind):
        return {kind.field(i).name: _feature(kind.field(i).type) for i in range(kind.num_fields)}
    names = {_STRING: "string", _INT: "int64", _FLOAT: "float64", _BOOL: "bool", pa.binary(): "binary"}
    return {"dtype": names[kind], "_type": "Value"}
