"""Keeping the experts evenly used: by an auxiliary loss, by smaller router logits, or by a bias on selection only."""

# T tokens, N experts, K experts a token

from __future__ import annotations

from collections.abc import Iterable

import torch


def switch_loss(logits_TN: torch.Tensor, chosen_TK: torch.Tensor) -> torch.Tensor:
    """Return N * sum_i f_i * P_i of one layer: 1 when routing is even, N when one expert takes all.

    f_i is the share of the choices that went to expert i (no gradient), P_i the mean probability the router gives it.
    The loss of a training step is this times a small factor (0.01 in the paper); here, a mean over layers.
    After: Fedus et al. 2022 (Switch Transformers), eq. 4 to 6. The paper has K = 1; with more, the shares still sum to
    one, where transformers' ``load_balancing_loss_func`` lets them sum to K and pools all layers first.
    """
    experts = logits_TN.shape[-1]
    shares_N = torch.bincount(chosen_TK.reshape(-1), minlength=experts).to(torch.float32) / chosen_TK.numel()
    mean_N = torch.softmax(logits_TN.float(), dim=-1).mean(dim=0)
    return experts * (shares_N * mean_N).sum()


def z_loss(logits_TN: torch.Tensor) -> torch.Tensor:
    """Return the mean over tokens of (log sum exp of the logits) squared, which grows with the router's logits.

    After: Zoph et al. 2022 (ST-MoE), eq. 5; the factor there is 0.001.
    """
    return torch.logsumexp(logits_TN.float(), dim=-1).square().mean()


def select_with_bias(
    scores_TN: torch.Tensor, bias_N: torch.Tensor, top_k: int, *, normalise: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (chosen_TK, weights_TK): the K experts of the largest score + bias, weighted by their scores alone.

    ``scores_TN`` are positive (a softmax or a sigmoid of the logits). The bias decides who is chosen and never how much
    the chosen counts, so it brings no gradient of its own. ``normalise``: weights sum to one.
    After: Wang et al. 2024 (auxiliary-loss-free load balancing), eq. 3.
    """
    chosen_TK = (scores_TN.detach() + bias_N).topk(top_k, dim=-1).indices
    weights_TK = scores_TN.gather(-1, chosen_TK)
    return chosen_TK, weights_TK / weights_TK.sum(dim=-1, keepdim=True) if normalise else weights_TK


def updated_bias(bias_N: torch.Tensor, counts: Iterable[int], rate: float = 0.001) -> torch.Tensor:
    """Return the bias for the next step: ``rate`` more for an expert used less than the average, else less.

    After: Wang et al. 2024, algorithm 1: b_i + rate * sign(mean count - count_i).
    """
    used_N = torch.tensor(list(counts), dtype=torch.float64, device=bias_N.device)
    return bias_N + rate * torch.sign(used_N.mean() - used_N).to(bias_N.dtype)
