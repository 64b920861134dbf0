"""Weights of 4 bits with a scale for each group of inputs, and a matrix-vector product that reads them as they are.

Round to nearest with one scale a group, as in Dettmers and Zettlemoyer 2023 ("The case for 4-bit precision",
section 2, with integers): w is about (q - 8) s, q in 0..15, s the group's largest magnitude divided by 7.
"""

# N rows, O outputs, I inputs

from __future__ import annotations

from dataclasses import dataclass

import torch

from .language import jit, tl

GROUP = 32  # inputs that share a scale: 4.5 bits a weight
MOST_ROWS = 8  # more rows are worth unpacking the matrix once
TILE_OUT, TILE_BYTES = 16, 64


@dataclass(frozen=True)
class FourBit:
    """A matrix (O, I) in 4 bits. Byte ``b`` of a row holds input 2 b in its lower half and 2 b + 1 in its upper one."""

    packed: torch.Tensor  # (O, I / 2) uint8, I padded to whole groups
    scales: torch.Tensor  # (O, I / GROUP) float16
    inputs: int  # without the padding


def packed(weight_OI: torch.Tensor) -> FourBit:
    """Return the matrix rounded to 4 bits; a number is off by at most half its group's scale, rounded scale apart."""
    outputs, inputs = weight_OI.shape
    groups = torch.nn.functional.pad(weight_OI.float(), (0, -inputs % GROUP)).view(outputs, -1, GROUP)
    scales = (groups.abs().amax(dim=-1) / 7).half()
    steps = torch.where(scales > 0, scales, 1.0).float()[..., None]
    numbers = ((groups / steps).round().clamp(-8, 7) + 8).to(torch.uint8).view(outputs, -1)
    return FourBit((numbers[:, 0::2] | (numbers[:, 1::2] << 4)).contiguous(), scales.contiguous(), inputs)


def unpacked(weight: FourBit) -> torch.Tensor:
    """Return the rounded matrix (O, I) in float32."""
    numbers = torch.stack([weight.packed & 15, weight.packed >> 4], dim=-1).view(len(weight.packed), -1, GROUP)
    whole = (numbers.float() - 8) * weight.scales.float()[..., None]
    return whole.view(len(weight.packed), -1)[:, : weight.inputs]


def plain_product(x_NI: torch.Tensor, weight: FourBit) -> torch.Tensor:
    """Return x times the rounded matrix, (N, O)."""
    return torch.nn.functional.linear(x_NI, unpacked(weight).to(x_NI.dtype))


def product(x_NI: torch.Tensor, weight: FourBit) -> torch.Tensor:
    """Return the same; with few rows the matrix is never unpacked."""
    rows = len(x_NI)
    if rows > MOST_ROWS:
        return plain_product(x_NI, weight)
    assert x_NI.is_contiguous()
    outputs, bytes_ = weight.packed.shape
    out = torch.empty(rows, outputs, dtype=x_NI.dtype, device=x_NI.device)
    _product[(-(-outputs // TILE_OUT), rows)](
        x_NI,
        weight.packed,
        weight.scales,
        out,
        outputs,
        weight.inputs,
        bytes_,
        HALF_GROUP=GROUP // 2,
        TILE_OUT=TILE_OUT,
        TILE_BYTES=TILE_BYTES,
    )
    return out


@jit
def _product(
    x: tl.tensor,
    numbers: tl.tensor,
    scales: tl.tensor,
    out: tl.tensor,
    outputs: tl.tensor,
    inputs: tl.tensor,
    row_bytes: tl.tensor,
    HALF_GROUP: tl.constexpr,
    TILE_OUT: tl.constexpr,
    TILE_BYTES: tl.constexpr,
) -> None:
    row = tl.program_id(1).to(tl.int64)
    o = (tl.program_id(0) * TILE_OUT + tl.arange(0, TILE_OUT)).to(tl.int64)
    made_OB = tl.zeros([TILE_OUT, TILE_BYTES], tl.float32)
    for start in range(0, row_bytes, TILE_BYTES):
        b = start + tl.arange(0, TILE_BYTES)
        there = (o < outputs)[:, None] & (b < row_bytes)[None, :]
        two = tl.load(numbers + o[:, None] * row_bytes + b[None, :], mask=there, other=0).to(tl.int32)
        groups = o[:, None] * (row_bytes // HALF_GROUP) + (b // HALF_GROUP)[None, :]
        scale = tl.load(scales + groups, mask=there, other=0.0).to(tl.float32)
        even = tl.load(x + row * inputs + 2 * b, mask=2 * b < inputs, other=0.0).to(tl.float32)
        odd = tl.load(x + row * inputs + 2 * b + 1, mask=2 * b + 1 < inputs, other=0.0).to(tl.float32)
        low = (two & 15).to(tl.float32) - 8.0
        high = (two >> 4).to(tl.float32) - 8.0
        made_OB += (low * even[None, :] + high * odd[None, :]) * scale
    tl.store(out + row * outputs + o, tl.sum(made_OB, axis=1).to(out.dtype.element_ty), mask=o < outputs)
