"""How many threads torch computes with: bitwise repeatability is promised for one."""

from __future__ import annotations


def use_threads(count: int) -> None:
    """Let torch use ``count`` threads; 0 leaves it at all cores."""
    import torch

    if count:
        torch.set_num_threads(count)
