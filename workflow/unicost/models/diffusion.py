"""What the adapters of diffusers pipelines share: their sampling, and one picture from one request.

Requests are drawn one at a time. A batch would change the last bits of a picture with its company (matrix products
depend on their shape, prompts are padded to the longest), and several pipelines take one request only; at the sizes of
these models one request fills the device.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pydantic import Field, ValidationError

from unicost.checkpoints.loading import BadCheckpoint
from unicost.config import Decoding, Strict
from unicost.interfaces import Answer
from unicost.models import images
from unicost.options import first_error
from unicost.records import Image

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

FILTERED: Final = "filtered"
"""Finish reason of a request whose picture the built-in safety checker withheld."""
TRUNCATED: Final = "truncated_prompt"
"""Finish reason, or part of it, of a request that no text encoder read to its end."""
_NOT_SAMPLING: Final = frozenset({"output_type", "return_dict", "num_images_per_prompt", "callback_steps"})
_FULL_GUIDANCE: Final = " "
"""Negative prompt with which Qwen-Image is meant to be guided; without one it silently draws unguided."""


class Sampling(Strict):
    """How a pipeline draws. What is left unset has the default that the pipeline's call declares."""

    num_inference_steps: int | None = Field(None, ge=1)
    """Denoising steps."""
    guidance_scale: float | None = Field(None, ge=0)
    """Classifier-free guidance, or the distilled guidance of FLUX; see the pipeline."""
    true_cfg_scale: float | None = Field(None, ge=0)
    """Classifier-free guidance of Qwen-Image and FLUX; 1 is none."""
    image_guidance_scale: float | None = Field(None, ge=1)
    """Guidance towards the input image (InstructPix2Pix)."""
    negative_prompt: str | None = None
    """What guidance leads away from."""
    height: int | None = Field(None, ge=8)
    """Pixels."""
    width: int | None = Field(None, ge=8)
    """Pixels."""
    max_area: int | None = Field(None, ge=64)
    """Pixels of a picture of FLUX Kontext, which scales ``height`` and ``width`` to it."""
    max_sequence_length: int | None = Field(None, ge=1)
    """Tokens of the prompt that are read."""


def read_options(decoding: Decoding | None, system_prompt: str | None, sampling: dict[str, Any]) -> Sampling:
    """The sampling options; raises ``ValueError`` for an unknown one and for settings that no pipeline can heed."""
    if system_prompt is not None:
        raise ValueError("system_prompt: a diffusion pipeline has no system message; leave it out")
    if decoding is not None and decoding.guidance_scale != 1:
        raise ValueError("decoding.guidance_scale: guides models that draw by tokens; set options.guidance_scale")
    try:
        return Sampling(**sampling)
    except ValidationError as error:
        raise ValueError(first_error(error)) from None


class Drawing:
    """A loaded pipeline, and all that its call takes besides a request."""

    def __init__(self, pipeline: Any, sampling: Sampling) -> None:
        """Raises ``BadCheckpoint`` where the pipeline does not know an option that is set."""
        self._pipeline = pipeline
        self.settings = _settings(pipeline, sampling)

    def draw(self, prompt: str, seed: int, pictures: Sequence[PillowImage] = ()) -> Answer:
        """Draw one picture, after ``pictures`` if there are any. A PNG chunk ``sampling`` says how it was drawn.

        ``finish_reason`` is ``stop``, or names what is remarkable, two things with a comma: ``truncated_prompt``, and
        ``black`` or ``constant`` (see ``images.degenerate``). Where the safety checker
        withholds the picture there is none: the reason is ``filtered`` and ``provider_refusal`` says by what.
        """
        import torch

        given: dict[str, Any] = {"image": list(pictures) if len(pictures) > 1 else pictures[0]} if pictures else {}
        # Some schedulers draw from the global generator.
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            generator = torch.Generator().manual_seed(seed)
            drawn = self._pipeline(prompt=prompt, generator=generator, output_type="pil", **given, **self.settings)
        size, cut = self._read(prompt)
        if any(getattr(drawn, "nsfw_content_detected", None) or ()):
            refusal = "filtered by the system: its safety checker withheld the picture"
            return Answer(provider_refusal=refusal, finish_reason=FILTERED, prompt=prompt, prompt_tokens=size)
        png = images.png(np.asarray(drawn.images[0].convert("RGB")), sampling=json.dumps(self.settings))
        remarks = [remark for remark in (TRUNCATED if cut else None, images.degenerate(Image(png))) if remark]
        return Answer(image_png=png, finish_reason=", ".join(remarks) or "stop", prompt=prompt, prompt_tokens=size)

    def _read(self, prompt: str) -> tuple[int, bool]:
        """Tokens of the prompt, and whether each of the text encoders is given fewer than these.

        CLIP reads what its tokenizer holds, other encoders ``max_sequence_length``; an encoder that has a processor
        (of Qwen-Image-Edit) reads everything.
        """
        from transformers import CLIPTokenizer, PreTrainedTokenizerBase

        sizes, cuts = [], []
        for part in self._pipeline.components.values():
            if isinstance(part, PreTrainedTokenizerBase):
                sizes.append(len(part(prompt)["input_ids"]))
                held = part.model_max_length
                most = held if isinstance(part, CLIPTokenizer) else self.settings.get("max_sequence_length", held)
                cuts.append(sizes[-1] > most and "processor" not in self._pipeline.components)
        return max(sizes), all(cuts)


def _settings(pipeline: Any, sampling: Sampling) -> dict[str, Any]:
    """Every setting of the pipeline's call: numbers, switches and words that it declares, and the options over them.

    ``clean_caption`` is switched off: a request reaches the model as it is worded.
    """
    parameters = inspect.signature(type(pipeline).__call__).parameters
    given = sampling.model_dump(exclude_none=True)
    for name in given:
        if name not in parameters:
            raise BadCheckpoint(f"a {type(pipeline).__name__} has no `{name}`; leave the option out")
    declared = {
        name: parameter.default
        for name, parameter in parameters.items()
        if isinstance(parameter.default, bool | int | float | str) and name not in _NOT_SAMPLING
    }
    chosen = declared | given
    if "clean_caption" in chosen:
        chosen["clean_caption"] = False
    if chosen.get("true_cfg_scale", 1) > 1:
        chosen.setdefault("negative_prompt", _FULL_GUIDANCE)
    return chosen
