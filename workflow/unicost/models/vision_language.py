"""Any model that transformers knows as image-text-to-text: text and images in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from unicost.checkpoints.loading import BadCheckpoint, load_model, load_tokenizer, model_type
from unicost.checkpoints.multimodal import load_processor, messages, tokenise
from unicost.config import WRITES, Decoding
from unicost.interfaces import Answer
from unicost.models import images
from unicost.models.conversation import checked_template, converse, render
from unicost.models.decoding import generate_text
from unicost.records import Instance, Task, Turn


class VisionLanguage:
    """Adapter of ``AutoModelForImageTextToText`` checkpoints (Qwen-VL, DeepSeek-VL, LLaVA, Ovis2, Chameleon, ...).

    A turn holds any number of images, which stand before its text; every turn may hold some. The recorded prompt is
    what the chat template makes of the turns, one placeholder an image. What a processor puts around it is not shown:
    the image tokens, a start token where the template gives none, and the separator that Chameleon's ends every prompt
    with. No template is guessed: one that the checkpoint lacks must be given as an option. Images are read with Pillow
    alone, so that an installed torchvision changes nothing. Encoder-decoder models are not driven.
    """

    version: ClassVar[int] = 1
    packages: ClassVar[tuple[str, ...]] = ("torch", "transformers", "safetensors", "tokenizers")
    tasks: ClassVar[frozenset[Task]] = frozenset(
        {Task.TEXT_TO_TEXT, Task.DIALOGUE, Task.IMAGE_TO_TEXT, Task.TEXT_IMAGE_TO_TEXT}
    )
    heeds_writing: ClassVar[frozenset[str]] = WRITES

    def __init__(
        self,
        *,
        dtype: str = "float32",
        decoding: Decoding | None = None,
        system_prompt: str | None = None,
        device: str = "cpu",
        chat_template: str | None = None,
    ) -> None:
        """``dtype`` and ``device`` are torch's names; ``system_prompt`` opens every conversation, none by default.

        ``chat_template`` is Jinja text that is used instead of the checkpoint's own.
        """
        self._dtype, self._device = dtype, device
        self._decoding = decoding or Decoding()
        self._system_prompt = system_prompt
        self._chat_template = checked_template(chat_template)
        self._model: Any = None
        self._processor: Any = None

    def load(self, weights: Path) -> None:
        """Load the checkpoint folder; raises ``BadCheckpoint``."""
        from transformers import AutoConfig, AutoModelForImageTextToText
        from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

        architecture = model_type(weights)
        if architecture not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
            raise BadCheckpoint(f"{weights}: a '{architecture}' checkpoint is not a vision-language model")
        config = AutoConfig.from_pretrained(weights, local_files_only=True)
        if config.is_encoder_decoder:
            raise BadCheckpoint(f"{weights}: a '{architecture}' checkpoint is not a decoder-only model")
        self._processor = load_processor(weights, config, load_tokenizer(weights), self._chat_template)
        self._model = load_model(AutoModelForImageTextToText, weights, self._dtype, self._device)

    def answer(self, instances: Sequence[Instance], seeds: Sequence[int]) -> list[Answer]:
        """Answer a batch of conversations; see ``conversation`` for which turns are answered."""
        return converse(instances, seeds, self._system_prompt, self._reply)

    def close(self) -> None:
        """Free the model."""
        self._model = self._processor = None

    def _reply(self, histories: list[list[Turn]], seeds: list[int]) -> list[Answer]:
        """Those with images apart from those without: many a processor wants images for all of a batch or for none."""
        answers = [Answer()] * len(histories)
        seeing = [any(turn.images for turn in history) for history in histories]
        for group in (False, True):
            chosen = [k for k, sees in enumerate(seeing) if sees == group]
            if chosen:
                replies = self._write([histories[k] for k in chosen], [seeds[k] for k in chosen])
                for k, answer in zip(chosen, replies, strict=True):
                    answers[k] = answer
        return answers

    def _write(self, histories: list[list[Turn]], seeds: list[int]) -> list[Answer]:
        prompts = [render(self._processor, messages(history)) for history in histories]
        # A list for each item: LLaVA-OneVision cuts an image into crops only where it is the item's only one.
        pictures = [[images.decode(image) for turn in history for image in turn.images] for history in histories]
        inputs = tokenise(self._model, self._processor, prompts, images=pictures if any(pictures) else None)
        return generate_text(
            self._model,
            self._processor.tokenizer,
            prompts=prompts,
            inputs=inputs,
            decoding=self._decoding,
            seeds=seeds,
        )
