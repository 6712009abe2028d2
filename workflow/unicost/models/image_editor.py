"""Pipelines of diffusers that edit pictures as they are told: images and text in, picture out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from unicost.checkpoints.loading import BadCheckpoint
from unicost.config import Decoding
from unicost.interfaces import Answer
from unicost.models import images
from unicost.models.conversation import Unanswerable
from unicost.models.diffusion import FILTERED, TRUNCATED, Drawing, read_options
from unicost.models.diffusion_checkpoint import load_pipeline, pipeline_name
from unicost.records import Image, Instance, Task

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

PIPELINES: Final[dict[str, int | None]] = {
    "StableDiffusionInstructPix2PixPipeline": 1,
    "FluxKontextPipeline": 1,
    "QwenImageEditPipeline": 1,
    "QwenImageEditPlusPipeline": None,
    "Flux2KleinPipeline": None,
}
"""The pipelines that follow an editing instruction, and how many images each takes; None is any number."""


class ImageEditor:
    """Adapter of the pipelines in ``PIPELINES``. The prompt is the instruction as it is worded.

    An instance of several user turns is edited turn by turn: a turn that brings no image of its own edits the picture
    that the turn before it made. The last turn's picture is the answer. Where the safety checker withholds a picture on
    the way, there is nothing left to edit, and the whole request is filtered. Nothing of ``decoding`` applies, but
    the options of ``Sampling`` do.
    """

    version: ClassVar[int] = 1
    packages: ClassVar[tuple[str, ...]] = ("torch", "diffusers", "transformers", "safetensors", "tokenizers")
    tasks: ClassVar[frozenset[Task]] = frozenset({Task.IMAGE_TO_IMAGE, Task.TEXT_IMAGE_TO_IMAGE})
    heeds_drawing: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        *,
        dtype: str = "float32",
        decoding: Decoding | None = None,
        system_prompt: str | None = None,
        device: str = "cpu",
        safety_checker: bool = False,
        most_images: int | None = 1,
        longest_side: int | None = None,
        **sampling: Any,
    ) -> None:
        """``safety_checker`` switches the pipeline's built-in one on: a system is measured then, and not a model.

        ``most_images`` is how many images a turn may bring (None: any number). Input images with a side of more than
        ``longest_side`` pixels are scaled down to it. ``sampling`` holds options of ``diffusion.Sampling``. Raises
        ``ValueError`` where an option is none.
        """
        self._dtype, self._device = dtype, device
        self._sampling = read_options(decoding, system_prompt, sampling)
        self._safety_checker = safety_checker
        self._most_images, self._longest_side = most_images, longest_side
        self._drawing: Any = None

    def unsupported(self, instance: Instance) -> str | None:
        """An editor takes instructions alone, the first with an image, and no more images than it can."""
        roles = {turn.role for turn in instance.turns} - {"user"}
        if roles:
            return f"it has a turn of the {min(roles)}, and an editor takes instructions alone"
        if not instance.turns or not instance.turns[0].images:
            return "its first turn has no image to edit"
        most = max(len(turn.images) for turn in instance.turns)
        if self._most_images is not None and most > self._most_images:
            return f"a turn has {most} images and the editor takes {self._most_images}"
        return None

    def load(self, weights: Path) -> None:
        """Load the folder of a pipeline; raises ``BadCheckpoint``."""
        name = pipeline_name(weights)
        if name not in PIPELINES:
            raise BadCheckpoint(f"{weights}: a {name} does not edit as it is told; known: {', '.join(PIPELINES)}")
        most = PIPELINES[name]
        if most is not None and (self._most_images is None or self._most_images > most):
            raise BadCheckpoint(f"{weights}: a {name} takes {most} image; set most_images: {most}")
        pipeline = load_pipeline(weights, dtype=self._dtype, device=self._device, safety_checker=self._safety_checker)
        self._drawing = Drawing(pipeline, self._sampling)

    def answer(self, instances: Sequence[Instance], seeds: Sequence[int]) -> list[Answer]:
        """One picture an item; raises ``Unanswerable`` for what is unsupported."""
        return [self._edit(instance, seed) for instance, seed in zip(instances, seeds, strict=True)]

    def close(self) -> None:
        """Free the model."""
        self._drawing = None

    def _edit(self, instance: Instance, seed: int) -> Answer:
        if problem := self.unsupported(instance):
            raise Unanswerable(f"instance '{instance.id}': {problem}")
        made: list[Answer] = []
        for number, turn in enumerate(instance.turns):
            shown = turn.images or (Image(made[-1].image_png or b""),)
            made.append(self._drawing.draw(turn.text, seed + (number << 32), [self._decode(one) for one in shown]))
            if made[-1].finish_reason == FILTERED:
                break
        return _whole(made)

    def _decode(self, image: Image) -> PillowImage:
        picture = images.decode(image)
        if self._longest_side is not None:
            picture.thumbnail((self._longest_side, self._longest_side))
        return picture


def _whole(made: Sequence[Answer]) -> Answer:
    """The last turn's answer, remarked where an instruction before it was cut."""
    answer, reason = made[-1], str(made[-1].finish_reason)
    cut = any(str(one.finish_reason).startswith(TRUNCATED) for one in made)
    if reason == FILTERED or reason.startswith(TRUNCATED) or not cut:
        return answer
    return replace(answer, finish_reason=TRUNCATED if reason == "stop" else f"{TRUNCATED}, {reason}")
