"""RMSNorm, with the addition before it: x + made, and its norm, in one pass over the row.

After Zhang and Sennrich 2019 ("Root mean square layer normalization", equation 4).
"""

# X width of a row

from __future__ import annotations

import torch

from .language import jit, power_of_two, tl


def plain_normed(
    x: torch.Tensor, weight_X: torch.Tensor, epsilon: float, offset: float, made: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return x + ``made`` and its norm times (weight + ``offset``), both (..., X); computed in float32."""
    total = x if made is None else x + made
    wide = total.float()
    scale = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + epsilon)
    return total, (wide * scale * (weight_X.float() + offset)).to(x.dtype)


def normed(
    x: torch.Tensor, weight_X: torch.Tensor, epsilon: float, offset: float, made: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the same, by one program a row."""
    assert x.is_contiguous()
    assert made is None or made.is_contiguous()
    width = x.shape[-1]
    out, total = torch.empty_like(x), x if made is None else torch.empty_like(x)
    _normed[(x.numel() // width,)](
        x,
        x if made is None else made,
        weight_X,
        total,
        out,
        epsilon,
        offset,
        width,
        ADDS=made is not None,
        BLOCK=power_of_two(width),
    )
    return total, out


@jit
def _normed(
    x: tl.tensor,
    made: tl.tensor,
    weight: tl.tensor,
    total: tl.tensor,
    out: tl.tensor,
    epsilon: tl.tensor,
    offset: tl.tensor,
    width: tl.tensor,
    ADDS: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:
    row = tl.program_id(0).to(tl.int64) * width
    at = tl.arange(0, BLOCK)
    inside = at < width
    wide = tl.load(x + row + at, mask=inside, other=0.0).to(tl.float32)
    if ADDS:
        rounded = (wide + tl.load(made + row + at, mask=inside, other=0.0).to(tl.float32)).to(x.dtype.element_ty)
        tl.store(total + row + at, rounded, mask=inside)
        wide = rounded.to(tl.float32)
    scale = tl.rsqrt(tl.sum(wide * wide, axis=0) / width + epsilon)
    factor = tl.load(weight + at, mask=inside, other=0.0).to(tl.float32) + offset
    tl.store(out + row + at, (wide * scale * factor).to(out.dtype.element_ty), mask=inside)
