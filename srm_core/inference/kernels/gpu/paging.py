"""Where the keys and values of a page lie, for kernels and for plain torch.

A slab is (L, SLAB_PAGES, F); the F floats of a page are its keys (K, D, BLOCK), then its values (K, BLOCK, D), with
D padded (`srm_core.inference.pages`). Slabs lie anywhere on the device; ``addresses`` says where.
"""

# L layers, K key/value heads, D padded width of a head, F floats of a page

from __future__ import annotations

from collections.abc import Sequence

import torch

from ...architecture import Architecture
from ...pages import BLOCK, SLAB_PAGES, padded_width
from .language import jit, tl


def page_sides(
    slabs: Sequence[torch.Tensor], layer: int, page: int, shape: Architecture
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return keys (K, D, BLOCK) and values (K, BLOCK, D) of a page, to be read and written in place."""
    keys, values = slabs[page // SLAB_PAGES][layer, page % SLAB_PAGES].view(2, -1)
    width = padded_width(shape)
    return keys.view(shape.kv_heads, width, BLOCK), values.view(shape.kv_heads, BLOCK, width)


def page_settings(shape: Architecture) -> dict[str, int]:
    """Return what the kernels must know of pages when they are compiled."""
    padded = padded_width(shape)
    return {
        "PAGE": BLOCK,
        "PER_SLAB": SLAB_PAGES,
        "PADDED": padded,
        "SIDE": shape.kv_heads * padded * BLOCK,
    }


@jit
def page_begins(
    like: tl.tensor, addresses: tl.tensor, page: tl.tensor, layer: tl.tensor, PER_SLAB: tl.constexpr, SIDE: tl.constexpr
) -> tl.tensor:
    """Return pointers to the first key of each page, of the type of ``like``."""
    slab = tl.load(addresses + page // PER_SLAB).to(tl.pointer_type(like.dtype.element_ty))
    return slab + (layer * PER_SLAB + page % PER_SLAB).to(tl.int64) * (2 * SIDE)
