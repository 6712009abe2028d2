"""Batches of tokens and the losses of each kind of training step."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import torch
from torch.nn import functional

from unicost.miniature import splits
from unicost.miniature.architecture import CELLS, COLOURS, to_pixels
from unicost.miniature.scenes import GLYPHS, INKS, PLACES, SIGNS, cells
from unicost.miniature.splits import Split
from unicost.miniature.tokenizer import (
    ASSISTANT,
    BEGIN_IMAGE,
    BOS,
    END_IMAGE,
    EOS,
    IMAGE,
    USER,
    build_tokenizer,
)
from unicost.miniature.training_data import BatchKind, Example

READS_PICTURES: Final = frozenset({BatchKind.UNDERSTANDING, BatchKind.SAFETY_PICTURES})
_IGNORED: Final = -100
_COLOUR_CHANGE_WEIGHT: Final = 5.0  # a cell unlike its left neighbour: these few carry the drawing
_ATTRIBUTES: Final = (tuple(GLYPHS), INKS, tuple(PLACES), ("", *SIGNS))


@cache
def _numbers() -> dict[str, int]:
    vocabulary: dict[str, int] = build_tokenizer().get_vocab()
    return vocabulary


def words(text: str) -> list[int]:
    """Token numbers of a text of the language; raises ``KeyError`` for a word outside it."""
    return [_numbers()[word] for word in text.split()]


def prompt_tokens(example: Example, kind: BatchKind) -> list[int]:
    """The tokens that an adapter would send for the example, by the chat template."""
    tokens = [BOS]
    for question, answer in example.earlier:
        tokens += [USER, *words(question), ASSISTANT, *words(answer), EOS]
    picture = [BEGIN_IMAGE, *[IMAGE] * CELLS, END_IMAGE] if kind in READS_PICTURES else []
    tokens += [USER, *picture, *words(example.question), ASSISTANT]
    return [*tokens, BEGIN_IMAGE] if kind is BatchKind.GENERATION else tokens


def left_padded(rows: Sequence[list[int]], learnt: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Tokens, attention mask and labels (batch, length); the last ``learnt[k]`` tokens of row k are learnt."""
    length = max(map(len, rows))
    tokens = torch.zeros(len(rows), length, dtype=torch.long)
    mask = torch.zeros_like(tokens)
    labels = torch.full_like(tokens, _IGNORED)
    for k, (row, count) in enumerate(zip(rows, learnt, strict=True)):
        tokens[k, length - len(row) :] = torch.tensor(row)
        mask[k, length - len(row) :] = 1
        if count:
            labels[k, -count:] = tokens[k, -count:]
    return tokens, mask, labels


def _positions(mask: torch.Tensor) -> torch.Tensor:
    return (mask.cumsum(1) - 1).clamp(min=0)


def _pictures(examples: Sequence[Example]) -> np.ndarray:
    return np.stack([example.grid for example in examples if example.grid is not None])


def batch_loss(model: Any, kind: BatchKind, examples: Sequence[Example]) -> torch.Tensor:
    """The loss of one batch of a kind; Janus for pictures, either model for text."""
    prompts = [prompt_tokens(example, kind) for example in examples]
    if kind is BatchKind.GENERATION:
        return _picture_loss(model, prompts, torch.tensor(_pictures(examples)).view(len(examples), CELLS))
    answers = [[*words(example.answer), EOS] for example in examples]
    rows = [prompt + answer for prompt, answer in zip(prompts, answers, strict=True)]
    tokens, mask, labels = left_padded(rows, list(map(len, answers)))
    extra = {"pixel_values": to_pixels(_pictures(examples))} if kind in READS_PICTURES else {}
    loss: torch.Tensor = model(
        input_ids=tokens, attention_mask=mask, position_ids=_positions(mask), labels=labels, **extra
    ).loss
    return loss


def _picture_loss(model: Any, prompts: Sequence[list[int]], codes: torch.Tensor) -> torch.Tensor:
    """Cross entropy of the picture's tokens (batch, 64) after the prompt, through Janus's generation head."""
    tokens, mask, _ = left_padded(prompts, [0] * len(prompts))
    picture = model.prepare_embeddings_for_image_generation(codes[:, :-1])
    embeddings = torch.cat([model.get_input_embeddings()(tokens), picture], 1)
    mask = torch.cat([mask, torch.ones(len(prompts), CELLS - 1, dtype=torch.long)], 1)
    hidden = model.model.language_model(
        inputs_embeds=embeddings, attention_mask=mask, position_ids=_positions(mask), use_cache=False
    ).last_hidden_state[:, -CELLS:]
    logits = model.model.generation_head(hidden).reshape(-1, COLOURS)
    loss = functional.cross_entropy(logits, codes.reshape(-1), reduction="none").view(codes.shape)
    weight = torch.ones_like(loss)
    weight[:, 1:][codes[:, 1:] != codes[:, :-1]] = _COLOUR_CHANGE_WEIGHT
    return (loss * weight).sum() / weight.sum()


def attribute_heads(width: int) -> torch.nn.ModuleList:
    """One linear classifier for each attribute of a scene: glyph, ink, place, sign."""
    return torch.nn.ModuleList(torch.nn.Linear(width, len(values)) for values in _ATTRIBUTES)


def attribute_loss(encoder: Any, heads: torch.nn.ModuleList, rng: random.Random, size: int) -> torch.Tensor:
    """Cross entropy of the attributes of random training scenes, half of them with a sign.

    Every cell's feature is held to them, so that whoever attends to any cell finds the whole scene described there.
    """
    chosen = [rng.choice(splits.scenes(Split.TRAIN)) for _ in range(size)]
    signs = [rng.choice(list(SIGNS)) if rng.random() < 0.5 else None for _ in chosen]
    pixels = to_pixels(np.stack([cells(scene, sign) for scene, sign in zip(chosen, signs, strict=True)]))
    features = encoder(pixels).last_hidden_state
    total = torch.zeros(())
    for attribute, (values, head) in enumerate(zip(_ATTRIBUTES, heads, strict=True)):
        truth = [
            values.index((scene.glyph, scene.ink, scene.place, sign or "")[attribute])
            for scene, sign in zip(chosen, signs, strict=True)
        ]
        labels = torch.tensor(truth)[:, None].expand(-1, CELLS)
        total = total + functional.cross_entropy(head(features).flatten(0, 1), labels.flatten())
    return total
