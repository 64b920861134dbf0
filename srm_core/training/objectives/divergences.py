"""How far a student's distribution lies from its teacher's: what white-box distillation makes small."""

# N positions, V vocabulary

from __future__ import annotations

import math

import torch


def generalized_jsd(student_NV: torch.Tensor, teacher_NV: torch.Tensor, beta: float) -> torch.Tensor:
    """Return beta KL(P || M) + (1 - beta) KL(Q || M) at each position, shape (N,), nats, at least 0.

    P is the teacher, Q the student, M = beta P + (1 - beta) Q. Both inputs are log-probabilities (nats); no gradient
    flows through the teacher's. Agarwal et al. 2024 (GKD), eq. 1 and the equation of the generalized Jensen-Shannon
    divergence before it. At both ends it is 0 as printed; as in TRL it is then what it tends to when divided by beta
    or by 1 - beta: KL(P || Q) for 0, which covers all the teacher says, and KL(Q || P) for 1, which keeps to what the
    teacher says.

    Raises:
        ValueError: ``beta`` is not within [0, 1].
    """
    teacher_NV = teacher_NV.detach()
    if beta == 0:
        return kl(teacher_NV, student_NV)
    if beta == 1:
        return kl(student_NV, teacher_NV)
    if not 0 < beta < 1:
        raise ValueError(f"beta = {beta} is no weight of a mixture: it lies within 0 and 1")
    mixed_NV = torch.logaddexp(teacher_NV + math.log(beta), student_NV + math.log1p(-beta))
    return beta * kl(teacher_NV, mixed_NV) + (1 - beta) * kl(student_NV, mixed_NV)


def kl(p_NV: torch.Tensor, q_NV: torch.Tensor) -> torch.Tensor:
    """Return KL(p || q) = sum p (log p - log q) over the last axis, from log-probabilities, shape (N,), nats.

    Kullback and Leibler 1951. A token of probability 0 under p adds 0.
    """
    apart_NV = torch.where(p_NV == -torch.inf, torch.zeros_like(p_NV), p_NV - q_NV)
    return (p_NV.exp() * apart_NV).sum(dim=-1)
