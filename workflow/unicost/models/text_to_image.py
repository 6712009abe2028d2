"""Any text-to-image pipeline of diffusers: text in, picture out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from unicost.checkpoints.loading import BadCheckpoint
from unicost.config import Decoding
from unicost.interfaces import Answer
from unicost.models.conversation import Unanswerable
from unicost.models.diffusion import Drawing, read_options
from unicost.models.diffusion_checkpoint import load_pipeline, pipeline_name
from unicost.records import Instance, Task


class TextToImage:
    """Adapter of the pipelines of ``AutoPipelineForText2Image`` (Stable Diffusion, FLUX, Qwen-Image, PixArt, ...).

    The prompt is the request as it is worded. Nothing of ``decoding`` applies, but the options of ``Sampling`` do.
    """

    version: ClassVar[int] = 1
    packages: ClassVar[tuple[str, ...]] = ("torch", "diffusers", "transformers", "safetensors", "tokenizers")
    tasks: ClassVar[frozenset[Task]] = frozenset({Task.TEXT_TO_IMAGE})
    heeds_drawing: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        *,
        dtype: str = "float32",
        decoding: Decoding | None = None,
        system_prompt: str | None = None,
        device: str = "cpu",
        safety_checker: bool = False,
        **sampling: Any,
    ) -> None:
        """``safety_checker`` switches the pipeline's built-in one on: a system is measured then, and not a model.

        ``sampling`` holds options of ``diffusion.Sampling``. Raises ``ValueError`` where an option is none.
        """
        self._dtype, self._device = dtype, device
        self._sampling = read_options(decoding, system_prompt, sampling)
        self._safety_checker = safety_checker
        self._drawing: Any = None

    def unsupported(self, instance: Instance) -> str | None:
        """A pipeline reads one text."""
        if len(instance.turns) != 1:
            return f"it has {len(instance.turns)} turns and a text-to-image pipeline reads one text"
        if instance.turns[0].images:
            return "it holds an image, which a text-to-image pipeline cannot see"
        return None

    def load(self, weights: Path) -> None:
        """Load the folder of a pipeline; raises ``BadCheckpoint``."""
        from diffusers.pipelines.auto_pipeline import AUTO_TEXT2IMAGE_PIPELINES_MAPPING

        name = pipeline_name(weights)
        if name not in {pipeline.__name__ for pipeline in AUTO_TEXT2IMAGE_PIPELINES_MAPPING.values()}:
            raise BadCheckpoint(f"{weights}: a {name} does not draw from text")
        pipeline = load_pipeline(weights, dtype=self._dtype, device=self._device, safety_checker=self._safety_checker)
        self._drawing = Drawing(pipeline, self._sampling)

    def answer(self, instances: Sequence[Instance], seeds: Sequence[int]) -> list[Answer]:
        """One picture an item; raises ``Unanswerable`` for what is unsupported."""
        return [self._draw(instance, seed) for instance, seed in zip(instances, seeds, strict=True)]

    def close(self) -> None:
        """Free the model."""
        self._drawing = None

    def _draw(self, instance: Instance, seed: int) -> Answer:
        if problem := self.unsupported(instance):
            raise Unanswerable(f"instance '{instance.id}': {problem}")
        answer: Answer = self._drawing.draw(instance.turns[0].text, seed)
        return answer
