"""The most probable first tokens of a text answer: how near a model came to opening it otherwise."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_TOKENS = 20
_DIGITS = 6


class FirstTokens:
    """Logits processor that changes no score and keeps the probabilities of the first generated position.

    Put ahead of every other processor it sees the model's own scores, before any penalty, temperature or cut. The
    library's ``output_logits`` would keep those of every step.
    """

    def __init__(self) -> None:
        self._probabilities: Any = None
        self._tokens: Any = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores (items, vocabulary), as they came."""
        if self._tokens is None:
            kept = min(_TOKENS, scores.shape[-1])
            self._probabilities, self._tokens = scores.float().softmax(-1).topk(kept)
        return scores

    def tables(self, tokenizer: Any) -> list[str]:
        """One JSON object an item: decoded token -> probability, descending, to six digits, without those of 0.

        Tokens that decode to the same string (parts of characters do) are added up.
        """
        rows = list(zip(self._tokens.tolist(), self._probabilities.tolist(), strict=True))
        names: dict[int, str] = {}
        for tokens, _ in rows:
            names |= {token: tokenizer.decode([token]) for token in tokens if token not in names}
        return [_table([names[token] for token in tokens], probabilities) for tokens, probabilities in rows]


def _table(names: list[str], probabilities: list[float]) -> str:
    total: defaultdict[str, float] = defaultdict(float)
    for name, probability in zip(names, probabilities, strict=True):
        total[name] += probability
    rounded = {name: round(probability, _DIGITS) for name, probability in total.items()}
    ordered = sorted(rounded.items(), key=lambda entry: (-entry[1], entry[0]))
    return json.dumps({name: probability for name, probability in ordered if probability > 0})
