"""Tiny checkpoints of each kind of pipeline, written once a session, and adapters that have loaded them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unicost.models.image_editor import ImageEditor
from unicost.models.text_to_image import TextToImage

from tests.contract.diffusion.asking import EDITING, GENERATING, Load
from tests.data.diffusion_checkpoints import EDITORS, GENERATORS


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("pipelines")
    for name, build in (GENERATORS | EDITORS).items():
        build(base / name)
    return {name: base / name for name in GENERATORS | EDITORS}


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The editors scale every input image to a megapixel, and PixArt-Sigma draws in sizes of its own."""
    from diffusers.pipelines.flux import pipeline_flux_kontext
    from diffusers.pipelines.pixart_alpha import pipeline_pixart_sigma
    from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit, pipeline_qwenimage_edit_plus

    monkeypatch.setattr(pipeline_flux_kontext, "PREFERRED_KONTEXT_RESOLUTIONS", [(16, 16)])
    monkeypatch.setattr(pipeline_pixart_sigma, "ASPECT_RATIO_256_BIN", {"1.0": [16, 16]})
    monkeypatch.setattr(pipeline_qwenimage_edit, "calculate_dimensions", lambda area, ratio: (32, 32, None))
    monkeypatch.setattr(pipeline_qwenimage_edit_plus, "CONDITION_IMAGE_SIZE", 32 * 32)
    monkeypatch.setattr(pipeline_qwenimage_edit_plus, "VAE_IMAGE_SIZE", 32 * 32)


@pytest.fixture(scope="session")
def generator(folders: dict[str, Path]) -> Load:
    return _loader(TextToImage, folders, GENERATING)


@pytest.fixture(scope="session")
def editor(folders: dict[str, Path]) -> Load:
    return _loader(ImageEditor, folders, EDITING)


def _loader(kind: Any, folders: dict[str, Path], options: dict[str, dict[str, Any]]) -> Load:
    kept: dict[str, Any] = {}

    def load(name: str, **changes: Any) -> Any:
        key = f"{name} {changes}"
        if key not in kept:
            kept[key] = kind(**options[name] | changes)
            kept[key].load(folders[name])
        return kept[key]

    return load
