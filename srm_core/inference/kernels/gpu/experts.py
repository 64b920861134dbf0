"""A mixture of experts by grouped products: gather the rows of an expert, multiply, scatter them back.

After Gale et al. 2023 (MegaBlocks, section 5.1): the pairs of token and expert are ordered by expert and padded to
whole tiles, so that one launch multiplies every expert's rows by its own matrix. Nothing of it waits for the host.
"""

# N tokens, E experts, A experts that are active for a token, X hidden width, I inner width, M rows of a tile

from __future__ import annotations

import torch

from ..mixture import mixed
from .gating import gated, plain_gated
from .language import jit, tl

SMALL, LARGE = 16, 64  # rows of a tile: where experts have few rows, and where they have many
TILE_OUT, TILE_IN = 64, 32


def plain_mixed(
    y_NX: torch.Tensor,
    shares_NA: torch.Tensor,
    chosen_NA: torch.Tensor,
    gate_up: torch.Tensor,
    down: torch.Tensor,
    gelu: bool,
) -> torch.Tensor:
    """Return the experts' outputs (N, X), weighted by their shares, as `kernels.mixture.mixed` has them.

    ``gate_up`` is (E, 2 I, X), the gate's rows first, and ``down`` (E, X, I).
    """

    def activated(gate: torch.Tensor) -> torch.Tensor:
        return plain_gated(gate, torch.ones_like(gate), gelu)

    return mixed(y_NX.float(), shares_NA, chosen_NA, gate_up, down, activated).to(y_NX.dtype)


def mixed_by_tiles(
    y_NX: torch.Tensor,
    shares_NA: torch.Tensor,
    chosen_NA: torch.Tensor,
    gate_up: torch.Tensor,
    down: torch.Tensor,
    gelu: bool,
) -> torch.Tensor:
    """Return the same, by two grouped products."""
    tokens, active = chosen_NA.shape
    rows = SMALL if tokens * active < LARGE * len(gate_up) else LARGE
    pairs, experts = tiles(chosen_NA, len(gate_up), rows)
    both = _product(y_NX, gate_up, pairs, experts, tokens * active, rows, active, None, y_NX.dtype)
    gate, up = both.chunk(2, dim=-1)
    inner = gated(gate, up, gelu)
    out = _product(inner, down, pairs, experts, tokens * active, rows, 1, shares_NA.contiguous(), torch.float32)
    return out.view(tokens, active, -1).sum(dim=1).to(y_NX.dtype)


def tiles(chosen_NA: torch.Tensor, experts: int, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the pairs of each tile (tiles, M), -1 where a tile is not full, and the expert of each tile.

    Pair ``a + A n`` is the ``a``-th expert of token ``n``. There are as many tiles as there could be at the worst;
    what is not used has the expert ``experts``.
    """
    chosen = chosen_NA.flatten()
    most = min(len(chosen), experts) + len(chosen) // rows
    hot = (chosen[:, None] == torch.arange(experts, device=chosen.device)).long()
    nth = hot.cumsum(dim=0).gather(1, chosen[:, None])[:, 0] - 1  # of its expert's pairs
    used_E = (hot.sum(dim=0) + rows - 1) // rows
    ends_E = used_E.cumsum(dim=0)
    place = (ends_E - used_E)[chosen] * rows + nth
    pairs = torch.full((most * rows,), -1, dtype=torch.int32, device=chosen.device)
    pairs[place] = torch.arange(len(chosen), dtype=torch.int32, device=chosen.device)
    numbers = torch.arange(most, device=chosen.device)
    return pairs.view(most, rows), torch.searchsorted(ends_E, numbers, right=True).to(torch.int32)


def _product(
    x: torch.Tensor,
    weight: torch.Tensor,
    pairs: torch.Tensor,
    experts: torch.Tensor,
    count: int,
    rows: int,
    per: int,
    shares: torch.Tensor | None,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Return (pairs, outputs): row ``pair // per`` of ``x`` times its expert's matrix, times its share if given."""
    assert x.is_contiguous()
    assert weight.is_contiguous()
    _, outputs, inputs = weight.shape
    out = torch.empty(count, outputs, dtype=dtype, device=x.device)
    _grouped[(len(experts), -(-outputs // TILE_OUT))](
        x,
        weight,
        out,
        x if shares is None else shares,
        pairs,
        experts,
        len(weight),
        outputs,
        inputs,
        PER=per,
        WEIGHTED=shares is not None,
        ROWS=rows,
        TILE_OUT=TILE_OUT,
        TILE_IN=TILE_IN,
    )
    return out


@jit
def _grouped(
    x: tl.tensor,
    weight: tl.tensor,
    out: tl.tensor,
    shares: tl.tensor,
    pairs: tl.tensor,
    tile_experts: tl.tensor,
    experts: tl.tensor,
    outputs: tl.tensor,
    inputs: tl.tensor,
    PER: tl.constexpr,
    WEIGHTED: tl.constexpr,
    ROWS: tl.constexpr,
    TILE_OUT: tl.constexpr,
    TILE_IN: tl.constexpr,
) -> None:
    tile = tl.program_id(0)
    expert = tl.load(tile_experts + tile)
    if expert < experts:
        pair_M = tl.load(pairs + tile * ROWS + tl.arange(0, ROWS))
        real_M = pair_M >= 0
        pair_M = tl.maximum(pair_M, 0).to(tl.int64)
        o = tl.program_id(1) * TILE_OUT + tl.arange(0, TILE_OUT)
        rows_M = x + pair_M // PER * inputs
        columns_O = weight + (expert.to(tl.int64) * outputs + o) * inputs
        made_MO = tl.zeros([ROWS, TILE_OUT], tl.float32)
        for start in range(0, inputs, TILE_IN):
            i = start + tl.arange(0, TILE_IN)
            inside = i < inputs
            x_MI = tl.load(rows_M[:, None] + i[None, :], mask=real_M[:, None] & inside[None, :], other=0.0)
            w_IO = tl.load(columns_O[None, :] + i[:, None], mask=inside[:, None] & (o < outputs)[None, :], other=0.0)
            made_MO += tl.dot(x_MI, w_IO, input_precision="ieee")
        if WEIGHTED:
            made_MO = made_MO * tl.load(shares + pair_M, mask=real_M, other=0.0)[:, None]
        there_MO = real_M[:, None] & (o < outputs)[None, :]
        tl.store(out + pair_M[:, None] * outputs + o[None, :], made_MO.to(out.dtype.element_ty), mask=there_MO)
