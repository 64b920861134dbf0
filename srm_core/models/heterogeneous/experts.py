"""A sparse layer of unequal experts: the router, the experts, and what a token gets from both."""

# T tokens, N experts, K experts a token, D hidden width, I inner width of one expert

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers.activations import ACT2FN


class HeterogeneousRouter(nn.Module):
    """Says which K of the N experts a token goes to, and how much each counts; the K weights sum to one."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.num_experts: int = config.num_local_experts
        self.top_k: int = config.num_experts_per_tok
        self.proj = nn.Linear(config.hidden_size, self.num_experts, bias=False)

    @property
    def weight(self) -> torch.Tensor:
        """The matrix (N, D) of the logits."""
        return self.proj.weight

    def forward(self, hidden_TD: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the logits (T, N), the weights (T, K) and the chosen experts (T, K), best first."""
        logits_TN = self.proj(hidden_TD)
        best_TK, chosen_TK = torch.softmax(logits_TN.float(), dim=-1).topk(self.top_k, dim=-1)
        return logits_TN, best_TK / best_TK.sum(dim=-1, keepdim=True), chosen_TK


class HeterogeneousExpert(nn.Module):
    """W_o (act(W_g x) * (W_p x)), inner width ``size``. After Wang et al. 2024 (HMoE), eq. 1.

    Three linear layers, so that peft's ``all-linear`` adapts them.
    """

    def __init__(self, config: Any, size: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, size, bias=False)
        self.down_proj = nn.Linear(size, config.hidden_size, bias=False)
        self.act_fn = ACT2FN[config.hidden_act]

    def forward(self, hidden_TD: torch.Tensor) -> torch.Tensor:
        """Return the expert's output (T, D)."""
        return self.down_proj(self.act_fn(self.gate_proj(hidden_TD)) * self.up_proj(hidden_TD))  # type: ignore[no-any-return]


class HeterogeneousBlock(nn.Module):
    """The sparse layer: the weighted sum of a token's experts. Every choice is computed, whatever the load."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.gate = HeterogeneousRouter(config)
        self.experts = nn.ModuleList(HeterogeneousExpert(config, size) for size in config.expert_sizes)

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """Return the layer's output for hidden states (..., D), of the same shape.

        An expert that no token goes to is not run, so it gets no gradient.
        """
        hidden_TD = hidden_states.reshape(-1, hidden_states.shape[-1])
        _, weights_TK, chosen_TK = self.gate(hidden_TD)
        result_TD = torch.zeros_like(hidden_TD)
        for number, expert in enumerate(self.experts):
            token, place = torch.where(chosen_TK == number)
            if len(token):
                part = expert(hidden_TD[token]) * weights_TK[token, place, None]
                result_TD.index_add_(0, token, part.to(result_TD.dtype))
        return result_TD.reshape(hidden_states.shape)
