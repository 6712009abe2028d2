"""What every adapter refuses to load."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from unicost import registry
from unicost.models.checkpoint import BadCheckpoint

ADAPTERS = registry.names("adapter")


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_missing_chat_template_is_an_error(name: str, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(checkpoints[name], tmp_path / name)
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(BadCheckpoint, match="has no chat template"):
        registry.resolve("adapter", name)().load(folder)


@pytest.mark.parametrize("name", ADAPTERS)
def test_missing_weights_are_an_error(name: str, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    """The library would fill them with random numbers and only log it."""
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(checkpoints[name], tmp_path / name)
    tensors = load_file(folder / "model.safetensors")
    tensors.pop(sorted(tensors)[0])
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BadCheckpoint, match="1 weights are missing"):
        registry.resolve("adapter", name)().load(folder)


@pytest.mark.parametrize("name", ADAPTERS)
@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "not a checkpoint"),
        ("{", "not the JSON of a model"),
        ('{"model_type": "clip"}', "a 'clip' checkpoint is not"),
    ],
)
def test_another_folder_is_an_error(name: str, config: str | None, message: str, tmp_path: Path) -> None:
    if config:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(BadCheckpoint, match=message):
        registry.resolve("adapter", name)().load(tmp_path)
