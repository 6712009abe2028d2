"""Tiny checkpoints of the real architectures with random weights, written as their library writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

_SPECIAL = ("<pad>", "<s>", "</s>", "<|user|>", "<|assistant|>", "<|system|>", "<image>", "<boi>", "<eoi>", "<unk>")
_WORDS = (
    "a the red blue green cat dog box tree house draw show tell me what is this picture of and why how do you please "
    "help with my very long question about nothing one two three four five six seven eight nine ten yes no maybe"
)
_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|> "
    "{% if message['content'] is string %}{{ message['content'] }} {% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image> {% else %}{{ part['text'] }} {% endif %}{% endfor %}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_WIDTH, _GRID, _CODES = 32, 4, 16


def llama(folder: Path) -> None:
    """A language model of two layers."""
    import torch
    from transformers import LlamaForCausalLM

    torch.manual_seed(0)
    LlamaForCausalLM(_language_config()).save_pretrained(folder)
    _tokenizer().save_pretrained(folder)


def janus(folder: Path) -> None:
    """A model that reads and draws images of 4 by 4 pixels, one token a pixel."""
    import torch
    from transformers import (
        JanusConfig,
        JanusForConditionalGeneration,
        JanusProcessor,
        JanusVisionConfig,
        JanusVQVAEConfig,
    )
    from transformers.models.janus.image_processing_pil_janus import JanusImageProcessorPil

    torch.manual_seed(0)
    tokenizer = _tokenizer()
    vision = JanusVisionConfig(
        hidden_size=_WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=_GRID,
        patch_size=1,
        projection_dim=_WIDTH,
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
        projection_dim=_WIDTH,
        image_token_embed_dim=_WIDTH,
        num_hidden_layers=2,
        initializer_range=0.4,
    )
    image_token = tokenizer.convert_tokens_to_ids("<image>")
    config = JanusConfig(
        text_config=_language_config(), vision_config=vision, vq_config=codes, image_token_id=image_token
    )
    JanusForConditionalGeneration(config).save_pretrained(folder)
    pixels = JanusImageProcessorPil(
        size={"height": _GRID, "width": _GRID}, min_size=1, image_mean=[0.5] * 3, image_std=[0.5] * 3
    )
    JanusProcessor(
        image_processor=pixels, tokenizer=tokenizer, chat_template=_TEMPLATE, num_image_tokens=_GRID**2
    ).save_pretrained(folder)


BUILDERS: dict[str, Callable[[Path], None]] = {"causal_lm": llama, "janus": janus}
"""A tiny checkpoint for every registered adapter; the contract tests need one of each."""


def _language_config() -> Any:
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=len(_SPECIAL) + len(_WORDS.split()),
        hidden_size=_WIDTH,
        intermediate_size=2 * _WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=128,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        initializer_range=0.4,
    )


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: place for place, word in enumerate((*_SPECIAL, *_WORDS.split()))}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.add_special_tokens(list(_SPECIAL))
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        chat_template=_TEMPLATE,
        extra_special_tokens={"image_token": "<image>", "boi_token": "<boi>", "eoi_token": "<eoi>"},
    )
