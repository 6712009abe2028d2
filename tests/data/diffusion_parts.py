"""Parts of tiny pipelines of diffusers: tokenizers, encoders of text, autoencoders, schedulers, with random weights."""

from __future__ import annotations

import string
from typing import Any

from tests.data.language import settings

WIDTH = 32
_CLIP_TOKENS = 77
_QWEN_TOKENS = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
_QWEN_NAMES = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")


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


def latent_parts() -> dict[str, Any]:
    """What Stable Diffusion 1.x and SDXL have around the network that denoises."""
    from diffusers import DDIMScheduler

    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, steps_offset=1
    )
    return {"scheduler": scheduler, "vae": vae(), "text_encoder": clip(), "tokenizer": clip_tokenizer()}


def blocks(down: tuple[str, ...], up: tuple[str, ...]) -> dict[str, Any]:
    """Settings of the blocks of a convolutional network."""
    return {
        "block_out_channels": (8,) * len(down),
        "down_block_types": down,
        "up_block_types": up,
        "layers_per_block": 1,
        "norm_num_groups": 4,
    }


def vae(**options: Any) -> Any:
    """Latents of 4 channels, half as wide as the picture."""
    import torch
    from diffusers import AutoencoderKL

    torch.manual_seed(0)
    halves = blocks(("DownEncoderBlock2D",) * 2, ("UpDecoderBlock2D",) * 2)
    return AutoencoderKL(**halves, latent_channels=4, sample_size=16, **options)


def unet(channels: int) -> dict[str, Any]:
    """Settings of a network that reads ``channels``."""
    return {
        **blocks(("DownBlock2D", "CrossAttnDownBlock2D"), ("CrossAttnUpBlock2D", "UpBlock2D")),
        "sample_size": 8,
        "in_channels": channels,
        "out_channels": 4,
        "cross_attention_dim": WIDTH,
        "attention_head_dim": 4,
    }


def clip(projected: bool = False) -> Any:
    """CLIP's text encoder."""
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(0)
    words = clip_tokenizer()
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=_CLIP_TOKENS,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
        initializer_range=0.4,
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)


def t5(width: int = WIDTH) -> Any:
    """T5's encoder, ``width`` numbers a token."""
    import torch
    from transformers import T5Config, T5EncoderModel

    torch.manual_seed(0)
    return T5EncoderModel(
        T5Config(vocab_size=len(t5_tokenizer()), d_model=width, d_kv=16, d_ff=WIDTH, num_layers=2, num_heads=2)
    )


def flow(**options: Any) -> Any:
    """The scheduler of FLUX, Stable Diffusion 3 and Qwen-Image."""
    from diffusers import FlowMatchEulerDiscreteScheduler

    return FlowMatchEulerDiscreteScheduler(**options)


def qwen_parts() -> dict[str, Any]:
    """All of Qwen-Image: a vision-language model reads the request, and the images where there are some."""
    import torch
    from diffusers import AutoencoderKLQwenImage, QwenImageTransformer2DModel
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    words = qwen_tokenizer()
    named = {name: words.convert_tokens_to_ids(token) for name, token in zip(_QWEN_NAMES, _QWEN_TOKENS, strict=True)}
    text = settings() | {
        "vocab_size": len(words),
        "max_position_embeddings": 1024,
        "rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3]},
    }
    vision = {
        "depth": 2,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_heads": 2,
        "patch_size": 2,
        "window_size": 8,
        "out_hidden_size": WIDTH,
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
        joint_attention_dim=WIDTH,
        axes_dims_rope=(8, 4, 4),
    )
    latents = AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 2],
        num_res_blocks=1,
        temperal_downsample=[False],
        latents_mean=[0.0] * 4,
        latents_std=[1.0] * 4,
    )
    return {
        "scheduler": flow(use_dynamic_shifting=True),
        "vae": latents,
        "text_encoder": reader,
        "tokenizer": words,
        "transformer": transformer,
    }
