"""The hidden states of rows that begin alike: what they share passes once, with its gradient.

In reinforcement learning all completions of a prompt lie in one batch, and the prompt is most of its tokens. Keys and
values of the shared tokens are computed for one row and read by all: the same sums as row by row, so the same loss and
gradients up to rounding. The cost falls from B (P + C) tokens to P + B C.
"""

# B sequences, T tokens, P of them shared, D hidden width

from __future__ import annotations

from typing import Any

import torch

LEAST = 8  # shared tokens below which two passes cost more than they save


def last_hidden_state(decoder: Any, ids_BT: torch.Tensor, seen_BT: torch.Tensor | None) -> torch.Tensor:
    """Return the last hidden states of ``ids_BT``, shape (B, T, D).

    ``seen_BT`` is 1 where a token counts and 0 for padding (None: no padding). Positions that are padding hold numbers
    that mean nothing, as they do without sharing.
    """
    first, shared = shared_columns(ids_BT, seen_BT)
    if shared < LEAST or not _plain_attention(decoder.config):
        return _unshared(decoder, ids_BT, seen_BT)
    from transformers import DynamicCache

    rows = len(ids_BT)
    cache = DynamicCache(config=decoder.config)
    prefix_1PD = decoder(
        input_ids=ids_BT[:1, first : first + shared], past_key_values=cache, use_cache=True
    ).last_hidden_state
    cache.batch_repeat_interleave(rows)
    rest_BCD = decoder(input_ids=ids_BT[:, first + shared :], past_key_values=cache, use_cache=True).last_hidden_state
    nothing = prefix_1PD.new_zeros(rows, first, prefix_1PD.shape[-1])
    return torch.cat([nothing, prefix_1PD.expand(rows, -1, -1), rest_BCD], dim=1)


def shared_columns(ids_BT: torch.Tensor, seen_BT: torch.Tensor | None) -> tuple[int, int]:
    """Return (columns of padding on the left, tokens after it that all rows share); (0, 0) where nothing is shared.

    At least one token of each row is left unshared, and padding inside or of different width on the left shares none.
    """
    if len(ids_BT) < 2:
        return 0, 0
    alike_T = (ids_BT == ids_BT[:1]).all(dim=0)
    first = 0
    if seen_BT is not None:
        seen_BT = seen_BT.bool()
        first = int((~seen_BT[0]).int().cumprod(0).sum())
        after_BT = seen_BT[:, first:]
        if seen_BT[:, :first].any() or not bool((after_BT[:, :-1] | ~after_BT[:, 1:]).all()):
            return 0, 0
        alike_T = alike_T & seen_BT.all(dim=0)
    shared = int(alike_T[first:-1].int().cumprod(0).sum())
    return (first, shared) if shared else (0, 0)


def _plain_attention(config: Any) -> bool:
    return set(getattr(config, "layer_types", None) or ()) <= {"full_attention"}


def _unshared(decoder: Any, ids_BT: torch.Tensor, seen_BT: torch.Tensor | None) -> torch.Tensor:
    if seen_BT is not None and bool(seen_BT[:, 0].all()):  # padded on the right, after everything that is looked at
        seen_BT = None
    hidden: torch.Tensor = decoder(input_ids=ids_BT, attention_mask=seen_BT, use_cache=False).last_hidden_state
    return hidden
