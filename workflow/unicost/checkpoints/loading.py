"""Loading a checkpoint folder with transformers, and refusing one that is not what its adapter drives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class BadCheckpoint(ValueError):
    """A folder that no model of the wanted kind can be loaded from; the message says what is missing."""


def model_type(folder: Path) -> str:
    """The architecture that the folder's ``config.json`` names; raises ``BadCheckpoint``."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return str(config["model_type"])
    except FileNotFoundError:
        raise BadCheckpoint(f"{folder}: not a checkpoint; a folder with config.json is needed") from None
    except (ValueError, KeyError, TypeError):
        raise BadCheckpoint(f"{folder}/config.json: not the JSON of a model with a `model_type`") from None


def load_model(architecture: Any, folder: Path, dtype: str, device: str) -> Any:
    """The model of the folder, ready to generate; raises ``BadCheckpoint`` where weights are missing.

    Only safetensors are read, no code of the checkpoint is run, and nothing is downloaded. ``architecture`` is a class
    with ``from_pretrained``. Of the checkpoint's generation settings the end tokens are kept and nothing else:
    ``generate`` would otherwise fill from them whatever its caller leaves unset.
    """
    import torch
    from transformers import GenerationConfig
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model, report = architecture.from_pretrained(
            folder,
            dtype=getattr(torch, dtype),
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
    except OSError as error:
        raise BadCheckpoint(f"{folder}: the weights cannot be read ({str(error).splitlines()[0]})") from None
    missing = sorted(report["missing_keys"])
    if missing:
        message = f"{folder}: {len(missing)} weights are missing, among them '{missing[0]}'; they would be random"
        raise BadCheckpoint(message)
    if model.can_generate():
        end = model.generation_config.eos_token_id
        model.generation_config = GenerationConfig(eos_token_id=end)  # type: ignore[no-untyped-call]
    return model.to(device).eval()


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of the folder, padding on the left, with the end token as padding where it has no other."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, padding_side="left")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def chat_template(folder: Path, *candidates: Any) -> Any:
    """The first chat template that there is; raises ``BadCheckpoint`` where there is none."""
    for template in candidates:
        if template:
            return template
    raise BadCheckpoint(f"{folder}: the checkpoint has no chat template; add its chat_template.jinja to the folder")
