"""A mixture of experts in plain torch: which experts a token goes through, and what comes out.

After Shazeer et al. 2017 ("Outrageously large neural networks", section 2), as transformers computes Mixtral (Jiang
et al. 2024, section 2.1), Qwen2-MoE, Qwen3-MoE and OLMoE.
"""

# N tokens, E experts, A experts that are active for a token, X hidden width, I inner width of an expert

from __future__ import annotations

from collections.abc import Callable

import torch


def routed(logits_NE: torch.Tensor, active: int, normalized: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Return shares and numbers (N, A) of the experts each token goes through, the preferred one first.

    The shares are the softmax over all experts; ``normalized``: divided by their sum over the active ones.
    """
    shares_NA, chosen_NA = torch.softmax(logits_NE.float(), dim=-1).topk(active, dim=-1)
    if normalized:
        shares_NA = shares_NA / shares_NA.sum(dim=-1, keepdim=True)
    return shares_NA, chosen_NA


def mixed(
    y_NX: torch.Tensor,
    shares_NA: torch.Tensor,
    chosen_NA: torch.Tensor,
    gate_up: torch.Tensor,
    down: torch.Tensor,
    activated: Callable[[torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """Return the experts' outputs (N, X), weighted by their shares.

    ``gate_up`` is (E, 2 I, X), the gate's rows first, and ``down`` (E, X, I). The tokens of an expert are gathered, go
    through it together, and are scattered back.
    """
    made_NX = torch.zeros_like(y_NX)
    for expert in sorted(set(chosen_NA.flatten().tolist())):
        tokens, places = torch.where(chosen_NA == expert)
        gate, up = (y_NX[tokens] @ gate_up[expert].float().T).chunk(2, dim=-1)
        came = (activated(gate) * up) @ down[expert].float().T
        made_NX.index_add_(0, tokens, came * shares_NA[tokens, places, None])
    return made_NX
