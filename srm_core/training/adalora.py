"""AdaLoRA: ranks are taken from the layers in which the loss is least sensitive to them, while sft trains.

Zhang et al. 2023 (AdaLoRA), by peft: an update is P E Q with a diagonal E, and of all layers' triplets (a column of P,
a number of E, a row of Q) the least important ones have their number set to 0. Importance is eq. 7 to 11, the budget
that is left at step t of T eq. 12 as peft has it: it falls from step t_i to T - t_f by the cube of
1 - (t - t_i) / (T - t_i - t_f). What is left at the end is written as an ordinary LoRA adapter: B = P, A = E Q.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from ..config import TrainConfig
from ..errors import TrainingError
from ..models.load import load_weights
from ..store import write_rows
from .kept_state import KeptState
from .lora import false_alarms_silenced
from .refused import unfit_adapter
from .triplets import layers_of, orthogonality, pair_of, save_as_lora

IMPORTANCE = "importance.safetensors"
RANKS = "ranks.jsonl"
BETA = 0.85  # of both moving averages, as in the paper's experiments
_AVERAGES = ("ipt", "exp_avg_ipt", "exp_avg_unc")  # peft's names of I, its average, and U


def adalora_model(base: Path, config: TrainConfig, steps: int) -> Any:
    """Return the base with ``config.adalora_start_r`` triplets on every linear layer, for a run of ``steps`` steps.

    Raises:
        TrainingError: the base is a mixture of experts, or the steps are too few.
    """
    from peft import AdaLoraConfig, get_peft_model

    last = int(config.adalora_settle * steps)
    if steps - last < 2:  # the last rank is taken by what the steps before have shown
        raise TrainingError(
            f"train.adapter = 'adalora': sft has {steps} steps, {last} of them after the last rank is taken, and ranks "
            "cannot be taken in one; raise train.epochs or lower train.batch"
        )
    model = load_weights(base, config.dtype)
    if reason := unfit_adapter("adalora", model.config.to_dict()):
        raise TrainingError(reason)
    torch.manual_seed(config.seed)
    settings = AdaLoraConfig(
        init_r=config.adalora_start_r,
        target_r=config.lora_r,
        lora_alpha=config.lora_alpha,
        tinit=int(config.adalora_warmup * steps),
        tfinal=last,
        deltaT=config.adalora_every,
        total_step=steps,
        beta1=BETA,
        beta2=BETA,
        orth_reg_weight=0.0,  # TRL does not take the loss that peft would add it to
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    with false_alarms_silenced():
        return get_peft_model(model, settings)


class Ranks:
    """What takes the ranks of one model (`adalora_model`) in training, and keeps their importance in checkpoints."""

    over_batches = False  # a batch may pass in parts

    def __init__(self, model: Any, config: TrainConfig) -> None:
        self.model, self.weight = model, config.adalora_orthogonality
        self.allocator = model.base_model.rankallocator
        self.pattern: dict[str, list[bool]] | None = None  # triplets that are left, once some have been taken

    def of(self, trainer_class: Any) -> Any:
        """Return ``trainer_class`` (of TRL) with the orthogonality of P and Q in its loss, once a step."""
        ranks = self

        class Orthogonal(trainer_class):  # type: ignore[misc]
            """The trainer; each pass adds its share, that of its labelled tokens in the step's."""

            def compute_loss(
                self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
            ) -> Any:
                loss = super().compute_loss(model, inputs, num_items_in_batch=num_items_in_batch)
                tokens = (inputs["labels"][:, 1:] != -100).sum()
                share = 1.0 if num_items_in_batch is None else tokens / num_items_in_batch
                return loss + ranks.weight * share * orthogonality(ranks.model)

        return Orthogonal

    def keeper(self) -> KeptState:
        """Return the callback that takes ranks after each step and keeps their importance in every checkpoint."""
        return KeptState(self.save, self.load, self.allocate)

    def allocate(self, step: int) -> None:
        """Average the importance of every weight over the gradients there are, and set what is not left to 0.

        peft would save only the triplets that are left, of which some may come back: it is told of them here alone.
        """
        settings = self.model.peft_config["default"]
        settings.rank_pattern = self.pattern
        self.model.base_model.update_and_allocate(step)
        self.pattern, settings.rank_pattern = settings.rank_pattern, None

    def save(self, folder: Path) -> None:
        """Keep importance and the triplets that are left in a checkpoint."""
        kept = {f"{kind}/{name}": t for kind in _AVERAGES for name, t in getattr(self.allocator, kind).items()}
        left = {f"left/{name}": torch.tensor(each) for name, each in (self.pattern or {}).items()}
        save_file({name: tensor.cpu().contiguous() for name, tensor in {**kept, **left}.items()}, folder / IMPORTANCE)

    def load(self, checkpoint: Path) -> None:
        """Take what was kept in ``checkpoint``."""
        device = next(self.model.parameters()).device
        self.allocator.reset_ipt()
        pattern = {}
        for key, tensor in load_file(checkpoint / IMPORTANCE).items():
            kind, _, name = key.partition("/")
            if kind == "left":
                pattern[name] = tensor.tolist()
            else:
                getattr(self.allocator, kind)[name] = tensor.to(device)
        self.pattern = pattern or None

    def finish(self, out: Path) -> dict[str, float]:
        """Write the LoRA adapter that the triplets amount to and the rank of every layer; return the ranks' metrics."""
        parts = {name: pair_of(layer) for name, layer in layers_of(self.model).items()}
        ranks = {name: len(down) for name, (down, _) in parts.items()}
        write_rows(out / RANKS, [{"layer": name, "rank": rank} for name, rank in ranks.items()])
        shutil.rmtree(out / "adapter", ignore_errors=True)
        save_as_lora(parts, self.model.peft_config["default"], out / "adapter")
        found = list(ranks.values())
        return {"sft_rank_mean": fmean(found), "sft_rank_least": float(min(found)), "sft_rank_most": float(max(found))}
