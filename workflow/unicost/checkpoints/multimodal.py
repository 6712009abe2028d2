"""Processors of models that read images: loading one without torchvision, and what it is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unicost.checkpoints.loading import BadCheckpoint, chat_template
from unicost.records import Turn


def load_processor(folder: Path, config: Any, tokenizer: Any, template: str | None = None) -> Any:
    """The processor of the folder's architecture, with ``template`` or else the checkpoint's own chat template.

    It is put together by hand, so that images go through Pillow whether or not torchvision is installed, and nothing
    is loaded for videos, which no request holds and which would need torchvision. Raises ``BadCheckpoint``.
    """
    from transformers import AutoImageProcessor
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

    try:
        processor = for_images(PROCESSOR_MAPPING[type(config)])
        pixels = AutoImageProcessor.from_pretrained(folder, backend="pil", local_files_only=True)  # type: ignore[no-untyped-call]
    except KeyError:
        raise BadCheckpoint(f"{folder}: transformers has no processor for '{config.model_type}'") from None
    except (ImportError, OSError, ValueError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise BadCheckpoint(f"{folder}: no image processor that works with Pillow alone ({reason})") from None
    parts = {"image_processor": pixels, "tokenizer": tokenizer, "video_processor": None}
    wanted = processor.get_attributes()
    unknown = sorted(set(wanted) - set(parts))
    if unknown:
        raise BadCheckpoint(f"{folder}: its {processor.__name__} needs a {unknown[0]}, which no request has use for")
    stored, _ = processor.get_processor_dict(folder, local_files_only=True)
    loaded = processor.from_args_and_dict([], stored, **{name: parts[name] for name in wanted})
    loaded.chat_template = chat_template(folder, template, stored.get("chat_template"), tokenizer.chat_template)
    return loaded


def for_images(processor: Any) -> Any:
    """The processor class, made to stand without a video processor."""

    def check(self: Any, name: str, part: Any) -> Any:
        return None if name == "video_processor" else processor.check_argument_for_proper_class(self, name, part)

    return type(processor.__name__, (processor,), {"check_argument_for_proper_class": check})


def messages(history: list[Turn]) -> list[dict[str, Any]]:
    """Messages whose content is a list of parts, images first, as the templates of multimodal checkpoints read it."""
    return [
        {
            "role": turn.role,
            "content": [{"type": "image"} for _ in turn.images] + [{"type": "text", "text": turn.text}],
        }
        for turn in history
    ]


def tokenise(model: Any, processor: Any, prompts: list[str], **options: Any) -> Any:
    """Left-padded inputs on the model's device; a start token is added only where the template gives none."""
    start = processor.tokenizer.bos_token
    templated = start is not None and prompts[0].startswith(start)
    inputs = processor(text=prompts, padding=True, add_special_tokens=not templated, return_tensors="pt", **options)
    return inputs.to(model.device, dtype=model.dtype)
