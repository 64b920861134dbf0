"""The inner activation: act(gate) * up, with SiLU or GELU (its tanh form).

After Shazeer 2020 ("GLU variants improve transformer", equation 5); GELU: Hendrycks and Gimpel 2016 (section 2), whose
tanh form 0.5 x (1 + tanh(u)) is x sigmoid(2 u).
"""

# N rows, I inner width

from __future__ import annotations

import torch

from .language import jit, tl

BLOCK = 1024


def plain_gated(gate_NI: torch.Tensor, up_NI: torch.Tensor, gelu: bool) -> torch.Tensor:
    """Return act(gate) * up (N, I), computed in float32."""
    functional, wide = torch.nn.functional, gate_NI.float()
    active = functional.gelu(wide, approximate="tanh") if gelu else functional.silu(wide)
    return (active * up_NI.float()).to(gate_NI.dtype)


def gated(gate_NI: torch.Tensor, up_NI: torch.Tensor, gelu: bool) -> torch.Tensor:
    """Return the same; the rows of ``gate`` and ``up`` may stand in one wider matrix."""
    assert gate_NI.stride(1) == up_NI.stride(1) == 1
    rows, width = gate_NI.shape
    out = torch.empty(rows, width, dtype=gate_NI.dtype, device=gate_NI.device)
    _gated[(rows, -(-width // BLOCK))](
        gate_NI, up_NI, out, width, gate_NI.stride(0), up_NI.stride(0), GELU=gelu, BLOCK=BLOCK
    )
    return out


@jit
def _gated(
    gate: tl.tensor,
    up: tl.tensor,
    out: tl.tensor,
    width: tl.tensor,
    gate_stride: tl.tensor,
    up_stride: tl.tensor,
    GELU: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:
    row = tl.program_id(0).to(tl.int64)
    at = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = at < width
    x = tl.load(gate + row * gate_stride + at, mask=inside, other=0.0).to(tl.float32)
    other = tl.load(up + row * up_stride + at, mask=inside, other=0.0).to(tl.float32)
    turned = x
    if GELU:
        turned = 1.5957691216057308 * (x + 0.044715 * x * x * x)  # 2 sqrt(2 / pi)
    tl.store(out + row * width + at, (x * tl.sigmoid(turned) * other).to(out.dtype.element_ty), mask=inside)
