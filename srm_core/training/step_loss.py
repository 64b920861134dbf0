"""The part that one batch has in the loss of a step of reinforcement, and whether sampler and trainer agree."""

# B sequences, T tokens

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ..errors import TrainingError
from .objectives.methods import PolicyMethod
from .objectives.policy import token_losses

MOST_MISMATCH = 0.2  # nats a token between sampler and trainer, mean of a batch; rounding stays far below


def batch_loss(
    method: PolicyMethod, logprobs_BT: torch.Tensor, inputs: Mapping[str, Any], beta: float
) -> tuple[torch.Tensor, float]:
    """Return the part that a batch has in the step's loss, and by how much sampler and trainer differ (nats a token).

    The policy that sampled is the one that is trained (one update a step), so the ratio is 1 and has a gradient.

    Raises:
        TrainingError: they differ by more than `MOST_MISMATCH`: something was trained that was not sampled.
    """
    mask_BT = inputs["token_weights"] != 0
    mismatch = require_agreement(logprobs_BT.detach(), inputs["sampled"], mask_BT)
    loss_BT = token_losses(
        method,
        logprobs_BT,
        logprobs_BT.detach(),
        inputs.get("ref_per_token_logps"),
        mask_BT,
        inputs["advantages"],
        beta=beta,
    )
    return (loss_BT * inputs["token_weights"]).sum(), mismatch


def require_agreement(logprobs_BT: torch.Tensor, sampled_BT: torch.Tensor, mask_BT: torch.Tensor) -> float:
    """Return by how much the trainer's log-probabilities differ from the sampler's, mean over the mask, nats.

    Raises:
        TrainingError: by more than `MOST_MISMATCH`: something was trained that was not sampled.
    """
    apart = (logprobs_BT - sampled_BT).abs()[mask_BT]
    mismatch = float(apart.mean()) if len(apart) else 0.0
    if mismatch > MOST_MISMATCH:
        raise TrainingError(
            f"the trainer gives the sampled tokens other log-probabilities than the sampler did ({mismatch:.2f} nats a "
            "token): weights, temperature or token ids are not the same; nothing was trained on them"
        )
    return mismatch
