"""Images as rows of tokens: which token may stand where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class TokenGrid:
    """Logits processor under which every item writes one image of ``height`` rows and ``width`` columns.

    Row by row, ``visual`` tokens alone may be chosen; ``line_end`` closes each row and ``closing`` the image. The
    library's ``prefix_allowed_tokens_fn`` does the same from Python lists, at every step and for every item anew.
    """

    def __init__(
        self, height: int, width: int, *, visual: Sequence[int], line_end: int, closing: Sequence[int], device: str
    ) -> None:
        import torch

        pixels, *marks = (
            torch.tensor(tokens, device=device) for tokens in (visual, [line_end], *([token] for token in closing))
        )
        self._allowed = ([pixels] * width + [marks[0]]) * height + marks[1:]
        self._step = 0

    def __len__(self) -> int:
        """Tokens of an image, those that close rows and the image included."""
        return len(self._allowed)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores (items, vocabulary) become minus infinity for every token that may not come next."""
        import torch

        allowed = self._allowed[self._step]
        self._step += 1
        constrained = torch.full_like(scores, -torch.inf)
        constrained[:, allowed] = scores[:, allowed]
        return constrained
