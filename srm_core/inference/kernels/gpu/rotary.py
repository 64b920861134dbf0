"""Rotary embedding of queries and keys, and keys and values written to their pages, in one pass.

After Su et al. 2021 (RoFormer, section 3.2.2), halves turned against each other as transformers has them.
"""

# N tokens, H heads, K key/value heads, D head width, C context

from __future__ import annotations

import torch

from ...architecture import Architecture
from ...pages import BLOCK
from .device_batch import DeviceBatch
from .language import jit, power_of_two, tl
from .paging import page_begins, page_settings, page_sides


def plain_placed(
    q_NHD: torch.Tensor,
    k_NKD: torch.Tensor,
    v_NKD: torch.Tensor,
    angles: tuple[torch.Tensor, torch.Tensor],
    batch: DeviceBatch,
    layer: int,
    shape: Architecture,
) -> torch.Tensor:
    """Write keys and values to the pages, and return the queries, all clipped and turned as the layer asks.

    ``angles`` are cosine and sine (C, D / 2), float32, of the table the layer turns by.
    """
    if shape.clip:
        q_NHD, k_NKD, v_NKD = (x.clamp(-shape.clip, shape.clip) for x in (q_NHD, k_NKD, v_NKD))
    if shape.rotates[layer]:
        cosine, sine = (table[batch.positions.clamp(min=0).long()][:, None] for table in angles)
        q_NHD, k_NKD = _turned(q_NHD, cosine, sine), _turned(k_NKD, cosine, sine)
    places = zip(batch.sequence.tolist(), batch.positions.tolist(), strict=True)
    for token, (row, position) in enumerate(places):
        if position >= 0:
            keys, values = page_sides(batch.slabs, layer, int(batch.tables[row, position // BLOCK]), shape)
            keys[:, : shape.head_width, position % BLOCK] = k_NKD[token]
            values[:, position % BLOCK, : shape.head_width] = v_NKD[token]
    return q_NHD


def _turned(x_NHD: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor) -> torch.Tensor:
    a, b = x_NHD.float().chunk(2, dim=-1)
    return torch.cat([a * cosine - b * sine, b * cosine + a * sine], dim=-1).to(x_NHD.dtype)


def placed(
    q_NHD: torch.Tensor,
    k_NKD: torch.Tensor,
    v_NKD: torch.Tensor,
    angles: tuple[torch.Tensor, torch.Tensor],
    batch: DeviceBatch,
    layer: int,
    shape: Architecture,
) -> torch.Tensor:
    """Do the same, by one program for each head of queries and each of keys and values."""
    assert q_NHD.is_contiguous()
    assert k_NKD.is_contiguous()
    assert v_NKD.is_contiguous()
    turned = torch.empty_like(q_NHD)
    _placed[(len(q_NHD), shape.heads + shape.kv_heads)](
        q_NHD,
        k_NKD,
        v_NKD,
        turned,
        *angles,
        batch.positions,
        batch.sequence,
        batch.tables,
        batch.tables.stride(0),
        batch.addresses,
        layer,
        shape.clip,
        HEADS=shape.heads,
        KV_HEADS=shape.kv_heads,
        HALF=shape.head_width // 2,
        HALF_BLOCK=power_of_two(shape.head_width // 2),
        CLIPS=shape.clip > 0,
        TURNS=shape.rotates[layer],
        **page_settings(shape),
    )
    return turned


@jit
def _halves(
    x: tl.tensor,
    cosine: tl.tensor,
    sine: tl.tensor,
    position: tl.tensor,
    clip: tl.tensor,
    HALF: tl.constexpr,
    HALF_BLOCK: tl.constexpr,
    CLIPS: tl.constexpr,
    TURNS: tl.constexpr,
) -> tl.tensor:
    """Return both halves of a head, clipped and turned."""
    at = tl.arange(0, HALF_BLOCK)
    inside = at < HALF
    a = tl.load(x + at, mask=inside, other=0.0).to(tl.float32)
    b = tl.load(x + HALF + at, mask=inside, other=0.0).to(tl.float32)
    if CLIPS:
        a = tl.minimum(tl.maximum(a, -clip), clip)
        b = tl.minimum(tl.maximum(b, -clip), clip)
    if TURNS:
        c = tl.load(cosine + position.to(tl.int64) * HALF + at, mask=inside, other=0.0)
        s = tl.load(sine + position.to(tl.int64) * HALF + at, mask=inside, other=0.0)
        first = a * c - b * s
        b = b * c + a * s
        a = first
    return a, b


@jit
def _placed(
    q: tl.tensor,
    k: tl.tensor,
    v: tl.tensor,
    turned: tl.tensor,
    cosine: tl.tensor,
    sine: tl.tensor,
    positions: tl.tensor,
    sequence: tl.tensor,
    tables: tl.tensor,
    table_stride: tl.tensor,
    addresses: tl.tensor,
    layer: tl.tensor,
    clip: tl.tensor,
    HEADS: tl.constexpr,
    KV_HEADS: tl.constexpr,
    HALF: tl.constexpr,
    HALF_BLOCK: tl.constexpr,
    CLIPS: tl.constexpr,
    TURNS: tl.constexpr,
    PAGE: tl.constexpr,
    PER_SLAB: tl.constexpr,
    PADDED: tl.constexpr,
    SIDE: tl.constexpr,
) -> None:
    token = tl.program_id(0).to(tl.int64)
    head = tl.program_id(1)
    position = tl.load(positions + token)
    at = tl.arange(0, HALF_BLOCK)
    inside = at < HALF
    kind = turned.dtype.element_ty
    if position >= 0:
        if head < HEADS:
            begin = (token * HEADS + head) * (2 * HALF)
            a, b = _halves(q + begin, cosine, sine, position, clip, HALF, HALF_BLOCK, CLIPS, TURNS)
            tl.store(turned + begin + at, a.to(kind), mask=inside)
            tl.store(turned + begin + HALF + at, b.to(kind), mask=inside)
        else:
            key_head = head - HEADS
            begin = (token * KV_HEADS + key_head) * (2 * HALF)
            page = tl.load(tables + tl.load(sequence + token).to(tl.int64) * table_stride + position // PAGE)
            slot = position % PAGE
            keys = page_begins(turned, addresses, page, layer, PER_SLAB, SIDE) + key_head * PADDED * PAGE
            a, b = _halves(k + begin, cosine, sine, position, clip, HALF, HALF_BLOCK, CLIPS, TURNS)
            tl.store(keys + at * PAGE + slot, a.to(kind), mask=inside)
            tl.store(keys + (HALF + at) * PAGE + slot, b.to(kind), mask=inside)
            a, b = _halves(v + begin, cosine, sine, position, clip, HALF, HALF_BLOCK, CLIPS, False)
            values = keys + SIDE + slot * PADDED
            tl.store(values + at, a.to(kind), mask=inside)
            tl.store(values + HALF + at, b.to(kind), mask=inside)
