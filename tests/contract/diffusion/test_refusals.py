"""What the adapters of diffusers pipelines refuse: requests, options and folders."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from unicost.checkpoints.loading import BadCheckpoint
from unicost.models.conversation import Unanswerable
from unicost.models.image_editor import ImageEditor
from unicost.models.text_to_image import TextToImage
from unicost.records import Task, Turn

from tests.contract.diffusion.asking import Load, drawing, edited, editing
from tests.data.instances import instance, picture


def test_what_cannot_be_asked_is_said_without_loading() -> None:
    one, two = picture(1), picture(2)
    generator, single, several = TextToImage(), ImageEditor(), ImageEditor(most_images=None)
    turns = (Turn("user", "a cat"), Turn("user", "a dog"))
    assert "2 turns" in generator.unsupported(instance("talk", task=Task.TEXT_TO_IMAGE, turns=turns))
    assert generator.unsupported(drawing("why")) is None
    assert single.unsupported(editing(("a cat", (one,)), ("a dog", ()))) is None
    assert "2 images and the editor takes 1" in single.unsupported(editing(("a cat", (one, two))))
    assert several.unsupported(editing(("a cat", (one, two)))) is None
    assert "first turn has no image" in several.unsupported(editing(("a cat", ()), ("a dog", (one,))))
    given = (Turn("user", "a cat", (one,)), Turn("assistant", "done"), Turn("user", "a dog"))
    assert "assistant" in several.unsupported(instance("talk", task=Task.TEXT_IMAGE_TO_IMAGE, turns=given))


def test_what_cannot_be_asked_is_not_answered(generator: Load, editor: Load) -> None:
    with pytest.raises(Unanswerable, match="'one': a turn has 2 images"):
        editor("instruct_pix2pix").answer([editing(("a cat", (picture(1), picture(2))))], [0])
    with pytest.raises(Unanswerable, match="'one': it holds an image"):
        generator("flux").answer([editing(("a cat", (picture(1),)))], [0])


@pytest.mark.parametrize("kind", [TextToImage, ImageEditor])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_steps": 4}, "unknown key 'num_steps': did you mean 'num_inference_steps'"),
        ({"num_inference_steps": 0}, "num_inference_steps: .* greater than or equal to 1"),
        ({"system_prompt": "help"}, "no system message"),
    ],
)
def test_options_that_are_none_are_refused(kind: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        kind(**options)
    assert "\n" not in str(raised.value)


def test_guidance_among_the_decoding_is_refused() -> None:
    from unicost.config import Decoding

    with pytest.raises(ValueError, match="options.guidance_scale"):
        TextToImage(decoding=Decoding(guidance_scale=3.0))


@pytest.mark.parametrize(
    ("kind", "name", "options", "message"),
    [
        (TextToImage, "stable_diffusion_xl", {"safety_checker": True}, "without safety checker"),
        (TextToImage, "stable_diffusion", {"true_cfg_scale": 2.0}, "has no `true_cfg_scale`"),
        (TextToImage, "instruct_pix2pix", {}, "does not draw from text"),
        (ImageEditor, "stable_diffusion", {}, "does not edit as it is told"),
        (ImageEditor, "instruct_pix2pix", {"most_images": 2}, "takes 1 image; set most_images: 1"),
        (ImageEditor, "qwen_image_edit", {"most_images": None}, "takes 1 image; set most_images: 1"),
        (ImageEditor, "flux_kontext", {"most_images": None}, "takes 1 image; set most_images: 1"),
    ],
)
def test_what_the_pipeline_cannot_heed_is_refused(
    kind: Any, name: str, options: dict[str, Any], message: str, folders: dict[str, Path]
) -> None:
    with pytest.raises(BadCheckpoint, match=message):
        kind(**options).load(folders[name])


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (None, "a folder with model_index.json is needed"),
        ("{", "not the JSON of a pipeline"),
        ('{"_class_name": ["pipeline", "Own"]}', "not the JSON of a pipeline"),
        ('{"_class_name": "OwnPipeline"}', "a OwnPipeline does not"),
    ],
)
def test_another_folder_is_refused(index: str | None, message: str, tmp_path: Path) -> None:
    if index:
        (tmp_path / "model_index.json").write_text(index)
    for kind in (TextToImage, ImageEditor):
        with pytest.raises(BadCheckpoint, match=message):
            kind().load(tmp_path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink(), "cannot be loaded"),
        (lambda folder: shutil.rmtree(folder / "scheduler"), "cannot be loaded"),
        (lambda folder: (folder / "tokenizer" / "tokenizer.json").unlink(), "no vocabulary of a CLIPTokenizer"),
        (lambda folder: edited(folder, "model_index.json", unet=["own_code", "Own"]), "cannot be loaded"),
        (lambda folder: edited(folder, "unet/config.json", cross_attention_dim=8), "cannot be loaded"),
    ],
)
def test_a_damaged_folder_is_refused(
    damage: Callable[[Path], None], message: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(folders["stable_diffusion"], tmp_path / "damaged")
    damage(folder)
    with pytest.raises(BadCheckpoint, match=message) as raised:
        TextToImage().load(folder)
    assert "\n" not in str(raised.value)
