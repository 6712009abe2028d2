"""A chat with a checkpoint on this machine: transformers, in batches, greedy."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from unicost.checkpoints.loading import chat_template, load_model, load_tokenizer, model_type
from unicost.checkpoints.multimodal import load_processor, messages, tokenise
from unicost.config import digest
from unicost.providers.chat import ChatRequest, Completion
from unicost.records import Image, Turn

_LOG = logging.getLogger(__name__)
_DTYPES: Final = ("float32", "bfloat16", "float16")
_LONGEST_MESSAGE: Final = 300


class LocalChat:
    """A causal or image-text-to-text checkpoint (``unicost.providers.chat.Chat``).

    ``weights`` is the folder of a checkpoint; ``template`` is Jinja text used instead of its own chat template;
    ``batch_size`` requests are answered at once, those with pictures apart from those without. Nothing is loaded before
    the first question.
    """

    def __init__(
        self,
        *,
        weights: Path,
        dtype: str = "float32",
        device: str = "cpu",
        batch_size: int = 8,
        template: str | None = None,
    ) -> None:
        if dtype not in _DTYPES:
            raise ValueError(f"dtype is '{dtype}', not one of {', '.join(_DTYPES)}")
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, not a number of requests above 0")
        self._weights, self._dtype, self._device = weights, dtype, device
        self._batch_size, self._template = batch_size, template
        self._model: Any = None
        self._tokenizer: Any = None
        self._processor: Any = None

    def complete(self, requests: Sequence[ChatRequest]) -> Iterator[tuple[int, Completion]]:
        """Yield (index, completion), long prompts first; a batch that fails is asked one by one.

        Raises ``BadCheckpoint`` where the folder holds nothing that can be asked.
        """
        if self._model is None:
            self._load()
        order = sorted(range(len(requests)), key=lambda index: _size(requests[index]), reverse=True)
        groups = [[index for index in order if bool(_size(requests[index])[0]) == seeing] for seeing in (True, False)]
        for group in groups:
            for start in range(0, len(group), self._batch_size):
                batch = group[start : start + self._batch_size]
                yield from zip(batch, self._answers([requests[index] for index in batch]), strict=True)

    def close(self) -> None:
        """Free the model."""
        self._model = self._tokenizer = self._processor = None

    def _load(self) -> None:
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText
        from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

        folder = self._weights
        seeing = model_type(folder) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
        self._tokenizer = load_tokenizer(folder)
        if seeing:
            config = AutoConfig.from_pretrained(folder, local_files_only=True)
            self._processor = load_processor(folder, config, self._tokenizer, self._template)
        else:
            self._tokenizer.chat_template = chat_template(folder, self._template, self._tokenizer.chat_template)
        kind = AutoModelForImageTextToText if seeing else AutoModelForCausalLM
        self._model = load_model(kind, folder, self._dtype, self._device)

    def _answers(self, requests: Sequence[ChatRequest]) -> list[Completion]:
        try:
            return self._write(requests)
        except (RuntimeError, ValueError) as error:
            name = type(error).__name__
            if len(requests) > 1:
                _LOG.warning("%s: a batch of %d fails with %s; asking one by one", self._weights, len(requests), name)
                return [self._answers([request])[0] for request in requests]
            return [Completion(error_kind=name, error_message=str(error)[:_LONGEST_MESSAGE])]

    def _write(self, requests: Sequence[ChatRequest]) -> list[Completion]:
        from transformers import GenerationConfig, GenerationMixin

        start = time.perf_counter()
        inputs = self._inputs(requests)
        stored, ids = self._model.generation_config.eos_token_id, self._tokenizer
        config = GenerationConfig(  # type: ignore[no-untyped-call]
            do_sample=False,
            num_beams=1,
            max_new_tokens=max(request.max_tokens for request in requests),
            bos_token_id=ids.bos_token_id,
            eos_token_id=stored if stored is not None else ids.eos_token_id,
            pad_token_id=ids.pad_token_id,
        )
        longest = inputs["input_ids"].shape[1]
        context = self._model.config.get_text_config().max_position_embeddings
        if longest >= context:
            raise ValueError(f"the question has {longest} tokens and the model's context holds {context}")
        rows = GenerationMixin.generate(self._model, **inputs, generation_config=config)[:, longest:].tolist()
        sizes = inputs["attention_mask"].sum(-1).tolist()
        ends = config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
        seconds = (time.perf_counter() - start) / len(requests)
        return [self._completion(row, ends, size, seconds) for row, size in zip(rows, sizes, strict=True)]

    def _inputs(self, requests: Sequence[ChatRequest]) -> Any:
        """Left-padded inputs on the model's device."""
        turns = [
            [Turn(message.role, message.text, tuple(map(Image, message.images))) for message in request.messages]
            for request in requests
        ]
        if self._processor is not None:
            prompts = [self._render(self._processor, messages(history)) for history in turns]
            pictures = [[decode(image) for turn in history for image in turn.images] for history in turns]
            return tokenise(self._model, self._processor, prompts, images=pictures if any(pictures) else None)
        if any(turn.images for history in turns for turn in history):
            raise ValueError("the question holds a picture, which this checkpoint cannot see; set sees_images to false")
        plain = [[{"role": turn.role, "content": turn.text} for turn in history] for history in turns]
        prompts = [self._render(self._tokenizer, history) for history in plain]
        return self._tokenizer(
            prompts, padding=True, add_special_tokens=False, return_token_type_ids=False, return_tensors="pt"
        ).to(self._device)

    @staticmethod
    def _render(templated: Any, history: list[dict[str, Any]]) -> str:
        from jinja2 import TemplateError

        try:
            return str(templated.apply_chat_template(history, tokenize=False, add_generation_prompt=True))
        except TemplateError as error:
            raise ValueError(f"the checkpoint's chat template refuses the question: {error}") from None

    def _completion(self, row: list[int], ends: list[int | None], size: int, seconds: float) -> Completion:
        stop = next((place for place, token in enumerate(row) if token in ends), None)
        return Completion(
            text=self._tokenizer.decode(row[:stop], skip_special_tokens=True).strip(),
            finish_reason="length" if stop is None else "stop",
            prompt_tokens=size,
            completion_tokens=len(row) if stop is None else stop + 1,
            seconds=seconds,
        )


def weights_revision(folder: Path) -> str:
    """12 hexadecimal digits over a checkpoint: those of its provenance, which fetching wrote beside it.

    Without one, over ``config.json`` and the names and sizes of all files. Raises ``BadCheckpoint``.
    """
    provenance = folder.with_name(f"{folder.name}.json")
    if provenance.is_file():
        return str(json.loads(provenance.read_text(encoding="utf-8"))["revision"])
    model_type(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sizes = [f"{path.relative_to(folder)} {path.stat().st_size}" for path in files]
    return digest((folder / "config.json").read_text(encoding="utf-8"), *sizes)


def _size(request: ChatRequest) -> tuple[int, int]:
    """Pictures, and characters."""
    return sum(len(one.images) for one in request.messages), sum(len(one.text) for one in request.messages)


def decode(image: Image) -> Any:
    """The picture upright and in RGB; raises ``ValueError``."""
    from PIL import Image as Pillow
    from PIL import ImageOps

    try:
        with Pillow.open(io.BytesIO(image.bytes)) as opened:
            return ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise ValueError(f"not a whole image file ({error})") from None
