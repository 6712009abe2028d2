"""Decoding with transformers where nothing is left to a checkpoint's defaults and item k depends on seed k alone.

A checkpoint's own generation settings (its temperature, its repetition penalty) are set aside: only its token ids are
kept. Sampling draws one uniform number an item and step from a generator of that item, and takes the token at which
the cumulative distribution passes it (inverse transform sampling); ``generate`` then runs greedily over the choice.
So a batch needs no global random state, and an item's draws are the same in any batch, on any device.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from unicost.config import Decoding
from unicost.interfaces import Answer
from unicost.models.conversation import Unanswerable
from unicost.models.first_tokens import FirstTokens

if TYPE_CHECKING:
    import torch


class SeededSampling:
    """Logits processor that leaves one token an item: the one that the item's own random number selects."""

    def __init__(self, seeds: Sequence[int], steps: int) -> None:
        import torch

        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        draws = [torch.rand(steps, generator=generator, dtype=torch.float64) for generator in generators]
        self._uniform = torch.stack(draws)
        self._step = 0

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores (items, vocabulary) become 0 for the chosen token and minus infinity for every other."""
        import torch

        cumulative = scores.double().softmax(-1).cumsum(-1)
        uniform = self._uniform[:, self._step, None].to(scores.device)
        self._step += 1
        chosen = torch.searchsorted(cumulative, uniform * cumulative[:, -1:], right=True)
        chosen = chosen.clamp(max=scores.shape[-1] - 1)
        return torch.full_like(scores, -torch.inf).scatter(-1, chosen, 0.0)


def sampling(decoding: Decoding, seeds: Sequence[int], steps: int) -> list[Any]:
    """The logits processors of the decoding, in the order of transformers' own; none when it is greedy."""
    from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    if not decoding.do_sample:
        return []
    processors: list[Any] = [TemperatureLogitsWarper(decoding.temperature)]
    if decoding.top_k:
        processors.append(TopKLogitsWarper(decoding.top_k))
    if decoding.top_p < 1:
        processors.append(TopPLogitsWarper(decoding.top_p))
    return [*processors, SeededSampling(seeds, steps)]


class RepetitionPenalty:
    """The library's repetition penalty, blind to left padding: an item is not punished for the company it is in."""

    def __init__(self, penalty: float, attention_mask: torch.Tensor) -> None:
        from transformers import RepetitionPenaltyLogitsProcessor

        self._penalise: Any = RepetitionPenaltyLogitsProcessor(penalty)
        self._padding = attention_mask == 0

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores (items, vocabulary) given ids (items, tokens); padding counts as the prompt's last token."""
        width = self._padding.shape[1]
        seen = input_ids.clone()
        seen[:, :width] = seen[:, :width].where(~self._padding, seen[:, width - 1 : width])
        penalised: torch.Tensor = self._penalise(seen, scores)
        return penalised


def penalties(decoding: Decoding, attention_mask: torch.Tensor) -> list[Any]:
    """The logits processors that come before sampling; ``attention_mask`` (items, tokens) is the prompts'.

    They are made here because what ``generate`` makes runs before what it is given, and the first tokens' probabilities
    are taken ahead of everything.
    """
    penalty = decoding.repetition_penalty
    return [] if penalty == 1 else [RepetitionPenalty(penalty, attention_mask)]


def generation_config(model: Any, tokenizer: Any, **settings: Any) -> Any:
    """A fresh greedy ``GenerationConfig``: the checkpoint's token ids, ``settings``, and library defaults."""
    from transformers import GenerationConfig

    stored = model.generation_config
    end = stored.eos_token_id if stored.eos_token_id is not None else tokenizer.eos_token_id
    return GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=False,
        num_beams=1,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=end,
        pad_token_id=tokenizer.pad_token_id,
        **settings,
    )


def generate_text(
    model: Any, tokenizer: Any, *, prompts: Sequence[str], inputs: Any, decoding: Decoding, seeds: Sequence[int]
) -> list[Answer]:
    """Continue left-padded ``inputs`` (ids, attention mask, perhaps pixels); one text answer an item.

    Calls the library's general ``generate``: that of Janus drops the logits processors of its caller.
    """
    from transformers import GenerationMixin, LogitsProcessorList

    context = model.config.get_text_config().max_position_embeddings
    longest = inputs["input_ids"].shape[1]
    if longest >= context:
        raise Unanswerable(f"the prompt has {longest} tokens and the model's context holds {context}")
    config = generation_config(model, tokenizer, max_new_tokens=decoding.max_new_tokens, repetition_penalty=1.0)
    first = FirstTokens()
    chosen = [*penalties(decoding, inputs["attention_mask"]), *sampling(decoding, seeds, decoding.max_new_tokens)]
    processors = LogitsProcessorList([first, *chosen])
    output = GenerationMixin.generate(model, **inputs, generation_config=config, logits_processor=processors)
    ends = config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
    sizes = inputs["attention_mask"].sum(-1).tolist()
    rows = output[:, longest:].tolist()
    return [
        _text_answer(tokenizer, row, ends, prompt=prompt, prompt_tokens=size, first_tokens=table)
        for prompt, size, row, table in zip(prompts, sizes, rows, first.tables(tokenizer), strict=True)
    ]


def _text_answer(
    tokenizer: Any, row: list[int], ends: list[int | None], *, prompt: str, prompt_tokens: int, first_tokens: str
) -> Answer:
    """Cut a row of new tokens at its first end token, which counts as a completion token."""
    stop = next((place for place, token in enumerate(row) if token in ends), None)
    kept = row if stop is None else row[:stop]
    return Answer(
        text=tokenizer.decode(kept, skip_special_tokens=True).strip(),
        finish_reason="length" if stop is None else "stop",
        prompt_tokens=prompt_tokens,
        completion_tokens=len(row) if stop is None else stop + 1,
        prompt=prompt,
        first_tokens=first_tokens,
    )
