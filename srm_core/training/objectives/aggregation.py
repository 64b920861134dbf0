"""What each token weighs in the loss of a batch: which sum is divided by what decides how much a long answer counts.

All take a mask (B, T) that is true where a token counts, and the longest answer allowed, and return weights (B, T), 0
where a token does not count. The loss is the sum of the tokens' losses times their weights, so any part of the batch
can be passed alone.
"""

# B sequences, T tokens

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

Weigh = Callable[[torch.Tensor, int], torch.Tensor]


def sequence_mean(mask_BT: torch.Tensor, max_tokens: int) -> torch.Tensor:
    """Weights of the mean over sequences of the mean over each one's tokens. Shao et al. 2024 (DeepSeekMath), eq. 3.

    Each answer weighs the same, so a token of a long answer weighs less. A sequence without a counted token adds 0
    to the sum and 1 to the number of sequences.
    """
    mask_BT = mask_BT.float()
    return mask_BT / mask_BT.sum(dim=1, keepdim=True).clamp(min=1) / max(1, len(mask_BT))


def token_mean(mask_BT: torch.Tensor, max_tokens: int) -> torch.Tensor:
    """Weights of the mean over all counted tokens of all sequences. Yu et al. 2025 (DAPO), eq. 12.

    Each token weighs the same. Without any counted token all weights are 0.
    """
    mask_BT = mask_BT.float()
    return mask_BT / mask_BT.sum().clamp(min=1)


def constant_length(mask_BT: torch.Tensor, max_tokens: int) -> torch.Tensor:
    """Weights of the sum over counted tokens / (sequences * ``max_tokens``). Liu et al. 2025 (Dr. GRPO), section 3.2.

    The paper's equation has no division by a length, its listing divides by the longest allowed; this is the listing.
    """
    return mask_BT.float() / (max(1, len(mask_BT)) * max_tokens)


def sequence_sum(mask_BT: torch.Tensor, max_tokens: int) -> torch.Tensor:
    """Weights of the mean over sequences of the sum over each one's tokens: an answer is one action.

    Ahmadian et al. 2024 (RLOO): log pi of an answer is the sum of those of its tokens.
    """
    return mask_BT.float() / max(1, len(mask_BT))


AGGREGATIONS: Mapping[str, Weigh] = {
    "sequence-mean": sequence_mean,
    "token-mean": token_mean,
    "constant-length": constant_length,
    "sequence-sum": sequence_sum,
}
