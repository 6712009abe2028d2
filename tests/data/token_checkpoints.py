"""Tiny checkpoints of architectures that read images as tokens, or compare them with texts, with random weights."""

from __future__ import annotations

from pathlib import Path

from tests.data.language import TEMPLATE, WIDTH, settings, tokenizer

CODES = 16
_VISUAL = tuple(f"<|visual token {code:06d}|>" for code in range(CODES))
_MARKS = {"image_wrapper_token": "<|image token|>", "eof_token": "<|extra_201|>"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
LABELS = (
    "a cat",
    "the dog",
    "one box",
    "two trees",
    "three houses",
    "four cats",
    "five dogs",
    "six boxes",
    "seven pictures",
    "eight words",
    "nine",
    "ten",
    "red",
    "green",
    "blue",
    "yes please",
    "no",
    "maybe",
    "nothing",
    "why do you ask",
    "please tell me",
)


def emu3(folder: Path) -> None:
    """A model that reads and draws images of 8 by 8 pixels a token, of 16 codes; a read one has up to 3 by 3."""
    import torch
    from transformers import Emu3Config, Emu3ForConditionalGeneration, Emu3Processor
    from transformers.models.emu3.image_processing_emu3 import Emu3ImageProcessor

    torch.manual_seed(0)
    more = (*_VISUAL, "<|extra_200|>", *_MARKS.values())
    words = tokenizer(more, named=_MARKS)
    codes = {
        "codebook_size": CODES,
        "embed_dim": 4,
        "latent_channels": 4,
        "base_channels": 32,
        "channel_multiplier": [1, 1, 1, 1],
        "num_res_blocks": 1,
        "temporal_downsample_factor": 2,
        "attn_resolutions": [],
        "hidden_size": WIDTH,
    }
    config = Emu3Config(text_config=settings(len(more)), vq_config=codes, vocabulary_map=words.get_vocab())
    Emu3ForConditionalGeneration(config).save_pretrained(folder)
    pixels = Emu3ImageProcessor(
        min_pixels=16 * 16, max_pixels=24 * 24, spatial_factor=8, image_mean=[0.5] * 3, image_std=[0.5] * 3
    )
    Emu3Processor(pixels, words, chat_template=TEMPLATE).save_pretrained(folder)


def clip(folder: Path) -> None:
    """Two encoders of two layers and a tokenizer of letters."""
    import torch
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor, CLIPTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    torch.manual_seed(0)
    letters = [*_LETTERS, *(f"{letter}</w>" for letter in _LETTERS), "<|startoftext|>", "<|endoftext|>"]
    words = CLIPTokenizer(vocab={letter: place for place, letter in enumerate(letters)}, merges=[])
    tower = {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "projection_dim": WIDTH,
        "initializer_factor": 5.0,
    }
    text = tower | {
        "vocab_size": len(letters),
        "max_position_embeddings": 77,
        "bos_token_id": words.bos_token_id,
        "eos_token_id": words.eos_token_id,
    }
    vision = tower | {"image_size": 8, "patch_size": 4}
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=WIDTH, logit_scale_init_value=1.5)
    CLIPModel(config).save_pretrained(folder)
    square = {"height": 8, "width": 8}
    CLIPProcessor(CLIPImageProcessorPil(size={"shortest_edge": 8}, crop_size=square), words).save_pretrained(folder)
