"""The next token of each row, in plain torch: forced, the most probable, or drawn by inverse cumulative probability."""

# R rows, V vocabulary

from __future__ import annotations

import numpy as np
import torch


def choose(
    logits_RV: torch.Tensor, temperature: float, top_p: float, uniform: np.ndarray, forced: np.ndarray
) -> tuple[list[int], list[float]]:
    """Return (token, log-probability in nats under softmax(logits / temperature)) of each row.

    ``forced`` (R,) holds a token or -1. Temperature 0 takes the most probable token and leaves the logits as they are.
    Else ``uniform`` (R,) in [0, 1) decides among the smallest set of tokens whose probability reaches ``top_p``.
    """
    logprobs_RV = torch.log_softmax(logits_RV / temperature if temperature > 0 else logits_RV, dim=-1)
    if temperature == 0:
        chosen_R = logprobs_RV.argmax(dim=-1)
    else:
        chosen_R = _drawn(logprobs_RV.exp().double(), torch.from_numpy(uniform).to(logits_RV.device), top_p)
    forced_R = torch.from_numpy(forced).to(chosen_R)
    chosen_R = torch.where(forced_R >= 0, forced_R, chosen_R)
    picked: list[float] = logprobs_RV.gather(1, chosen_R[:, None])[:, 0].tolist()
    return chosen_R.tolist(), picked


def _drawn(probabilities_RV: torch.Tensor, uniform_R: torch.Tensor, top_p: float) -> torch.Tensor:
    if top_p == 1:  # in the vocabulary's order: sorting would cost as much as the model's own step
        return _place(probabilities_RV.cumsum(dim=-1), uniform_R)
    sorted_RV, order_RV = probabilities_RV.sort(dim=-1, descending=True, stable=True)
    inside_RV = sorted_RV.cumsum(dim=-1) - sorted_RV < top_p
    place_R = _place((sorted_RV * inside_RV).cumsum(dim=-1), uniform_R)
    return order_RV.gather(1, place_R[:, None])[:, 0]


def _place(cumulative_RV: torch.Tensor, uniform_R: torch.Tensor) -> torch.Tensor:
    """Return the first place of each row whose cumulative mass exceeds ``uniform`` of the whole."""
    wanted_R = uniform_R * cumulative_RV[:, -1]
    place_R = torch.searchsorted(cumulative_RV, wanted_R[:, None], right=True)[:, 0]
    return place_R.clamp(max=cumulative_RV.shape[1] - 1)
