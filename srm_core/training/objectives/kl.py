"""Three estimates of KL(policy || reference) from tokens that the policy drew. Schulman 2020 (Approximating KL).

With r = reference / policy of the drawn token. All take log-probabilities (nats), any one shape, and return it.
"""

from __future__ import annotations

import torch


def k1(logprobs: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Return -log r = log pi - log pi_ref: without bias, of either sign, of high variance."""
    return logprobs - reference


def k2(logprobs: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Return (log r)^2 / 2: at least 0, of low variance, biased."""
    return (reference - logprobs).square() / 2


def k3(logprobs: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Return r - 1 - log r: without bias and at least 0. It is the term of Shao et al. 2024 (DeepSeekMath), eq. 4."""
    log_r = reference - logprobs
    return log_r.expm1() - log_r
