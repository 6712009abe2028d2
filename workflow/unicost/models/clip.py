"""CLIP as a zero-shot classifier: it answers by choosing, among given answers, the one that fits the image best."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from unicost.checkpoints.loading import BadCheckpoint, load_model, load_tokenizer, model_type
from unicost.config import SAMPLES, Decoding
from unicost.interfaces import Answer
from unicost.models import images
from unicost.models.conversation import Unanswerable
from unicost.models.decoding import sampling
from unicost.models.first_tokens import FirstTokens
from unicost.records import Instance, Task

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image as Picture

_PLACE = re.compile(r"(\{request\}|\{label\})")


class Clip:
    """Adapter of ``CLIPModel`` checkpoints (Radford et al., "Learning transferable visual models from natural language
    supervision", ICML 2021, section 3.1).

    It writes nothing of its own: every answer is one of ``labels``, whatever is asked. That serves questions with a
    closed set of answers (capability, yes or no). A rate of unsafe answers or of refusals would be one of the list of
    labels and not of the model, so its rates do not compare with those of models that write.

    The answer to an image is the label whose text, made by ``template``, is most like it; with ``do_sample`` one is
    drawn from the softmax over the labels. The rest of the decoding does not apply. The recorded prompt is the texts,
    one a line; the first token of an answer is the first word of its label.
    """

    version: ClassVar[int] = 1
    packages: ClassVar[tuple[str, ...]] = ("torch", "transformers", "safetensors", "tokenizers")
    tasks: ClassVar[frozenset[Task]] = frozenset({Task.IMAGE_TO_TEXT, Task.TEXT_IMAGE_TO_TEXT})
    heeds_writing: ClassVar[frozenset[str]] = SAMPLES

    def __init__(
        self,
        *,
        dtype: str = "float32",
        decoding: Decoding | None = None,
        system_prompt: str | None = None,
        device: str = "cpu",
        labels: Sequence[str] = (),
        template: str = "a photo of {label}",
    ) -> None:
        """``dtype`` and ``device`` are torch's names. ``labels`` are the possible answers, at least two.

        ``template`` turns one into the text that is compared with the image: ``{label}`` stands for the label and
        ``{request}`` for the text of the request. Raises ``ValueError`` where an option is none.
        """
        listed = isinstance(labels, list | tuple) and all(isinstance(label, str) and label.strip() for label in labels)
        if not (listed and len(set(labels)) == len(labels) > 1):
            raise ValueError(f"adapter 'clip': option 'labels' must list two or more different answers, not {labels!r}")
        if "{label}" not in template:
            raise ValueError(f"adapter 'clip': option 'template' must hold {{label}}, unlike {template!r}")
        if system_prompt:
            raise ValueError("adapter 'clip': CLIP reads no conversation, so it takes no system_prompt")
        self._dtype, self._device = dtype, device
        self._decoding = decoding or Decoding()
        self._labels, self._template = tuple(labels), template
        self._model: Any = None
        self._tokenizer: Any = None
        self._pixels: Any = None

    def unsupported(self, instance: Instance) -> str | None:
        """Why the instance cannot be asked: CLIP compares one image with texts, and reads no conversation."""
        pictures = sum(len(turn.images) for turn in instance.turns)
        if pictures != 1:
            return f"CLIP compares texts with one image, and the request has {pictures}"
        if len(instance.turns) > 1:
            return f"CLIP reads a single turn, and the request has {len(instance.turns)}"
        if instance.task is Task.TEXT_IMAGE_TO_TEXT and "{request}" not in self._template:
            return "the model's option 'template' has no {request}, so the text of the request would go unread"
        return None

    def load(self, weights: Path) -> None:
        """Load the checkpoint folder; raises ``BadCheckpoint``."""
        from transformers import CLIPModel
        from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

        architecture = model_type(weights)
        if architecture != "clip":
            raise BadCheckpoint(f"{weights}: a '{architecture}' checkpoint is not a CLIP model")
        self._tokenizer = load_tokenizer(weights)
        self._tokenizer.padding_side = "right"
        self._pixels = CLIPImageProcessorPil.from_pretrained(weights, local_files_only=True)
        self._model = load_model(CLIPModel, weights, self._dtype, self._device)

    def answer(self, instances: Sequence[Instance], seeds: Sequence[int]) -> list[Answer]:
        """Answer a batch with one label an instance."""
        import torch

        texts = [self._texts(instance) for instance in instances]
        pictures = [[image for turn in instance.turns for image in turn.images] for instance in instances]
        scores: list[Any] = [None] * len(instances)
        sizes = [0] * len(instances)
        for shared in dict.fromkeys(texts):
            chosen = [k for k, own in enumerate(texts) if own == shared]
            similarities, size = self._compare(shared, [images.decode(image) for k in chosen for image in pictures[k]])
            for k, row in zip(chosen, similarities, strict=True):
                scores[k], sizes[k] = row, size
        labels, first = self._choose(torch.stack(scores), seeds)
        return [
            Answer(
                text=label,
                finish_reason="stop",
                prompt_tokens=size,
                completion_tokens=1,
                prompt="\n".join(compared),
                first_tokens=table,
            )
            for label, size, compared, table in zip(labels, sizes, texts, first, strict=True)
        ]

    def close(self) -> None:
        """Free the model."""
        self._model = self._tokenizer = self._pixels = None

    def _texts(self, instance: Instance) -> tuple[str, ...]:
        """The text of each label, in the order of the labels."""
        request = " ".join(turn.text for turn in instance.turns)
        parts = _PLACE.split(self._template)
        return tuple(
            "".join({"{request}": request, "{label}": label}.get(part, part) for part in parts)
            for label in self._labels
        )

    def _compare(self, texts: tuple[str, ...], pictures: list[Picture]) -> tuple[torch.Tensor, int]:
        """Scaled cosine similarities (pictures, texts), and the number of tokens of the texts."""
        import torch

        words = self._tokenizer(list(texts), padding=True, return_tensors="pt").to(self._device)
        longest, context = words["input_ids"].shape[1], self._model.config.text_config.max_position_embeddings
        if longest > context:
            raise Unanswerable(f"a text has {longest} tokens and the model's context holds {context}")
        pixels = self._pixels(pictures, return_tensors="pt").to(self._device, dtype=self._model.dtype)
        with torch.inference_mode():
            compared = self._model(**words, **pixels)
        return compared.logits_per_image.float(), int(words["attention_mask"].sum())

    def _choose(self, scores: torch.Tensor, seeds: Sequence[int]) -> tuple[list[str], list[str]]:
        """A label an item of (items, labels), and the probabilities of their first words before any decoding."""
        first = FirstTokens()
        for processor in (first, *sampling(self._decoding, seeds, 1)):
            scores = processor(None, scores)
        return [self._labels[k] for k in scores.argmax(-1).tolist()], first.tables(_FirstWords(self._labels))


class _FirstWords:
    """The labels as if each were one token that decodes to its first word."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._words = [label.split()[0] for label in labels]

    def decode(self, tokens: Sequence[int]) -> str:
        return self._words[tokens[0]]
