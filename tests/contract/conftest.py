"""Tiny checkpoints of the real architectures, one for each registered adapter, written once a session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from unicost import registry

from tests.contract.asking import configured
from tests.data.checkpoints import BUILDERS

torch.set_num_threads(1)

Loaded = Callable[..., Any]


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of each adapter's tiny checkpoint."""
    base = tmp_path_factory.mktemp("checkpoints")
    for name, write in BUILDERS.items():
        write(base / name)
    return {name: base / name for name in BUILDERS}


@pytest.fixture(scope="session")
def adapter(checkpoints: dict[str, Path]) -> Loaded:
    """``adapter(name, system_prompt=..., **decoding)``: an adapter with its tiny checkpoint loaded, kept for reuse."""
    kept: dict[str, Any] = {}

    def load(name: str, system_prompt: str | None = None, **decoding: Any) -> Any:
        settings = configured(name, **{"max_new_tokens": 8, **decoding})
        key = f"{name} {system_prompt} {settings}"
        if key not in kept:
            kept[key] = registry.resolve("adapter", name)(
                decoding=settings["decoding"], system_prompt=system_prompt, **settings["options"]
            )
            kept[key].load(checkpoints[name])
        return kept[key]

    return load
