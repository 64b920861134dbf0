"""Which neurons of a dense feed-forward a smaller expert takes: those that can add most to a token.

Neuron j adds down_j * act(gate_j x) * (up_j x). Both SiLU and GELU give at most |z| for z, so what it adds to a token x
is no longer than |down_j| |gate_j| |up_j| |x|^2. The product of the three norms orders the neurons; the rule is ours.
"""

# D hidden width, I inner width, W neurons that are taken

from __future__ import annotations

import torch


def strongest(gate_ID: torch.Tensor, up_ID: torch.Tensor, down_DI: torch.Tensor, width: int) -> torch.Tensor:
    """Return the numbers (W,) of the ``width`` strongest of the I neurons, ascending.

    Of equal neurons those of lower number are taken. A smaller width gives a part of what a larger one gives.
    """
    strength_I = gate_ID.float().norm(dim=1) * up_ID.float().norm(dim=1) * down_DI.float().norm(dim=0)
    taken_W: torch.Tensor = strength_I.argsort(descending=True, stable=True)[:width].sort().values
    return taken_W
