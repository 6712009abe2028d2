"""Tiny pipelines of diffusers' real classes with random weights, written as the library writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.data import diffusion_parts as parts
from tests.data.diffusion_parts import WIDTH
from tests.data.language import settings, tokenizer


def stable_diffusion(folder: Path) -> None:
    """Stable Diffusion 1.x with its safety checker; pictures of 16 by 16 pixels."""
    from diffusers import StableDiffusionPipeline

    StableDiffusionPipeline(**_stable_diffusion(4)).save_pretrained(folder)


def instruct_pix2pix(folder: Path) -> None:
    """InstructPix2Pix with its safety checker."""
    from diffusers import StableDiffusionInstructPix2PixPipeline

    StableDiffusionInstructPix2PixPipeline(**_stable_diffusion(8)).save_pretrained(folder)


def stable_diffusion_xl(folder: Path) -> None:
    """SDXL: two CLIP encoders."""
    import torch
    from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel

    latent = parts.latent_parts()
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        **parts.unet(4) | {"cross_attention_dim": 2 * WIDTH},
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + WIDTH,
        use_linear_projection=True,
    )
    StableDiffusionXLPipeline(
        **latent, unet=unet, text_encoder_2=parts.clip(projected=True), tokenizer_2=parts.clip_tokenizer()
    ).save_pretrained(folder)


def flux(folder: Path) -> None:
    """FLUX.1: CLIP for the gist and T5 for the words."""
    from diffusers import FluxPipeline

    FluxPipeline(**_flux()).save_pretrained(folder)


def flux_kontext(folder: Path) -> None:
    """FLUX.1 Kontext: edits one image."""
    from diffusers import FluxKontextPipeline

    FluxKontextPipeline(**_flux()).save_pretrained(folder)


def flux2_klein(folder: Path) -> None:
    """FLUX.2 [klein]: draws, and edits any number of images."""
    import torch
    from diffusers import AutoencoderKLFlux2, Flux2KleinPipeline, Flux2Transformer2DModel
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    transformer = Flux2Transformer2DModel(
        patch_size=1,
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=3 * WIDTH,
        timestep_guidance_channels=16,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    vae = AutoencoderKLFlux2(
        **parts.blocks(("DownEncoderBlock2D",) * 2, ("UpDecoderBlock2D",) * 2),
        latent_channels=4,
        sample_size=16,
    )
    text = Qwen3Config(**settings() | {"num_hidden_layers": 27, "head_dim": 16, "max_position_embeddings": 512})
    Flux2KleinPipeline(
        scheduler=parts.flow(use_dynamic_shifting=True),
        vae=vae,
        text_encoder=Qwen3ForCausalLM(text),
        tokenizer=tokenizer(),
        transformer=transformer,
    ).save_pretrained(folder)


def stable_diffusion_3(folder: Path) -> None:
    """Stable Diffusion 3.5: two CLIP encoders and T5, whose widths agree."""
    import torch
    from diffusers import SD3Transformer2DModel, StableDiffusion3Pipeline

    torch.manual_seed(0)
    transformer = SD3Transformer2DModel(
        sample_size=8,
        patch_size=1,
        in_channels=4,
        out_channels=4,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=2 * WIDTH,
        caption_projection_dim=WIDTH,
        pooled_projection_dim=2 * WIDTH,
        dual_attention_layers=(0,),
        qk_norm="rms_norm",
    )
    StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=parts.flow(shift=3.0),
        vae=parts.vae(shift_factor=0.1),
        text_encoder=parts.clip(projected=True),
        tokenizer=parts.clip_tokenizer(),
        text_encoder_2=parts.clip(projected=True),
        tokenizer_2=parts.clip_tokenizer(),
        text_encoder_3=parts.t5(2 * WIDTH),
        tokenizer_3=parts.t5_tokenizer(),
    ).save_pretrained(folder)


def pixart_sigma(folder: Path) -> None:
    """PixArt-Sigma: T5 alone reads the request. A ``sample_size`` is one for which the pipeline knows resolutions."""
    import torch
    from diffusers import DPMSolverMultistepScheduler, PixArtSigmaPipeline, PixArtTransformer2DModel

    torch.manual_seed(0)
    transformer = PixArtTransformer2DModel(
        sample_size=32,
        in_channels=4,
        out_channels=8,
        num_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        cross_attention_dim=WIDTH,
        caption_channels=WIDTH,
        use_additional_conditions=False,
    )
    PixArtSigmaPipeline(
        tokenizer=parts.t5_tokenizer(),
        text_encoder=parts.t5(),
        vae=parts.vae(),
        transformer=transformer,
        scheduler=DPMSolverMultistepScheduler(),
    ).save_pretrained(folder)


def qwen_image(folder: Path) -> None:
    """Qwen-Image: a vision-language model reads the request."""
    from diffusers import QwenImagePipeline

    QwenImagePipeline(**parts.qwen_parts()).save_pretrained(folder)


def qwen_image_edit(folder: Path) -> None:
    """Qwen-Image-Edit: the vision-language model reads the image too."""
    from diffusers import QwenImageEditPipeline

    _qwen_image_edit(QwenImageEditPipeline, folder)


def qwen_image_edit_plus(folder: Path) -> None:
    """Qwen-Image-Edit-2509: the same with several images."""
    from diffusers import QwenImageEditPlusPipeline

    _qwen_image_edit(QwenImageEditPlusPipeline, folder)


def _qwen_image_edit(pipeline: Any, folder: Path) -> None:
    """As on the hub, without the video processor, which would need torchvision."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    whole = parts.qwen_parts()
    pipeline(**whole, processor=None).save_pretrained(folder)
    Qwen2VLImageProcessorPil(patch_size=2, min_pixels=16, max_pixels=256).save_pretrained(folder / "processor")
    whole["tokenizer"].save_pretrained(folder / "processor")
    index = json.loads((folder / "model_index.json").read_text())
    index["processor"] = ["transformers", "Qwen2VLProcessor"]
    (folder / "model_index.json").write_text(json.dumps(index))


def _stable_diffusion(channels: int) -> dict[str, Any]:
    import torch
    from diffusers import UNet2DConditionModel
    from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
    from transformers import CLIPConfig
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    latent = parts.latent_parts()
    torch.manual_seed(0)
    unet = UNet2DConditionModel(**parts.unet(channels))
    seeing = {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 16,
        "patch_size": 8,
    }
    checker = StableDiffusionSafetyChecker(CLIPConfig(vision_config=seeing, projection_dim=WIDTH))
    pixels = CLIPImageProcessorPil(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16})
    return {**latent, "unet": unet, "safety_checker": checker, "feature_extractor": pixels}


def _flux() -> dict[str, Any]:
    import torch
    from diffusers import FluxTransformer2DModel

    torch.manual_seed(0)
    transformer = FluxTransformer2DModel(
        patch_size=1,
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        pooled_projection_dim=WIDTH,
        axes_dims_rope=(4, 4, 8),
        guidance_embeds=True,
    )
    return {
        "scheduler": parts.flow(),
        "vae": parts.vae(shift_factor=0.1),
        "text_encoder": parts.clip(),
        "tokenizer": parts.clip_tokenizer(),
        "text_encoder_2": parts.t5(),
        "tokenizer_2": parts.t5_tokenizer(),
        "transformer": transformer,
    }


GENERATORS: dict[str, Callable[[Path], None]] = {
    build.__name__: build
    for build in (
        stable_diffusion,
        stable_diffusion_xl,
        stable_diffusion_3,
        pixart_sigma,
        flux,
        flux2_klein,
        qwen_image,
    )
}
"""Tiny pipelines of ``text_to_image`` by name."""
EDITORS: dict[str, Callable[[Path], None]] = {
    build.__name__: build
    for build in (instruct_pix2pix, flux_kontext, flux2_klein, qwen_image_edit, qwen_image_edit_plus)
}
"""Tiny pipelines of ``image_editor`` by name."""
