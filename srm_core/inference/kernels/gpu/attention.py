"""Attention over pages: a piece of tokens of one sequence, and the heads of one group, look at their keys together.

After Dao et al. 2022 (FlashAttention, algorithm 1): scores by tiles of positions, the softmax's maximum and sum carried
along; pages after Kwon et al. 2023 (PagedAttention, section 4.1).
"""

# N tokens, H heads, K key/value heads, G heads of a group, D head width, T positions, R query rows of a piece

from __future__ import annotations

import torch

from ...architecture import Architecture
from ...pages import BLOCK
from .device_batch import DeviceBatch
from .language import jit, power_of_two, tl
from .paging import page_begins, page_settings, page_sides

TILE = 32  # positions looked at in one step
LEAST_ROWS = 16  # of a tensor core's tile
EVERYTHING = 1 << 30  # a window wider than any context


def plain_attended(q_NHD: torch.Tensor, batch: DeviceBatch, layer: int, shape: Architecture) -> torch.Tensor:
    """Return what each token's heads take from the pages of its sequence, up to its own position (N, H, D).

    Only the last ``shape.windows[layer]`` positions are seen, if that is not 0. A row that is nobody's gets zeros.
    """
    out = torch.zeros_like(q_NHD)
    window, group = shape.windows[layer], shape.heads // shape.kv_heads
    for token, (row, last) in enumerate(zip(batch.sequence.tolist(), batch.positions.tolist(), strict=True)):
        if last < 0:
            continue
        pages = [
            page_sides(batch.slabs, layer, page, shape) for page in batch.tables[row, : last // BLOCK + 1].tolist()
        ]
        seen = slice(max(0, last - window + 1) if window else 0, last + 1)
        k_KDT = torch.cat([keys for keys, _ in pages], dim=2)[:, : shape.head_width, seen].float()
        v_KTD = torch.cat([values for _, values in pages], dim=1)[:, seen, : shape.head_width].float()
        q_KGD = q_NHD[token].float().view(shape.kv_heads, group, shape.head_width)
        score_KGT = q_KGD @ k_KDT * shape.attention_scale
        if shape.score_cap:
            score_KGT = shape.score_cap * torch.tanh(score_KGT / shape.score_cap)
        out[token] = (torch.softmax(score_KGT, dim=-1) @ v_KTD).view(shape.heads, shape.head_width)
    return out


def attended(q_NHD: torch.Tensor, batch: DeviceBatch, layer: int, shape: Architecture) -> torch.Tensor:
    """Return the same, by one program for each piece and head of keys."""
    assert q_NHD.is_contiguous()
    group = shape.heads // shape.kv_heads
    out = torch.empty_like(q_NHD)
    _attended[(len(batch.firsts), shape.kv_heads)](
        q_NHD,
        out,
        batch.positions,
        batch.sequence,
        batch.tables,
        batch.tables.stride(0),
        batch.firsts,
        batch.counts,
        batch.addresses,
        layer,
        shape.windows[layer] or EVERYTHING,
        shape.attention_scale,
        shape.score_cap,
        HEADS=shape.heads,
        GROUP=group,
        WIDTH=shape.head_width,
        WIDTH_BLOCK=max(LEAST_ROWS, power_of_two(shape.head_width)),
        ROWS=max(LEAST_ROWS, power_of_two(batch.longest * group)),
        TILE=TILE,
        CAPS=shape.score_cap > 0,
        **page_settings(shape),
    )
    return out


@jit
def _attended(
    q: tl.tensor,
    out: tl.tensor,
    positions: tl.tensor,
    sequence: tl.tensor,
    tables: tl.tensor,
    table_stride: tl.tensor,
    firsts: tl.tensor,
    counts: tl.tensor,
    addresses: tl.tensor,
    layer: tl.tensor,
    window: tl.tensor,
    scale: tl.tensor,
    cap: tl.tensor,
    HEADS: tl.constexpr,
    GROUP: tl.constexpr,
    WIDTH: tl.constexpr,
    WIDTH_BLOCK: tl.constexpr,
    ROWS: tl.constexpr,
    TILE: tl.constexpr,
    CAPS: tl.constexpr,
    PAGE: tl.constexpr,
    PER_SLAB: tl.constexpr,
    PADDED: tl.constexpr,
    SIDE: tl.constexpr,
) -> None:
    first = tl.load(firsts + tl.program_id(0))
    count = tl.load(counts + tl.program_id(0))
    key_head = tl.program_id(1)
    row_R = tl.arange(0, ROWS)
    token_R = first + row_R // GROUP
    real_R = row_R // GROUP < count
    position_R = tl.load(positions + token_R, mask=real_R, other=-1)
    d = tl.arange(0, WIDTH_BLOCK)
    at_RD = ((token_R.to(tl.int64) * HEADS + key_head * GROUP + row_R % GROUP) * WIDTH)[:, None] + d[None, :]
    there_RD = real_R[:, None] & (d < WIDTH)[None, :]
    q_RD = tl.load(q + at_RD, mask=there_RD, other=0.0)
    table = tables + tl.load(sequence + first).to(tl.int64) * table_stride
    begin = tl.maximum(tl.load(positions + first) - window + 1, 0) // TILE * TILE
    last = tl.max(position_R, axis=0)
    most_R = tl.full([ROWS], float("-inf"), tl.float32)
    sum_R = tl.zeros([ROWS], tl.float32)
    made_RD = tl.zeros([ROWS, WIDTH_BLOCK], tl.float32)
    for start in range(begin, last + 1, TILE):
        t = start + tl.arange(0, TILE)
        page_T = tl.load(table + t // PAGE, mask=t <= last, other=0)
        keys_T = page_begins(q, addresses, page_T, layer, PER_SLAB, SIDE) + key_head * PADDED * PAGE
        there_DT = (d < WIDTH)[:, None] & (t <= last)[None, :]
        k_DT = tl.load(keys_T[None, :] + (d * PAGE)[:, None] + (t % PAGE)[None, :], mask=there_DT, other=0.0)
        score_RT = tl.dot(q_RD, k_DT, input_precision="ieee") * scale
        if CAPS:
            score_RT = cap * (2.0 * tl.sigmoid(2.0 * score_RT / cap) - 1.0)  # tanh
        seen_RT = (t[None, :] <= position_R[:, None]) & (position_R[:, None] - t[None, :] < window)
        score_RT = tl.where(seen_RT, score_RT, float("-inf"))
        higher_R = tl.maximum(most_R, tl.max(score_RT, axis=1))
        level_R = tl.where(higher_R == float("-inf"), 0.0, higher_R)  # a row that has seen nothing yet
        share_RT = tl.exp(score_RT - level_R[:, None])
        kept_R = tl.exp(most_R - level_R)
        values_T = keys_T + SIDE + (t % PAGE) * PADDED
        there_TD = (t <= last)[:, None] & (d < WIDTH)[None, :]
        v_TD = tl.load(values_T[:, None] + d[None, :], mask=there_TD, other=0.0)
        sum_R = sum_R * kept_R + tl.sum(share_RT, axis=1)
        made_RD = made_RD * kept_R[:, None] + tl.dot(share_RT.to(v_TD.dtype), v_TD, input_precision="ieee")
        most_R = higher_R
    made_RD = made_RD / tl.where(sum_R == 0.0, 1.0, sum_R)[:, None]
    tl.store(out + at_RD, made_RD.to(out.dtype.element_ty), mask=there_RD)
