"""What a forward pass is made of: the kernels, and the same operations in plain torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from . import attention, experts, four_bit, gating, norms, rotary


@dataclass(frozen=True)
class Operations:
    """The fused operations of a pass, each as its file describes it."""

    normed: Callable[..., tuple[torch.Tensor, torch.Tensor]]
    placed: Callable[..., torch.Tensor]
    attended: Callable[..., torch.Tensor]
    gated: Callable[..., torch.Tensor]
    mixed: Callable[..., torch.Tensor]
    product: Callable[..., torch.Tensor]


KERNELS = Operations(
    norms.normed, rotary.placed, attention.attended, gating.gated, experts.mixed_by_tiles, four_bit.product
)
PLAIN = Operations(
    norms.plain_normed,
    rotary.plain_placed,
    attention.plain_attended,
    gating.plain_gated,
    experts.plain_mixed,
    four_bit.plain_product,
)
