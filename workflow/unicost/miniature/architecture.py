"""The miniature models: transformers' own Llama, vision encoder and Janus classes at a small size."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from transformers import (
    GenerationConfig,
    JanusConfig,
    JanusForConditionalGeneration,
    JanusProcessor,
    JanusVisionConfig,
    JanusVQVAEConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)
from transformers.models.janus.image_processing_pil_janus import JanusImageProcessorPil
from transformers.models.janus.modeling_janus import JanusVisionModel

from unicost.miniature.palette_vq import BASE_CHANNELS, normalised_palette, set_exact_palette
from unicost.miniature.scenes import GRID, PALETTE
from unicost.miniature.skeletons import VQ_PREFIX
from unicost.miniature.tokenizer import BEGIN_IMAGE, BOS, EOS, IMAGE, MAXIMUM_LENGTH, PAD, build_tokenizer

HIDDEN: Final = 64
LAYERS: Final = 4
CELLS: Final = GRID**2
"""Image tokens a picture."""
COLOURS: Final = len(PALETTE)
_INITIAL_SPREAD: Final = 0.04


def _llama_config(vocabulary_size: int) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=vocabulary_size,
        hidden_size=HIDDEN,
        intermediate_size=3 * HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=MAXIMUM_LENGTH,
        pad_token_id=PAD,
        bos_token_id=BOS,
        eos_token_id=EOS,
        tie_word_embeddings=True,
        initializer_range=_INITIAL_SPREAD,
    )


def _vision_config() -> JanusVisionConfig:
    return JanusVisionConfig(
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=GRID,
        patch_size=1,
        projection_dim=HIDDEN,
        mlp_ratio=2.0,
        num_image_tokens=CELLS,
        depth=2,
        initializer_range=_INITIAL_SPREAD,
    )


def _generation_config(**extra: Any) -> GenerationConfig:
    return GenerationConfig(  # type: ignore[no-untyped-call]
        pad_token_id=PAD, bos_token_id=BOS, eos_token_id=EOS, do_sample=False, **extra
    )


def new_llama() -> LlamaForCausalLM:
    """A Llama with fresh weights."""
    model = LlamaForCausalLM(_llama_config(len(build_tokenizer())))
    model.generation_config = _generation_config()
    return model


def new_vision() -> JanusVisionModel:
    """A vision encoder with fresh weights."""
    return JanusVisionModel(_vision_config())


def new_janus() -> JanusForConditionalGeneration:
    """A Janus with fresh weights around the exact palette tokenizer.

    The generation config is a *new* object: mutating the loaded one loses ``generation_kwargs`` on reload. Its guidance
    is just above 1, which is no guidance in effect, because image generation fails at exactly 1.
    """
    vq = JanusVQVAEConfig(
        embed_dim=COLOURS,
        num_embeddings=COLOURS,
        latent_channels=3,
        base_channels=BASE_CHANNELS,
        channel_multiplier=[1],
        num_res_blocks=0,
        projection_dim=HIDDEN,
        image_token_embed_dim=HIDDEN,
        num_hidden_layers=2,
        initializer_range=_INITIAL_SPREAD,
    )
    config = JanusConfig(
        text_config=_llama_config(len(build_tokenizer())),
        vision_config=_vision_config(),
        vq_config=vq,
        image_token_id=IMAGE,
    )
    model = JanusForConditionalGeneration(config)
    set_exact_palette(model.model.vqmodel)
    model.generation_config = _generation_config(
        guidance_scale=1.00001, generation_kwargs={"boi_token_id": BEGIN_IMAGE}, max_length=MAXIMUM_LENGTH
    )
    return model


def janus_around(base: LlamaForCausalLM, vision: dict[str, torch.Tensor]) -> JanusForConditionalGeneration:
    """Janus around a copy of the base's weights and the pretrained vision encoder; aligners and heads are fresh.

    The vision encoder is frozen: fresh aligners would undo its pretraining before they had learnt anything from it.
    """
    model = new_janus()
    model.model.language_model.load_state_dict(base.model.state_dict())
    model.model.vision_model.load_state_dict(vision)
    model.model.vision_model.requires_grad_(False)
    model.tie_weights()
    return model


def build_processor() -> JanusProcessor:
    """The processor: nearest-neighbour resizing maps a scaled-up picture back to its 8 x 8 cells without loss."""
    tokenizer: PreTrainedTokenizerFast = build_tokenizer()
    images = JanusImageProcessorPil(
        size={"height": GRID, "width": GRID}, min_size=1, resample=0, image_mean=[0.5] * 3, image_std=[0.5] * 3
    )
    return JanusProcessor(
        image_processor=images, tokenizer=tokenizer, chat_template=tokenizer.chat_template, num_image_tokens=CELLS
    )


def to_pixels(grids: np.ndarray) -> torch.Tensor:
    """Palette indices (batch, 8, 8) to normalised pixel values (batch, 3, 8, 8), as the processor makes them."""
    return normalised_palette()[torch.tensor(grids)].permute(0, 3, 1, 2).contiguous()


def trained_state(model: Any) -> dict[str, torch.Tensor]:
    """The weights worth storing: without the image tokenizer, and without the output layer where it is tied."""
    state = model.state_dict()
    tied = {"lm_head.weight"} if "lm_head.weight" in state else set()
    return {
        name: value.contiguous() for name, value in state.items() if not name.startswith(VQ_PREFIX) and name not in tied
    }


def load_trained_state(model: Any, state: dict[str, torch.Tensor]) -> None:
    """Put stored weights into a new model; raises ``ValueError`` where they do not fit."""
    fresh = model.state_dict()
    wanted = {name for name in fresh if not name.startswith(VQ_PREFIX) and name != "lm_head.weight"}
    if wanted != set(state):
        odd = sorted(wanted ^ set(state))
        raise ValueError(f"the weights are of another architecture: {len(odd)} tensors differ, the first is {odd[0]}")
    wrong = [name for name in wanted if fresh[name].shape != state[name].shape]
    if wrong:
        raise ValueError(f"the weights are of another architecture: {wrong[0]} has another shape")
    model.load_state_dict({name: value.float() for name, value in state.items()}, strict=False)
    model.tie_weights()
