"""What the adapters of diffusers pipelines draw, and what a picture says of how it was drawn."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from unicost.models.image_editor import ImageEditor
from unicost.models.text_to_image import TextToImage

from tests.contract.diffusion.asking import GENERATING, UNGUIDED_WITHOUT, Load, drawing, edited, editing, made, pixels
from tests.data.instances import picture

CHECKED = {"stable_diffusion": TextToImage, "instruct_pix2pix": ImageEditor}


@pytest.mark.parametrize("name", GENERATING)
def test_a_picture_is_the_library_s(name: str, folders: dict[str, Path], generator: Load) -> None:
    from diffusers import AutoPipelineForText2Image

    pipeline = AutoPipelineForText2Image.from_pretrained(folders[name], requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    asked = GENERATING[name] | (UNGUIDED_WITHOUT if name.startswith("qwen") else {})
    theirs = pipeline(prompt="draw a cat", generator=torch.Generator().manual_seed(5), **asked).images[0]
    assert np.array_equal(pixels(made(generator(name), drawing("draw a cat"), 5)), np.asarray(theirs))


@pytest.mark.parametrize("name", GENERATING)
def test_a_picture_depends_on_its_words_and_seed_alone(name: str, generator: Load) -> None:
    model = generator(name)
    requests = [drawing("draw a cat"), drawing("why"), drawing("draw a cat"), drawing("draw a cat")]
    one, other, reseeded, again = (answer.image_png for answer in model.answer(requests, [1, 1, 2, 1]))
    assert one == again == made(model, requests[0], 1)
    assert len({one, other, reseeded}) == 3


def test_a_scheduler_that_draws_by_itself_is_seeded_too(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(folders["flux"], tmp_path / "flux")
    edited(folder, "scheduler/scheduler_config.json", stochastic_sampling=True)
    model = TextToImage(**GENERATING["flux"])
    model.load(folder)
    before = torch.get_rng_state()
    first, *others = (made(model, drawing("draw a cat"), seed) for seed in (1, 1, 2))
    assert first == others[0] != others[1]
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", GENERATING)
def test_a_picture_says_how_it_was_drawn(name: str, generator: Load) -> None:
    with PillowImage.open(io.BytesIO(made(generator(name), drawing("why")))) as opened:
        told = json.loads(opened.text["sampling"])
        assert opened.size == (16, 16)
    defaults = {
        "stable_diffusion": {"guidance_scale": 7.5, "eta": 0.0, "guidance_rescale": 0.0},
        "stable_diffusion_xl": {"guidance_scale": 5.0, "eta": 0.0, "guidance_rescale": 0.0},
        "flux": {"guidance_scale": 3.5, "true_cfg_scale": 1.0},
        "flux2_klein": {"guidance_scale": 4.0},
        "stable_diffusion_3": {
            "guidance_scale": 7.0,
            "skip_layer_guidance_scale": 2.8,
            "skip_layer_guidance_stop": 0.2,
            "skip_layer_guidance_start": 0.01,
        },
        "pixart_sigma": {
            "guidance_scale": 4.5,
            "eta": 0.0,
            "negative_prompt": "",
            "clean_caption": False,
            "use_resolution_binning": True,
        },
        "qwen_image": {"true_cfg_scale": 4.0, "max_sequence_length": 512} | UNGUIDED_WITHOUT,
    }
    assert told == GENERATING[name] | defaults[name]


@pytest.mark.parametrize("name", GENERATING)
def test_a_prompt_that_is_cut_is_remarked(name: str, generator: Load) -> None:
    short, long = generator(name).answer([drawing("why"), drawing("cat " * 130)], [0, 0])
    assert (short.finish_reason, long.finish_reason) == ("stop", "truncated_prompt")
    assert short.prompt_tokens < 32
    assert long.prompt_tokens > 77


@pytest.mark.parametrize("name", ["stable_diffusion", "stable_diffusion_xl"])
def test_clip_reads_75_tokens_between_its_start_and_end(name: str, generator: Load) -> None:
    model = generator(name)
    whole, cut = model.answer([drawing("b " * 75), drawing("b " * 76)], [0, 0])
    assert (whole.finish_reason, cut.finish_reason) == ("stop", "truncated_prompt")
    assert made(model, drawing("b " * 75), 0) == whole.image_png == cut.image_png


@pytest.mark.parametrize("name", ["flux", "stable_diffusion_3"])
def test_a_prompt_that_one_encoder_reads_whole_is_not_cut(name: str, generator: Load) -> None:
    """CLIP reads 77 tokens of it and T5 all."""
    (answer,) = generator(name, max_sequence_length=256).answer([drawing("b" * 120)], [0])
    assert answer.finish_reason == "stop"
    assert answer.prompt_tokens > 77


def test_guidance_of_qwen_has_the_negative_prompt_without_which_there_is_none(generator: Load) -> None:
    guided, unguided, other = (
        made(generator("qwen_image", **options), drawing("draw a cat"))
        for options in ({}, {"true_cfg_scale": 1.0}, {"negative_prompt": "a dog"})
    )
    assert len({guided, unguided, other}) == 3


def test_pixart_is_loaded_as_it_was_published(folders: dict[str, Path], generator: Load, tmp_path: Path) -> None:
    """Its files name a class that the library has split since."""
    folder = shutil.copytree(folders["pixart_sigma"], tmp_path / "pixart")
    edited(folder, "model_index.json", transformer=["diffusers", "Transformer2DModel"])
    edited(folder, "transformer/config.json", _class_name="Transformer2DModel")
    model = TextToImage(**GENERATING["pixart_sigma"])
    model.load(folder)
    assert made(model, drawing("draw a cat")) == made(generator("pixart_sigma"), drawing("draw a cat"))


@pytest.mark.parametrize(("colour", "reason"), [(-1.0, "black"), (0.0, "constant")])
def test_a_picture_of_one_colour_is_remarked(
    colour: float, reason: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    """A decoder whose last layer gives the same for every pixel."""
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(folders["stable_diffusion"], tmp_path / "constant")
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    tensors["decoder.conv_out.weight"].zero_()
    tensors["decoder.conv_out.bias"].fill_(colour)
    save_file(tensors, path, metadata={"format": "pt"})
    model = TextToImage(**GENERATING["stable_diffusion"])
    model.load(folder)
    short, long = model.answer([drawing("why"), drawing("b" * 99)], [0, 0])
    assert (short.finish_reason, long.finish_reason) == (reason, f"truncated_prompt, {reason}")
    assert short.image_png is not None


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize("strict", [False, True])
def test_a_withheld_picture_is_no_picture(name: str, strict: bool, folders: dict[str, Path], tmp_path: Path) -> None:
    """The strict checker's thresholds are below every similarity; those of the tiny checkpoint are above."""
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(folders[name], tmp_path / name)
    path = folder / "safety_checker" / "model.safetensors"
    tensors = load_file(path)
    tensors["concept_embeds_weights"].fill_(-2.0 if strict else 2.0)
    save_file(tensors, path, metadata={"format": "pt"})
    request = drawing("why") if name == "stable_diffusion" else editing(("why", (picture(1),)), ("a cat", ()))
    answers = []
    for safety_checker in (False, True):
        model = CHECKED[name](safety_checker=safety_checker, num_inference_steps=2)
        model.load(folder)
        answers += model.answer([request], [0])
    alone, checked = answers
    assert alone.image_png is not None
    if not strict:
        assert checked == alone
    else:
        assert (checked.image_png, checked.finish_reason) == (None, "filtered")
        assert "filtered by the system" in checked.provider_refusal


def test_images_go_through_pillow(folders: dict[str, Path], editor: Load) -> None:
    model = TextToImage(safety_checker=True)
    model.load(folders["stable_diffusion"])
    assert type(model._drawing._pipeline.feature_extractor).__name__ == "CLIPImageProcessorPil"
    processor = editor("qwen_image_edit_plus")._drawing._pipeline.processor
    assert type(processor.image_processor).__name__ == "Qwen2VLImageProcessorPil"


def test_no_watermark_is_added(generator: Load) -> None:
    assert generator("stable_diffusion_xl")._drawing._pipeline.watermark is None


def test_a_folder_of_a_pipeline_is_a_checkpoint(folders: dict[str, Path], tmp_path: Path) -> None:
    from unicost.models.weights import link_folder

    link_folder(str(folders["flux"]), tmp_path / "weights")
    model = TextToImage(**GENERATING["flux"])
    model.load(tmp_path / "weights")
    assert replace(model.answer([drawing("why")], [0])[0], image_png=None).finish_reason == "stop"
