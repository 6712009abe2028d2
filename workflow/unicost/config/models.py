"""What a model is, how it is run, and what its answers depend on."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from typing import Any, ClassVar, Final, Literal

from pydantic import Field, field_validator, model_validator

from unicost import registry
from unicost.config.base import Strict, digest
from unicost.providers.settings import Limits, Price
from unicost.records import Task


class ModelKind(StrEnum):
    """What a model was made for."""

    LLM = "llm"
    VLM = "vlm"
    GENERATOR = "generator"
    EDITOR = "editor"
    CONTROL = "control"
    UNIFIED = "unified"


class Relation(StrEnum):
    """How a counterpart relates to the unified model.

    ``group`` is the mean of all specialised models of a task; ``closed`` are the closed unified models, for open ones.
    """

    BASE_LLM = "base_llm"
    VLM = "vlm"
    GENERATOR = "generator"
    EDITOR = "editor"
    CONTROL = "control"
    GROUP = "group"
    CLOSED = "closed"


class Closeness(StrEnum):
    """How close a counterpart is, from the strongest evidence to the weakest."""

    PARENT = "parent"
    SAME_BASE = "same_base"
    RELATIVE = "relative"
    UNRELATED = "unrelated"


class Counterpart(Strict):
    """A specialised model that a unified one is compared with."""

    model: str
    """Name of the specialised model."""
    relation: Literal["base_llm", "vlm", "generator", "editor", "control"]
    """What the counterpart is to the unified model."""
    closeness: Closeness
    """`parent` (its own base), `same_base`, `relative` (same family, other size or tuning) or `unrelated`."""
    note: str = ""
    """What a reader must know about the pairing."""


class Decoding(Strict):
    """How answers are decoded. Every field is passed to the library: what is left unset here has this default."""

    do_sample: bool = False
    """Sample (true) or take the most probable token (false)."""
    temperature: float = Field(1.0, gt=0, le=5)
    """Softmax temperature when sampling."""
    top_p: float = Field(1.0, gt=0, le=1)
    """Nucleus mass when sampling."""
    top_k: int = Field(0, ge=0)
    """Number of most probable tokens kept when sampling; 0 keeps all."""
    repetition_penalty: float = Field(1.0, gt=0)
    """1 is none."""
    max_new_tokens: int = Field(1024, ge=1)
    """Cap on the answer's length in tokens; a capped answer has finish reason `length`."""
    guidance_scale: float = Field(1.0, ge=1)
    """Classifier-free guidance of image generation; 1 is none."""


SAMPLES: Final = frozenset({"do_sample", "temperature", "top_p", "top_k"})
"""Fields of ``Decoding`` that say which token is taken."""
WRITES: Final = SAMPLES | {"max_new_tokens", "repetition_penalty"}
"""Those that a text is decoded by, which no guidance leads."""
DRAWS: Final = SAMPLES | {"guidance_scale"}
"""Those that the tokens of a picture are decoded by, whose number is fixed."""

DecodingPolicy = Literal["common", "vendor"]
"""`common`: the `decoding` of each entry, the same for all by default; `vendor`: what the vendor decodes with."""


class Repository(Strict):
    """A repository of the hub that a checkpoint, or a part of it, comes from."""

    checkpoint: str
    """Its name, `owner/name`."""
    revision: str | None = None
    """Its commit, 40 hexadecimal digits, or `main`, which is not pinned."""
    files: tuple[str, ...] = ()
    """Patterns of the files that are brought; by default safetensors, JSON and tokenizer files alone."""

    @property
    def pinned(self) -> bool:
        """Whether the same bytes come every time."""
        return re.fullmatch(r"[0-9a-f]{40}", self.revision or "") is not None

    def check_hub(self) -> None:
        """Raise ``ValueError`` unless a repository and a commit (or ``main``) of it are named."""
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", self.checkpoint):
            raise ValueError(f"checkpoint '{self.checkpoint}' must be a repository of the hub, 'owner/name'")
        if not self.pinned and self.revision != "main":
            raise ValueError(
                f"revision of '{self.checkpoint}' must be a commit, 40 hexadecimal digits, or 'main', which is not "
                f"pinned; not '{self.revision}'"
            )


class ModelRun(Strict):
    """How a model is run. Models without this section are known from published tables only."""

    adapter: str
    """Name of the adapter that drives the model."""
    weights: str
    """Where the checkpoint comes from: `hub`, `folder` (on this machine), `package` (a file in a Python package),
    `miniature` (shipped or trained here), or `provider` (behind an API)."""
    checkpoint: str
    """The checkpoint's name at that place: on the hub `owner/name`, in a package `package/file`, behind an API
    `provider/model`."""
    revision: str | None = None
    """Which version of it, on the hub alone: a commit, 40 hexadecimal digits, or `main`, which is not pinned."""
    files: tuple[str, ...] = ()
    """On the hub, patterns of the files that are brought; by default safetensors, JSON and tokenizer files alone."""
    parts: dict[str, Repository] = {}
    """Further repositories that the model needs, by the folder of the checkpoint that each is put in."""
    licence: str | None = None
    """Licence of the weights, or terms of the service. Not part of the fingerprint."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """Precision of the computation."""
    decoding: Decoding = Decoding()
    """Decoding of text and images under the policy `common`."""
    vendor_decoding: Decoding | None = None
    """The same under the policy `vendor`; as `common` by default."""
    image_decoding: Decoding | None = None
    """Decoding of images where the model writes text too and draws otherwise, under either policy."""
    system_prompt: str | None = None
    """System message put before the conversation; none by default."""
    options: dict[str, Any] = {}
    """Options of the adapter."""
    tasks: tuple[Task, ...] | None = None
    """Tasks that the model was made for; all that its adapter can drive by default. Not part of the fingerprint."""
    batch_size: int = Field(64, ge=1)
    """Instances answered at once. Not part of the fingerprint."""
    price: Price | None = None
    """What a provider charges. Not part of the fingerprint."""
    limits: Limits | None = None
    """How fast a provider may be asked, and for how much money. Not part of the fingerprint."""
    gpus: int = Field(0, ge=0)
    """GPUs that a job of this model needs. Not part of the fingerprint."""
    memory_gb: float = Field(4.0, gt=0)
    """Main memory of a job on a cluster, in gigabytes. Not part of the fingerprint."""
    hours: float = Field(1.0, gt=0)
    """Time of a job on a cluster; a job that runs out of it goes on with twice as much. Not part of the fingerprint."""

    # Under the policy `vendor`, `decoding` is what `vendor_decoding` says.
    _operational: ClassVar[set[str]] = {
        *("batch_size", "gpus", "hours", "licence", "limits", "memory_gb", "price", "tasks", "vendor_decoding"),
    }
    _added: ClassVar[set[str]] = {"files", "image_decoding", "options", "parts", "revision"}

    @field_validator("adapter", "weights")
    @classmethod
    def _known(cls, name: str, info: Any) -> str:
        registry.check(info.field_name, name)
        return name

    @model_validator(mode="after")
    def _behind_an_api(self) -> ModelRun:
        if self.weights != "provider" and (self.price or self.limits):
            raise ValueError("'price' and 'limits' are for models behind an API, whose weights are 'provider'")
        if self.limits is not None and self.limits.cost_cap_usd is not None and self.price is None:
            raise ValueError("limits.cost_cap_usd needs the model's 'price'")
        if self.weights == "provider" and not re.fullmatch(r"[\w-]+/\S+", self.checkpoint):
            raise ValueError(f"checkpoint '{self.checkpoint}' must be '<provider>/<model>', as the provider names it")
        return self

    @model_validator(mode="after")
    def _from_the_hub(self) -> ModelRun:
        if self.weights == "hub":
            for repository in self.repositories().values():
                repository.check_hub()
        return self

    def repositories(self) -> dict[str, Repository]:
        """The model's own repository, named "", and its parts by their folder."""
        whole = Repository(checkpoint=self.checkpoint, revision=self.revision, files=self.files)
        return {"": whole, **self.parts}

    def decoded(self, policy: DecodingPolicy) -> ModelRun:
        """The same run under a policy: ``decoding`` is what the model is decoded with."""
        if policy == "common" or self.vendor_decoding is None:
            return self
        return self.model_copy(update={"decoding": self.vendor_decoding})

    def fingerprint(self) -> str:
        """12 hexadecimal digits over all that the answers depend on, defaults filled in, adapter version included.

        A key of ``_added`` that says nothing is left out, so that models from before it came keep their answers.
        """
        adapter = registry.resolve("adapter", self.adapter)
        silent = {key for key in self._added if not getattr(self, key)}
        more = [adapter.revision(**self.options)] if hasattr(adapter, "revision") else []
        return digest(self.model_dump_json(exclude=self._operational | silent), adapter.version, *more)

    def weights_fingerprint(self) -> str:
        """The same over what the checkpoint depends on."""
        more = {"files", "parts"} if self.files or self.parts else set()
        added = [self.revision] if self.revision else []
        return digest(self.weights, self.checkpoint, *added, *([self.model_dump_json(include=more)] if more else []))

    def build(self) -> Any:
        """The adapter, with nothing loaded; raises ``TypeError`` or ``ValueError`` where an option is none."""
        given: dict[str, Any] = {"dtype": self.dtype, "decoding": self.decoding, "system_prompt": self.system_prompt}
        if self.image_decoding is not None:
            given["image_decoding"] = self.image_decoding
        if self.weights == "provider":
            given |= {"price": self.price, "limits": self.limits}
        device = "cuda" if self.gpus else "cpu"
        return registry.resolve("adapter", self.adapter)(**given, device=device, **self.options)


class ModelEntry(Strict):
    """One model: what it is, how it is run, what it is compared with."""

    display_name: str
    """Name in figures and tables."""
    kind: ModelKind
    """What the model was made for."""
    access: Literal["open", "closed"] = "open"
    """Open weights, or an API."""
    arm: str | None = None
    """Arm of an experiment that the model is a replicate of."""
    replicate: int | None = None
    """Which replicate (training seed)."""
    lineage: str | None = None
    """Family of language models that it grew from, whatever its size (a closed model: its maker); by default it is one
    by itself. The unit of `lineage_...` in `pooled.csv`. Not part of the fingerprint."""
    base: str | None = None
    """The very language model of that family, in its size; by default the lineage. The unit of `base_...` there."""
    run: ModelRun | None = None
    """How the model is run."""
    counterparts: tuple[Counterpart, ...] = ()
    """The specialised models that it is compared with, in studies that they are in too."""

    def within(self, models: Collection[str], policy: DecodingPolicy | None) -> ModelEntry:
        """The entry as a study of these models has it, which decodes under the policy, or runs nothing without one."""
        others = tuple(other for other in self.counterparts if other.model in models)
        run = self.run.decoded(policy) if self.run is not None and policy is not None else None
        return self.model_copy(update={"counterparts": others, "run": run})


class ModelFile(Strict):
    """A file of `config/models/`: one family of models."""

    defaults: dict[str, Any] = {}
    """Keys that every model of the file has unless it sets them itself (merged section by section)."""
    replicates: tuple[int, ...] = ()
    """Replicates of every entry whose name holds `{replicate}`; the entry stands for one model a replicate."""
    models: dict[str, ModelEntry]
    """The models by name."""
