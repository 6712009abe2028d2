"""Tiny checkpoints of the real architectures with random weights, written as their library writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.data.diffusion_checkpoints import instruct_pix2pix, stable_diffusion
from tests.data.language import TEMPLATE, WIDTH, settings, tokenizer
from tests.data.token_checkpoints import LABELS, clip, emu3
from tests.data.vision_checkpoints import qwen2_5_vl

_GRID, _CODES = 4, 16


def llama(folder: Path) -> None:
    """A language model of two layers."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(**settings())).save_pretrained(folder)
    tokenizer().save_pretrained(folder)


def janus(folder: Path) -> None:
    """A model that reads and draws images of 4 by 4 pixels, one token a pixel."""
    import torch
    from transformers import (
        JanusConfig,
        JanusForConditionalGeneration,
        JanusProcessor,
        JanusVisionConfig,
        JanusVQVAEConfig,
        LlamaConfig,
    )
    from transformers.models.janus.image_processing_pil_janus import JanusImageProcessorPil

    torch.manual_seed(0)
    words = tokenizer()
    vision = JanusVisionConfig(
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=_GRID,
        patch_size=1,
        projection_dim=WIDTH,
        num_image_tokens=_GRID**2,
        mlp_ratio=2.0,
        depth=2,
        initializer_range=0.4,
    )
    codes = JanusVQVAEConfig(
        embed_dim=8,
        num_embeddings=_CODES,
        latent_channels=32,
        base_channels=32,
        channel_multiplier=[1],
        num_res_blocks=1,
        projection_dim=WIDTH,
        image_token_embed_dim=WIDTH,
        num_hidden_layers=2,
        initializer_range=0.4,
    )
    image_token = words.convert_tokens_to_ids("<image>")
    config = JanusConfig(
        text_config=LlamaConfig(**settings()), vision_config=vision, vq_config=codes, image_token_id=image_token
    )
    JanusForConditionalGeneration(config).save_pretrained(folder)
    pixels = JanusImageProcessorPil(
        size={"height": _GRID, "width": _GRID}, min_size=1, image_mean=[0.5] * 3, image_std=[0.5] * 3
    )
    JanusProcessor(
        image_processor=pixels, tokenizer=words, chat_template=TEMPLATE, num_image_tokens=_GRID**2
    ).save_pretrained(folder)


BUILDERS: dict[str, Callable[[Path], None]] = {
    "causal_lm": llama,
    "clip": clip,
    "emu3": emu3,
    "image_editor": instruct_pix2pix,
    "janus": janus,
    "text_to_image": stable_diffusion,
    "vision_language": qwen2_5_vl,
}
"""A tiny checkpoint for every registered adapter; the contract tests need one of each."""

OPTIONS: dict[str, dict[str, Any]] = {
    "clip": {"labels": list(LABELS), "template": "{request} {label}"},
    "emu3": {"image_area": 16 * 16},
    "image_editor": {"num_inference_steps": 2},
    "text_to_image": {"num_inference_steps": 2},
}
"""Options with which an adapter drives its tiny checkpoint, where it needs some."""
