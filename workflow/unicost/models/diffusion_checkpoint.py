"""Loading a folder that a diffusers pipeline was saved in, and refusing one that is not what its adapter drives."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from unicost.checkpoints.loading import BadCheckpoint
from unicost.checkpoints.multimodal import for_images

INDEX: Final = "model_index.json"


def pipeline_name(folder: Path) -> str:
    """The class of the pipeline that the folder's ``model_index.json`` names; raises ``BadCheckpoint``."""
    return str(_index(folder)["_class_name"])


def load_pipeline(folder: Path, *, dtype: str, device: str, safety_checker: bool) -> Any:
    """The pipeline of the folder, ready to draw; raises ``BadCheckpoint``, also where weights are missing.

    Only safetensors are read, no code of the checkpoint is run, and nothing is downloaded. Models are loaded one by
    one, because the pipeline's own loading would fill missing weights with random numbers and only log it. Images are
    read with Pillow alone, so that an installed torchvision changes nothing. No watermark is added to the pictures.
    """
    import diffusers
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    diffusers.utils.logging.disable_progress_bar()
    index = _index(folder)
    pipeline = getattr(diffusers, index["_class_name"], None)
    if pipeline is None:
        raise BadCheckpoint(f"{folder}: diffusers {diffusers.__version__} has no pipeline {index['_class_name']}")
    settings = _settings(folder, index, safety_checker)
    parts = {name: spec for name, spec in index.items() if isinstance(spec, list) and settings.get(name, spec)}
    try:
        for name, (library, class_name) in parts.items():
            if class_name is not None:
                settings |= _part(folder / name, name, _resolve(library, class_name), dtype)
        loaded = pipeline.from_pretrained(folder, local_files_only=True, **settings)
    except BadCheckpoint:
        raise
    except (AttributeError, ImportError, OSError, RuntimeError, ValueError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise BadCheckpoint(f"{folder}: the {index['_class_name']} cannot be loaded ({reason})") from None
    loaded.set_progress_bar_config(disable=True)
    return loaded.to(device)


def _index(folder: Path) -> dict[str, Any]:
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        if isinstance(index["_class_name"], str):
            return index
    except FileNotFoundError:
        raise BadCheckpoint(f"{folder}: not a checkpoint of a pipeline; a folder with {INDEX} is needed") from None
    except (ValueError, KeyError, TypeError):
        pass
    raise BadCheckpoint(f"{folder}/{INDEX}: not the JSON of a pipeline with a `_class_name` of diffusers")


def _settings(folder: Path, index: dict[str, Any], safety_checker: bool) -> dict[str, Any]:
    """What the pipeline is told beyond its folder: whether it checks its pictures, and that it never marks them."""
    if safety_checker:
        if not index.get("safety_checker", [None])[0]:
            raise BadCheckpoint(f"{folder}: a {index['_class_name']} without safety checker; set safety_checker: false")
        return {"requires_safety_checker": True}
    if "safety_checker" in index:
        return {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    return {"add_watermarker": False} if index["_class_name"].startswith("StableDiffusionXL") else {}


def _resolve(library: str, name: str) -> Any:
    """The class of a part: of diffusers, of transformers, or of a folder of diffusers' pipelines."""
    home = library if library in ("diffusers", "transformers") else f"diffusers.pipelines.{library}"
    return getattr(import_module(home), name)


def _part(folder: Path, name: str, kind: Any, dtype: str) -> dict[str, Any]:
    """The part by its name, where the pipeline would not load it as it is wanted here."""
    import torch
    from transformers import PreTrainedTokenizerBase, ProcessorMixin
    from transformers.image_processing_utils import BaseImageProcessor

    # Without its vocabulary a tokenizer of transformers loads all the same, with one of three tokens.
    files = kind.vocab_files_names.values() if issubclass(kind, PreTrainedTokenizerBase) else ()
    if files and not any((folder / file).is_file() for file in files):
        raise BadCheckpoint(f"{folder}: no vocabulary of a {kind.__name__}; one of {', '.join(files)} is needed")
    if issubclass(kind, torch.nn.Module):
        return {name: _model(folder, kind, getattr(torch, dtype))}
    if issubclass(kind, ProcessorMixin):
        return {name: _processor(folder, kind)}
    if issubclass(kind, BaseImageProcessor):
        return {name: _pixels(folder)}
    return {}


def _model(folder: Path, kind: Any, dtype: Any) -> Any:
    model, report = kind.from_pretrained(
        folder, torch_dtype=dtype, use_safetensors=True, local_files_only=True, output_loading_info=True
    )
    missing = sorted(report["missing_keys"])
    if missing:
        message = f"{folder}: {len(missing)} weights are missing, among them '{missing[0]}'; they would be random"
        raise BadCheckpoint(message)
    return model.eval()


def _processor(folder: Path, kind: Any) -> Any:
    """A processor of text and images that needs no video processor."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return for_images(kind)(image_processor=_pixels(folder), tokenizer=tokenizer, video_processor=None)


def _pixels(folder: Path) -> Any:
    from transformers import AutoImageProcessor

    return AutoImageProcessor.from_pretrained(folder, backend="pil", local_files_only=True)  # type: ignore[no-untyped-call]
