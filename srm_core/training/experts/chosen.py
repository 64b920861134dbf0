"""Expert-specialised fine-tuning: find the experts that a task uses, train those, freeze everything else.

After: Wang et al. 2024, "Let the Expert Stick to His Last" (ESFT), section 3.2.
"""

# L layers, N experts, K experts a token, C chosen experts of a layer

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch

from ...errors import ConfigError, ModelError
from .blocks import MATRICES, Block, moe_blocks
from .routing import Decisions, counts_of

Score = Literal["gate", "token"]


def expert_scores(seen: Decisions, by: Score) -> list[float]:
    """Return the score of each of the N experts of one layer on the task's tokens.

    ``token``: the share of the choices that went to the expert; the scores sum to one. ``gate``: the mean over
    tokens of its weight, 0 where it is not chosen; they sum to one only if the model normalises its weights.
    The paper averages over samples of equal length, which is the mean over all their tokens.
    """
    tokens = max(1, len(seen.chosen))
    if by == "token":
        return [count / (tokens * seen.chosen.shape[1]) for count in counts_of(seen)]
    experts = seen.logits.shape[1]
    total = torch.zeros(experts, dtype=torch.float64, device=seen.weights.device)
    total.index_add_(0, seen.chosen.reshape(-1), seen.weights.reshape(-1).double())
    return [float(x) / tokens for x in total]


def select(scores: Sequence[float], p: float) -> list[int]:
    """Return the fewest experts, best first, whose scores sum to at least ``p``; all of them if none suffice.

    Of equal scores the lower number comes first. 1e-9 is forgiven, so that 0.1 + 0.1 reaches 0.2.

    Raises:
        ConfigError: not 0 < p <= 1.
    """
    if not 0 < p <= 1:
        raise ConfigError(f"threshold p = {p}: it is a share of the scores, above 0 and at most 1, e.g. 0.2")
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    total = 0.0
    for place, expert in enumerate(order, 1):
        total += scores[expert]
        if total >= p - 1e-9:
            return order[:place]
    return order


def chosen_experts(decisions: Mapping[int, Decisions], *, by: Score, p: float) -> dict[int, list[int]]:
    """Return the experts to train by layer, from the router's decisions on a sample of the task."""
    return {layer: sorted(select(expert_scores(seen, by), p)) for layer, seen in sorted(decisions.items())}


def train_only(model: Any, chosen: Mapping[int, Sequence[int]]) -> list[torch.nn.Parameter]:
    """Freeze ``model`` but for the chosen experts of each layer, and return what is left to train.

    transformers keeps the experts of a layer in one tensor, and an optimizer with weight decay or momentum moves all of
    a tensor, masked gradients or not. So the chosen slices become parameters of their own, (C, ...), and the whole
    tensor is put together anew in each forward pass; the others are no parameters any more and cannot move by a bit.
    `fold` writes the slices back; call it before the model is saved.

    Raises:
        ModelError: the model is dense, or its experts are unequal.
        ConfigError: a layer or an expert is not there, or none is chosen at all.
    """
    blocks = {block.layer: block for block in moe_blocks(model)}
    if not all(block.fused for block in blocks.values()):
        raise ModelError("unequal experts are in no tensor that could be sliced; esft does not train them")
    _check(blocks, chosen)
    for tensor in model.parameters():
        tensor.requires_grad_(False)
    return [
        _split(blocks[layer].experts, name, sorted(set(experts)))
        for layer, experts in sorted(chosen.items())
        if experts
        for name in MATRICES
    ]


def fold(model: Any) -> None:
    """Write the trained slices back and make ``model`` an ordinary one again, all of it frozen."""
    for block in moe_blocks(model):
        for name in MATRICES:
            if f"{name}_chosen" in block.experts._parameters:
                _join(block.experts, name)


def _check(blocks: Mapping[int, Block], chosen: Mapping[int, Sequence[int]]) -> None:
    if not any(chosen.values()):
        raise ConfigError("no expert is chosen, so there is nothing to train; raise the threshold p")
    for layer, experts in chosen.items():
        if layer not in blocks:
            raise ConfigError(f"layer {layer} has no experts; layers that have: {', '.join(map(str, blocks))}")
        if wrong := [expert for expert in experts if not 0 <= expert < blocks[layer].size]:
            raise ConfigError(f"layer {layer} has no expert {wrong[0]}; its experts are 0 to {blocks[layer].size - 1}")
        if f"{MATRICES[0]}_chosen" in blocks[layer].experts._parameters:
            raise ConfigError("the experts of this model are chosen already; call fold() before choosing anew")


def _split(experts: Any, name: str, numbers: Sequence[int]) -> torch.nn.Parameter:
    whole = experts._parameters.pop(name).data
    place = torch.tensor(numbers, device=whole.device)
    own = torch.nn.Parameter(whole[place].clone())
    experts.register_buffer(f"{name}_frozen", whole, persistent=False)
    experts.register_buffer(f"{name}_place", place, persistent=False)
    experts.register_parameter(f"{name}_chosen", own)

    def compose(module: Any, _: Any) -> None:
        frozen, at = getattr(module, f"{name}_frozen"), getattr(module, f"{name}_place")
        module.__dict__[name] = frozen.index_copy(0, at, getattr(module, f"{name}_chosen"))

    experts._esft = {**experts.__dict__.get("_esft", {}), name: experts.register_forward_pre_hook(compose)}
    return own


def _join(experts: Any, name: str) -> None:
    experts._esft.pop(name).remove()
    experts.__dict__.pop(name, None)
    whole, place = experts._buffers.pop(f"{name}_frozen"), experts._buffers.pop(f"{name}_place")
    whole.index_copy_(0, place, experts._parameters.pop(f"{name}_chosen").data)
    experts.register_parameter(name, torch.nn.Parameter(whole, requires_grad=False))
