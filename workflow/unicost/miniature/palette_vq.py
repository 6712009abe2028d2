"""Janus's image tokenizer with weights set by hand, so that a token is a palette colour and decode(encode(x)) = x.

The GroupNorm(32) and swish at the end of encoder and decoder cannot be switched off, so they are made linear: with 96
channels a group is (s, +A, -A); A much larger than |s| fixes the group's variance, and 2 swish(s) - swish(a) -
swish(-a) is s up to a constant, because swish(x) - swish(-x) = x. Every other block is the identity (all weights 0).
The codebook is one-hot and the nearest palette colour has the largest inner product.
"""

from __future__ import annotations

from typing import Any, Final

import torch

from unicost.miniature.scenes import RGB

BASE_CHANNELS: Final = 96
_ANCHOR: Final = 100.0


def normalised_palette() -> torch.Tensor:
    """The palette in the processor's range: 16 x 3 in [-1, 1]."""
    return torch.tensor(RGB, dtype=torch.float32) / 127.5 - 1


@torch.no_grad()
def set_exact_palette(vq: Any) -> None:
    """Set the weights of a ``JanusVQVAE`` in place and freeze them."""
    palette = normalised_palette()
    for parameter in vq.parameters():
        parameter.zero_()
    for module in vq.modules():
        if isinstance(module, torch.nn.GroupNorm):
            module.weight.fill_(1.0)
    for part in (vq.encoder, vq.decoder):
        _make_linear(part)
    vq.quant_conv.weight[:, :, 0, 0] = 2 * palette
    vq.quant_conv.bias.copy_(-(palette**2).sum(1))
    vq.quantize.embedding.weight.copy_(torch.eye(len(palette)))
    vq.post_quant_conv.weight[:, :, 0, 0] = palette.T
    vq.eval().requires_grad_(False)


def _make_linear(part: Any) -> None:
    """Make conv_in, norm, swish and conv_out of an encoder or decoder the identity on three channels."""
    deviation = _ANCHOR * (2 / 3) ** 0.5  # of a group (s, A, -A) with |s| << A
    for group in range(BASE_CHANNELS // 3):
        part.conv_in.bias[3 * group + 1], part.conv_in.bias[3 * group + 2] = _ANCHOR, -_ANCHOR
    anchor = torch.tensor(_ANCHOR / deviation)
    constant = torch.nn.functional.silu(anchor) + torch.nn.functional.silu(-anchor)
    for channel in range(3):
        part.conv_in.weight[3 * channel, channel, 1, 1] = 1.0
        part.conv_out.weight[channel, 3 * channel, 1, 1] = 2 * deviation
        part.conv_out.weight[channel, 3 * channel + 1, 1, 1] = -deviation
        part.conv_out.weight[channel, 3 * channel + 2, 1, 1] = -deviation
        part.conv_out.bias[channel] = constant * deviation
