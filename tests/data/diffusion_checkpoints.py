"""Tiny pipelines of diffusers' real classes with random weights, written as the library writes them."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.data.language import settings, tokenizer

_QWEN_TOKENS = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
_QWEN_NAMES = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
_WIDTH, _CLIP_TOKENS = 32, 77


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

    parts = _latent_parts()
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        **_unet(4) | {"cross_attention_dim": 2 * _WIDTH},
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + _WIDTH,
        use_linear_projection=True,
    )
    StableDiffusionXLPipeline(
        **parts, unet=unet, text_encoder_2=_clip(projected=True), tokenizer_2=clip_tokenizer()
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
        joint_attention_dim=3 * _WIDTH,
        timestep_guidance_channels=16,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    vae = AutoencoderKLFlux2(
        **_blocks(("DownEncoderBlock2D",) * 2, ("UpDecoderBlock2D",) * 2),
        latent_channels=4,
        sample_size=16,
    )
    text = Qwen3Config(**settings() | {"num_hidden_layers": 27, "head_dim": 16, "max_position_embeddings": 512})
    Flux2KleinPipeline(
        scheduler=_flow(use_dynamic_shifting=True),
        vae=vae,
        text_encoder=Qwen3ForCausalLM(text),
        tokenizer=tokenizer(),
        transformer=transformer,
    ).save_pretrained(folder)


def qwen_image_edit_plus(folder: Path) -> None:
    """Qwen-Image-Edit-2509: a vision-language model reads the images and the instruction."""
    import torch
    from diffusers import AutoencoderKLQwenImage, QwenImageEditPlusPipeline, QwenImageTransformer2DModel
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    words = qwen_tokenizer()
    named = {name: words.convert_tokens_to_ids(token) for name, token in zip(_QWEN_NAMES, _QWEN_TOKENS, strict=True)}
    text = settings() | {
        "vocab_size": len(words),
        "max_position_embeddings": 1024,
        "rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3]},
    }
    vision = {
        "depth": 2,
        "hidden_size": _WIDTH,
        "intermediate_size": 2 * _WIDTH,
        "num_heads": 2,
        "patch_size": 2,
        "window_size": 8,
        "out_hidden_size": _WIDTH,
        "fullatt_block_indexes": [1],
    }
    torch.manual_seed(0)
    reader = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(text_config=text, vision_config=vision, **named))
    transformer = QwenImageTransformer2DModel(
        in_channels=16,
        out_channels=4,
        num_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=_WIDTH,
        axes_dims_rope=(8, 4, 4),
    )
    vae = AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 2],
        num_res_blocks=1,
        temperal_downsample=[False],
        latents_mean=[0.0] * 4,
        latents_std=[1.0] * 4,
    )
    pixels = Qwen2VLImageProcessorPil(patch_size=2, min_pixels=16, max_pixels=256)
    QwenImageEditPlusPipeline(
        scheduler=_flow(use_dynamic_shifting=True),
        vae=vae,
        text_encoder=reader,
        tokenizer=words,
        processor=None,
        transformer=transformer,
    ).save_pretrained(folder)
    # As on the hub, without the video processor, which would need torchvision.
    pixels.save_pretrained(folder / "processor")
    words.save_pretrained(folder / "processor")
    index = json.loads((folder / "model_index.json").read_text())
    index["processor"] = ["transformers", "Qwen2VLProcessor"]
    (folder / "model_index.json").write_text(json.dumps(index))


def clip_tokenizer() -> Any:
    """CLIP's tokenizer, one token a letter, of which 77 are read."""
    from transformers import CLIPTokenizer

    characters = [*string.ascii_lowercase, *string.digits, *",.?!'"]
    pieces = [*characters, *(f"{one}</w>" for one in characters), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {piece: place for place, piece in enumerate(pieces)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=_CLIP_TOKENS)


def t5_tokenizer() -> Any:
    """T5's tokenizer, one token a letter."""
    from transformers import T5Tokenizer

    pieces = ["<pad>", "</s>", "<unk>", "▁", *string.ascii_lowercase, *string.digits, *",.?!'"]
    return T5Tokenizer(vocab=[(piece, -2.0) for piece in pieces], extra_ids=0)


def qwen_tokenizer() -> Any:
    """Qwen's tokenizer, one token a byte."""
    from tokenizers import pre_tokenizers
    from transformers import Qwen2Tokenizer

    pieces = ["<|endoftext|>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    words = Qwen2Tokenizer(vocab={piece: place for place, piece in enumerate(pieces)}, merges=[])
    words.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>", *_QWEN_TOKENS]})
    return words


def _stable_diffusion(channels: int) -> dict[str, Any]:
    import torch
    from diffusers import UNet2DConditionModel
    from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
    from transformers import CLIPConfig
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    parts = _latent_parts()
    torch.manual_seed(0)
    unet = UNet2DConditionModel(**_unet(channels))
    seeing = {
        "hidden_size": _WIDTH,
        "intermediate_size": 2 * _WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 16,
        "patch_size": 8,
    }
    checker = StableDiffusionSafetyChecker(CLIPConfig(vision_config=seeing, projection_dim=_WIDTH))
    pixels = CLIPImageProcessorPil(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16})
    return {**parts, "unet": unet, "safety_checker": checker, "feature_extractor": pixels}


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
        joint_attention_dim=_WIDTH,
        pooled_projection_dim=_WIDTH,
        axes_dims_rope=(4, 4, 8),
        guidance_embeds=True,
    )
    return {
        "scheduler": _flow(),
        "vae": _vae(shift_factor=0.1),
        "text_encoder": _clip(),
        "tokenizer": clip_tokenizer(),
        "text_encoder_2": _t5(),
        "tokenizer_2": t5_tokenizer(),
        "transformer": transformer,
    }


def _latent_parts() -> dict[str, Any]:
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, steps_offset=1
    )
    return {"scheduler": scheduler, "vae": _vae(), "text_encoder": _clip(), "tokenizer": clip_tokenizer()}


def _blocks(down: tuple[str, ...], up: tuple[str, ...]) -> dict[str, Any]:
    return {
        "block_out_channels": (8,) * len(down),
        "down_block_types": down,
        "up_block_types": up,
        "layers_per_block": 1,
        "norm_num_groups": 4,
    }


def _vae(**options: Any) -> Any:
    """Latents of 4 channels, half as wide as the picture."""
    import torch
    from diffusers import AutoencoderKL

    torch.manual_seed(0)
    blocks = _blocks(("DownEncoderBlock2D",) * 2, ("UpDecoderBlock2D",) * 2)
    return AutoencoderKL(**blocks, latent_channels=4, sample_size=16, **options)


def _unet(channels: int) -> dict[str, Any]:
    return {
        **_blocks(("DownBlock2D", "CrossAttnDownBlock2D"), ("CrossAttnUpBlock2D", "UpBlock2D")),
        "sample_size": 8,
        "in_channels": channels,
        "out_channels": 4,
        "cross_attention_dim": _WIDTH,
        "attention_head_dim": 4,
    }


def _clip(projected: bool = False) -> Any:
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(0)
    words = clip_tokenizer()
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=_WIDTH,
        intermediate_size=2 * _WIDTH,
        projection_dim=_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=_CLIP_TOKENS,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
        initializer_range=0.4,
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)


def _t5() -> Any:
    import torch
    from transformers import T5Config, T5EncoderModel

    torch.manual_seed(0)
    return T5EncoderModel(
        T5Config(vocab_size=len(t5_tokenizer()), d_model=_WIDTH, d_kv=16, d_ff=_WIDTH, num_layers=2, num_heads=2)
    )


def _flow(**options: Any) -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler

    return FlowMatchEulerDiscreteScheduler(**options)


GENERATORS: dict[str, Callable[[Path], None]] = {
    build.__name__: build for build in (stable_diffusion, stable_diffusion_xl, flux, flux2_klein)
}
"""Tiny pipelines of ``text_to_image`` by name."""
EDITORS: dict[str, Callable[[Path], None]] = {
    build.__name__: build for build in (instruct_pix2pix, flux_kontext, flux2_klein, qwen_image_edit_plus)
}
"""Tiny pipelines of ``image_editor`` by name."""
