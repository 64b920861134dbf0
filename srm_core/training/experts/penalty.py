"""The parameter penalty of a mixture of unequal experts: the larger the experts that are used, the more it costs."""

# T tokens, N experts, K experts a token

from __future__ import annotations

from collections.abc import Sequence

import torch


def parameter_penalty(logits_TN: torch.Tensor, chosen_TK: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
    """Return N * sum_i f_i * (h_i / h) * P_i of one layer; for experts of one size it is the Switch loss.

    f_i is the share of the choices that went to expert i (no gradient), h_i its inner width, h the mean width, P_i the
    mean probability the router gives it. Even routing costs 1, all tokens to one expert N times its relative width.

    After: Wang et al. 2024 (HMoE), eq. 4. As printed there it is K * h times this: shares are of tokens, so they sum
    to K, and widths are absolute; divided by the mean width it is, as the paper says, the loss of load balancing
    where all sizes are equal. Its factor in the paper is 0.1; how widths are scaled there is not said.
    """
    experts = logits_TN.shape[-1]
    widths_N = torch.tensor([float(size) for size in sizes], device=logits_TN.device)
    shares_N = torch.bincount(chosen_TK.reshape(-1), minlength=experts).to(torch.float32) / chosen_TK.numel()
    mean_N = torch.softmax(logits_TN.float(), dim=-1).mean(dim=0)
    return experts * (shares_N * widths_N / widths_N.mean() * mean_N).sum()
