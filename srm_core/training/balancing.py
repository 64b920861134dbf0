"""Experts kept evenly used while a mixture is trained: by a loss, by smaller router logits, by a bias on selection.

Of experts that differ in size the small ones are preferred by a loss too (Wang et al. 2024, HMoE, eq. 4).

The Switch loss (Fedus et al. 2022, eq. 4 to 6) and the router z-loss (Zoph et al. 2022, eq. 5) are added to the loss of
supervised fine-tuning, each a mean over layers. Balancing without a loss (Wang et al. 2024, algorithm 1) adds a bias to
the scores by which experts are chosen, moved by a fixed rate after every batch. None of the classes of transformers
known here has a place for that bias, so it steers training alone; what its absence costs is in the report.
"""

# T tokens, N experts, K experts a token

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from ..config import TrainConfig
from ..errors import TrainingError
from ..records import TrainingRow
from .experts.active import active_in_experts, expert_parameters, widths_of
from .experts.balance import select_with_bias, switch_loss, updated_bias, z_loss
from .experts.blocks import WATCHED, Block, moe_blocks
from .experts.penalty import parameter_penalty
from .experts.report import RoutingReport
from .experts.routing import Decisions, counts_of, recorded, stacked, variation
from .experts.rows import loss_on
from .kept_state import KeptState
from .refused import unfit_balance

BIAS = "selection_bias.safetensors"
LOGGED = ("balance", "z", "load_variation", "penalty", "active_in_experts")  # the last two: of unequal experts


def balancing_of(model: Any, rows: Sequence[TrainingRow], config: TrainConfig) -> Balancing | None:
    """Return what balances and watches the experts of ``model``; None if none are known, or several processes train.

    Raises:
        TrainingError: a setting asks for balance, and there are no experts that are known.
    """
    if reason := unfit_balance(config, model.config.to_dict()):
        raise TrainingError(reason)
    known = model.config.get_text_config().model_type in WATCHED
    return Balancing(model, rows, config) if known and config.launch == "none" else None


class Balancing:
    """What balances the experts of one model in training, and reports their use on ``rows`` before and after.

    Raises:
        ModelError: the model is dense.
    """

    def __init__(self, model: Any, rows: Sequence[TrainingRow], config: TrainConfig) -> None:
        self.balance, self.z, self.rate = config.moe_balance_loss, config.moe_z_loss, config.moe_bias_rate
        self.penalty = config.moe_parameter_penalty
        self.in_loss = bool(self.balance or self.z or self.penalty)
        self.over_batches = bool(self.in_loss or self.rate)  # what is balanced is a whole batch
        self.report = RoutingReport(model, rows)
        blocks = moe_blocks(model)
        self.widths = widths_of(model)
        self.each = {block.layer: expert_parameters(block) for block in blocks if not block.fused}
        device = next(model.parameters()).device
        self.bias = {block.layer: torch.zeros(block.size, device=device) for block in blocks}
        self.counts: dict[int, list[int]] = {}
        self.hooks = [self._steer(block) for block in blocks] if self.rate else []

    def of(self, trainer_class: Any) -> Any:
        """Return ``trainer_class`` (of TRL) with the balancing losses in its loss, and the routing in its log."""
        balancing = self

        class Balanced(trainer_class):  # type: ignore[misc]
            """The trainer, with a look at the routers in every pass."""

            def compute_loss(
                self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
            ) -> Any:
                with recorded(model, with_gradients=balancing.in_loss) as seen:
                    loss = super().compute_loss(model, inputs, num_items_in_batch=num_items_in_batch)
                part, shown = balancing.added(stacked(seen, [inputs["attention_mask"]]))
                for name, value in shown.items():
                    self._metrics["train"][name].append(value)
                return loss + part if balancing.in_loss else loss

        return Balanced

    def added(self, layers: Mapping[int, Decisions]) -> tuple[torch.Tensor, dict[str, float]]:
        """Return what a batch adds to the loss, and the figures of the log, from what its routers decided."""
        even = torch.stack([switch_loss(each.logits, each.chosen) for each in layers.values()]).mean()
        large = torch.stack([z_loss(each.logits) for each in layers.values()]).mean()
        self.counts = {layer: counts_of(each) for layer, each in layers.items()}
        uneven = fmean(variation(counts) for counts in self.counts.values())
        shown = {"balance": float(even.detach()), "z": float(large.detach()), "load_variation": uneven}
        total = self.balance * even + self.z * large
        if self.widths:
            costs = [parameter_penalty(seen.logits, seen.chosen, self.widths[i]) for i, seen in layers.items()]
            penalty = torch.stack(costs).mean()
            total = total + self.penalty * penalty
            shown |= {"penalty": float(penalty.detach()), "active_in_experts": active_in_experts(layers, self.each)}
        return total, shown

    def keeper(self) -> KeptState:
        """Return the callback that moves the bias after each step and keeps it in every checkpoint."""
        return KeptState(self.save, self.load, lambda step: self.move())

    def move(self) -> None:
        """Move the bias by what the batch of the last step chose."""
        for layer, counts in self.counts.items() if self.rate else ():
            self.bias[layer].copy_(updated_bias(self.bias[layer], counts, self.rate))

    def save(self, folder: Path) -> None:
        """Keep the bias in a checkpoint, if there is one."""
        if self.rate:
            save_file({str(layer): bias.cpu() for layer, bias in self.bias.items()}, folder / BIAS)

    def load(self, checkpoint: Path) -> None:
        """Take the bias that was kept in ``checkpoint``."""
        if self.rate:
            for layer, bias in load_file(checkpoint / BIAS).items():
                self.bias[int(layer)].copy_(bias)

    def finish(self, out: Path) -> dict[str, float]:
        """Take the bias off the routers, write the report into ``out``, and return its metrics.

        From here on the model is what it will be wherever it is loaded. With a bias the metrics have the loss of the
        report's rows (nats a token) with it and without.
        """
        shown = {}
        if self.hooks:
            shown["sft_loss_with_bias"] = loss_on(self.report.model, self.report.rows)
            for hook in self.hooks:
                hook.remove()
            self.hooks = []
            shown["sft_loss_without_bias"] = loss_on(self.report.model, self.report.rows)
        return self.report.written(out, "sft") | shown

    def _steer(self, block: Block) -> Any:
        bias_N, top_k = self.bias[block.layer], block.top_k
        normalise = bool(getattr(block.router, "norm_topk_prob", True))  # Mixtral always does

        def choose(module: Any, inputs: Any, output: Any) -> Any:
            logits_TN, weights_TK, _ = output
            scores_TN = torch.softmax(logits_TN.float(), dim=-1)
            chosen_TK, new_TK = select_with_bias(scores_TN, bias_N, top_k, normalise=normalise)
            return logits_TN, new_TK.to(weights_TK.dtype), chosen_TK

        return block.router.register_forward_hook(choose)
