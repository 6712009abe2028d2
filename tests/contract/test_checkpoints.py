"""What every adapter refuses to load."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from unicost.checkpoints.loading import BadCheckpoint

from tests.contract.asking import ADAPTERS, DIFFUSION, TALKING, build


@pytest.mark.parametrize("name", TALKING)
def test_a_missing_chat_template_is_an_error(name: str, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(checkpoints[name], tmp_path / name)
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(BadCheckpoint, match="has no chat template"):
        build(name).load(folder)


@pytest.mark.parametrize("name", ADAPTERS)
def test_missing_weights_are_an_error(name: str, checkpoints: dict[str, Path], tmp_path: Path) -> None:
    """The library would fill them with random numbers and only log it."""
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(checkpoints[name], tmp_path / name)
    path = sorted(folder.rglob("*.safetensors"))[-1]
    tensors = load_file(path)
    tensors.pop(sorted(tensors)[0])
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(BadCheckpoint, match="1 weights are missing"):
        build(name).load(folder)


@pytest.mark.parametrize("name", [name for name in ADAPTERS if name not in DIFFUSION])
@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "not a checkpoint"),
        ("{", "not the JSON of a model"),
        ('{"model_type": "vit"}', "a 'vit' checkpoint is not"),
    ],
)
def test_another_folder_is_an_error(name: str, config: str | None, message: str, tmp_path: Path) -> None:
    if config:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(BadCheckpoint, match=message):
        build(name).load(tmp_path)
