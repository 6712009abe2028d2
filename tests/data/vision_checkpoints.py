"""Tiny checkpoints of real vision-language architectures with random weights, and their real processors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from unicost.checkpoints.multimodal import for_images

from tests.data.language import TEMPLATE, WIDTH, settings, tokenizer

_SIDE, _PATCH = 8, 4
_PATCHES = (_SIDE // _PATCH) ** 2
_VIDEO = ("<video>",)
_QWEN = (*_VIDEO, "<|vision_start|>", "<|vision_end|>")
_OVIS = ("<IMG_ATOM>", "<IMG_START>", "<IMG_GRID>", "<IMG_COL>", "<IMG_ROW>", "<IMG_END>")
_CODES = tuple(f"IMGIMG{letter}Z" for letter in "ABCDEFGH")
_CHAMELEON = (*_CODES, "<sep>")
_QWEN_TEMPLATE = TEMPLATE.replace("<image>", "<|vision_start|><image><|vision_end|>")
_PLAIN: dict[str, Any] = {"model_input_names": ["input_ids", "attention_mask"]}


def qwen2_5_vl(folder: Path) -> None:
    """Qwen2.5-VL: images of any size, a token for 4 by 4 pixels."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLProcessor

    vision = {
        "depth": 2,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_heads": 2,
        "patch_size": 2,
        "window_size": 8,
        "out_hidden_size": WIDTH,
        "fullatt_block_indexes": [1],
        "initializer_range": 0.4,
    }
    text = settings(len(_QWEN)) | {"rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3]}}
    words = _qwen_words()
    config = Qwen2_5_VLConfig(text_config=text, vision_config=vision, **_qwen_tokens(words))
    _save(Qwen2_5_VLForConditionalGeneration, config, folder)
    _save_processor(Qwen2_5_VLProcessor, folder, _QWEN_TEMPLATE, image_processor=_qwen_pixels(), tokenizer=words)


def qwen3_vl(folder: Path) -> None:
    """Qwen3-VL: the same, with image features added to two layers."""
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration, Qwen3VLProcessor

    vision = {
        "depth": 2,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_heads": 2,
        "patch_size": 2,
        "out_hidden_size": WIDTH,
        "num_position_embeddings": 64,
        "deepstack_visual_indexes": [0, 1],
        "initializer_range": 0.4,
    }
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "mrope_interleaved": True}
    text = settings(len(_QWEN)) | {"head_dim": WIDTH // 2, "rope_parameters": rope}
    words = _qwen_words()
    config = Qwen3VLConfig(text_config=text, vision_config=vision, **_qwen_tokens(words))
    _save(Qwen3VLForConditionalGeneration, config, folder)
    _save_processor(Qwen3VLProcessor, folder, _QWEN_TEMPLATE, image_processor=_qwen_pixels(), tokenizer=words)


def deepseek_vl(folder: Path) -> None:
    """DeepSeek-VL of 1.3B: images padded to a square, four tokens each."""
    from transformers import DeepseekVLConfig, DeepseekVLForConditionalGeneration, DeepseekVLProcessor
    from transformers.models.deepseek_vl.image_processing_pil_deepseek_vl import DeepseekVLImageProcessorPil

    words = tokenizer(opens=True, **_PLAIN)
    config = DeepseekVLConfig(
        text_config=settings() | {"model_type": "llama"},
        vision_config=_siglip(),
        image_token_id=words.convert_tokens_to_ids("<image>"),
        tie_word_embeddings=False,
    )
    _save(DeepseekVLForConditionalGeneration, config, folder)
    pixels = DeepseekVLImageProcessorPil(size=_square(), min_size=1)
    DeepseekVLProcessor(pixels, words, chat_template=TEMPLATE, num_image_tokens=_PATCHES).save_pretrained(folder)


def deepseek_vl_hybrid(folder: Path) -> None:
    """DeepSeek-VL of 7B: each image at two resolutions, for SigLIP and for SAM."""
    from transformers import (
        DeepseekVLHybridConfig,
        DeepseekVLHybridForConditionalGeneration,
        DeepseekVLHybridProcessor,
    )
    from transformers.models.deepseek_vl_hybrid.image_processing_pil_deepseek_vl_hybrid import (
        DeepseekVLHybridImageProcessorPil,
    )

    words = tokenizer(opens=True, **_PLAIN)
    sam = {
        "model_type": "sam_vision_model",
        "hidden_size": WIDTH,
        "output_channels": WIDTH // 2,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 2 * _SIDE,
        "patch_size": _PATCH,
        "window_size": 2,
        "global_attn_indexes": [0, 1],
        "mlp_dim": WIDTH,
        "initializer_range": 0.2,
    }
    config = DeepseekVLHybridConfig(
        text_config=settings() | {"model_type": "llama"},
        vision_config=_siglip(),
        high_res_vision_config=sam,
        image_token_id=words.convert_tokens_to_ids("<image>"),
        tie_word_embeddings=False,
    )
    _save(DeepseekVLHybridForConditionalGeneration, config, folder)
    large = {"height": 2 * _SIDE, "width": 2 * _SIDE}
    pixels = DeepseekVLHybridImageProcessorPil(size=_square(), high_res_size=large, min_size=1)
    DeepseekVLHybridProcessor(pixels, words, chat_template=TEMPLATE, num_image_tokens=_PATCHES).save_pretrained(folder)


def llava_onevision(folder: Path) -> None:
    """LLaVA-OneVision: an only image is cut into crops, several are not."""
    from transformers import LlavaOnevisionConfig, LlavaOnevisionForConditionalGeneration, LlavaOnevisionProcessor
    from transformers.models.llava_onevision.image_processing_pil_llava_onevision import (
        LlavaOnevisionImageProcessorPil,
    )

    words = tokenizer(_VIDEO, named={"video_token": "<video>"}, **_PLAIN)
    crops = [[_SIDE * rows, _SIDE * columns] for rows in (1, 2) for columns in (1, 2)]
    config = LlavaOnevisionConfig(
        text_config=settings(len(_VIDEO)) | {"model_type": "qwen2"},
        vision_config=_siglip() | {"vision_use_head": False},
        image_token_index=words.convert_tokens_to_ids("<image>"),
        video_token_index=words.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=crops,
    )
    _save(LlavaOnevisionForConditionalGeneration, config, folder)
    _save_processor(
        LlavaOnevisionProcessor,
        folder,
        TEMPLATE,
        image_processor=LlavaOnevisionImageProcessorPil(size=_square(), image_grid_pinpoints=crops),
        tokenizer=words,
        num_image_tokens=_PATCHES,
        vision_feature_select_strategy="full",
    )


def ovis2(folder: Path) -> None:
    """Ovis2: visual words of 16, with indicator tokens around the crops of an image."""
    from transformers import Ovis2Config, Ovis2ForConditionalGeneration, Ovis2Processor
    from transformers.models.ovis2.image_processing_pil_ovis2 import Ovis2ImageProcessorPil

    words = tokenizer(_OVIS, **_PLAIN)
    atom, *indicators = words.convert_tokens_to_ids(list(_OVIS))
    vision = {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": _SIDE,
        "patch_size": _PATCH,
        "vocab_size": 16 + len(indicators),
        "initializer_range": 0.4,
    }
    text = settings(len(_OVIS)) | {"model_type": "qwen2"}
    config = Ovis2Config(
        text_config=text,
        vision_config=vision,
        image_token_id=atom,
        visual_indicator_token_ids=indicators,
        vocab_size=text["vocab_size"],
        hidden_size=WIDTH,
        tie_word_embeddings=False,
    )
    _save(Ovis2ForConditionalGeneration, config, folder)
    pixels = Ovis2ImageProcessorPil(size=_square(), crop_to_patches=True, max_patches=4)
    Ovis2Processor(pixels, words, chat_template=TEMPLATE, image_seq_length=_PATCHES).save_pretrained(folder)


def chameleon(folder: Path) -> None:
    """Chameleon: images as 16 of 8 codes; like the checkpoint on the hub it has no chat template."""
    from transformers import ChameleonConfig, ChameleonForConditionalGeneration, ChameleonProcessor
    from transformers.models.chameleon.image_processing_pil_chameleon import ChameleonImageProcessorPil

    words = tokenizer(_CHAMELEON, sep_token="<sep>", **_PLAIN)
    words.chat_template = None
    codes = {
        "embed_dim": 8,
        "num_embeddings": len(_CODES),
        "latent_channels": 32,
        "resolution": _SIDE,
        "base_channels": 32,
        "channel_multiplier": [1, 1],
        "num_res_blocks": 1,
    }
    config = ChameleonConfig(**settings(len(_CHAMELEON)), vq_config=codes, vocabulary_map=words.get_vocab())
    _save(ChameleonForConditionalGeneration, config, folder)
    pixels = ChameleonImageProcessorPil(size={"shortest_edge": _SIDE}, crop_size=_square())
    ChameleonProcessor(pixels, words, image_seq_length=(_SIDE // 2) ** 2).save_pretrained(folder)


CHECKPOINTS: dict[str, Callable[[Path], None]] = {
    build.__name__: build
    for build in (qwen2_5_vl, qwen3_vl, deepseek_vl, deepseek_vl_hybrid, llava_onevision, ovis2, chameleon)
}
"""Tiny checkpoints of the ``vision_language`` adapter by architecture."""


def _save(architecture: Any, config: Any, folder: Path) -> None:
    import torch

    torch.manual_seed(0)
    architecture(config).save_pretrained(folder)


def _save_processor(processor: Any, folder: Path, template: str, **parts: Any) -> None:
    """Save a processor that has a video processor too, of the real kind by name: that one needs torchvision."""
    from transformers.video_processing_utils import VideoProcessorMixin

    whole = for_images(processor)(video_processor=VideoProcessorMixin(), chat_template=template, **parts)
    whole.save_pretrained(folder)
    path = folder / "processor_config.json"
    stored = json.loads(path.read_text())
    stored["video_processor"]["video_processor_type"] = processor.__name__.removesuffix("Processor") + "VideoProcessor"
    path.write_text(json.dumps(stored))


def _square() -> dict[str, int]:
    return {"height": _SIDE, "width": _SIDE}


def _siglip() -> dict[str, Any]:
    return {
        "model_type": "siglip_vision_model",
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": _SIDE,
        "patch_size": _PATCH,
    }


def _qwen_words() -> Any:
    named = {"video_token": "<video>", "vision_start_token": "<|vision_start|>", "vision_end_token": "<|vision_end|>"}
    return tokenizer(_QWEN, named=named, chat_template=_QWEN_TEMPLATE, **_PLAIN)


def _qwen_tokens(words: Any) -> dict[str, int]:
    return {
        "image_token_id": words.convert_tokens_to_ids("<image>"),
        "video_token_id": words.convert_tokens_to_ids("<video>"),
        "vision_start_token_id": words.convert_tokens_to_ids("<|vision_start|>"),
        "vision_end_token_id": words.convert_tokens_to_ids("<|vision_end|>"),
    }


def _qwen_pixels() -> Any:
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    return Qwen2VLImageProcessorPil(patch_size=2, min_pixels=4 * 4, max_pixels=16 * 16)
