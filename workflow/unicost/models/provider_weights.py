"""Models behind an API have no weights: their folder is empty, and its provenance names provider and model."""

from __future__ import annotations

import json
from pathlib import Path

from unicost.checkpoints.loading import BadCheckpoint
from unicost.models.weights import provenance_path


def name_model(checkpoint: str, destination: Path) -> dict[str, str]:
    """Of ``checkpoint``, as ``openai/gpt-4o-2024-11-20``, the provider and the model, whose name may hold slashes too.

    Raises ``BadCheckpoint`` where it is none.
    """
    provider, _, model = checkpoint.partition("/")
    if not provider or not model:
        raise BadCheckpoint(f"{checkpoint}: with weights 'provider' it is <provider>/<model>, as the provider names it")
    destination.mkdir(parents=True, exist_ok=True)
    return {"provider": provider, "model": model}


def model_of(weights: Path) -> str:
    """The model's name at its provider; raises ``BadCheckpoint`` where the folder was not made by ``name_model``."""
    path = provenance_path(weights)
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["origin"]["model"])
    except (OSError, ValueError, KeyError, TypeError):
        raise BadCheckpoint(f"{path}: it names no model of a provider; set the entry's weights to 'provider'") from None
