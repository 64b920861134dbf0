"""The next token of each row, in plain torch: forced, the most probable, or drawn by inverse cumulative probability."""

# R rows, V vocabulary

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Asked:
    """How the next token of each of R rows is chosen.

    ``forced`` (int32) holds a token or -1. A ``temperature`` of 0 takes the most probable token, logits as they
    are. Else ``uniform`` in [0, 1) decides among the smallest set of tokens whose probability reaches ``top_p``.
    """

    temperature: np.ndarray  # (R,) float32
    top_p: np.ndarray  # (R,) float32
    uniform: np.ndarray  # (R,) float64
    forced: np.ndarray  # (R,) int32


def scored(tokens: Sequence[int]) -> Asked:
    """Return the request for the log-probabilities of given tokens, one a row, at temperature 1."""
    rows = len(tokens)
    return Asked(np.zeros(rows, np.float32), np.ones(rows, np.float32), np.zeros(rows), np.array(tokens, np.int32))


def choose(logits_RV: torch.Tensor, asked: Asked) -> tuple[list[int], list[float]]:
    """Return (token, log-probability in nats under softmax(logits / temperature)) of each row."""
    temperature_R, top_p_R, uniform_R, forced_R = (
        torch.from_numpy(x).to(logits_RV.device)
        for x in (asked.temperature, asked.top_p, asked.uniform, asked.forced.astype(np.int64))
    )
    sampled_R = temperature_R > 0
    logprobs_RV = torch.log_softmax(logits_RV / torch.where(sampled_R, temperature_R, 1.0)[:, None], dim=-1)
    chosen_R = logprobs_RV.argmax(dim=-1)
    for among_R in (sampled_R & (top_p_R >= 1), sampled_R & (top_p_R < 1)):
        if among_R.any():
            probabilities_RV = logprobs_RV[among_R].exp().double()
            chosen_R[among_R] = _drawn(probabilities_RV, uniform_R[among_R], top_p_R[among_R].double())
    chosen_R = torch.where(forced_R >= 0, forced_R, chosen_R)
    picked: list[float] = logprobs_RV.gather(1, chosen_R[:, None])[:, 0].tolist()
    return chosen_R.tolist(), picked


def _drawn(probabilities_RV: torch.Tensor, uniform_R: torch.Tensor, top_p_R: torch.Tensor) -> torch.Tensor:
    if bool((top_p_R >= 1).all()):  # in the vocabulary's order: sorting would cost as much as the model's own step
        return _place(probabilities_RV.cumsum(dim=-1), uniform_R)
    sorted_RV, order_RV = probabilities_RV.sort(dim=-1, descending=True, stable=True)
    inside_RV = sorted_RV.cumsum(dim=-1) - sorted_RV < top_p_R[:, None]
    place_R = _place((sorted_RV * inside_RV).cumsum(dim=-1), uniform_R)
    return order_RV.gather(1, place_R[:, None])[:, 0]


def _place(cumulative_RV: torch.Tensor, uniform_R: torch.Tensor) -> torch.Tensor:
    """Return the first place of each row whose cumulative mass exceeds ``uniform`` of the whole."""
    wanted_R = uniform_R * cumulative_RV[:, -1]
    place_R = torch.searchsorted(cumulative_RV, wanted_R[:, None], right=True)[:, 0]
    return place_R.clamp(max=cumulative_RV.shape[1] - 1)
