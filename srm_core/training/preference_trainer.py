"""TRL's preference trainers on rows that are tokens already: their settings, their head, and a run that can go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ..config import TrainConfig
from ..store import write_rows
from .checkpoints import newest_whole
from .guard import Guard, Tell, check_finite, history
from .head import project_labels_only
from .lora import false_alarms_silenced
from .preference_batches import Batch

LOGGED = ("loss", "grad_norm", "rewards/margins", "rewards/chosen", "rewards/rejected", "rewards/accuracies", "kl")
Collate = Callable[[Sequence[Mapping[str, int]]], Batch]


def arguments(config: TrainConfig, out: Path, model: Any) -> dict[str, Any]:
    """Return what `DPOConfig` and `KTOConfig` are given alike."""
    return {
        "output_dir": str(out),
        "beta": config.preference_beta,
        "num_train_epochs": 1,  # the order holds all passes
        "learning_rate": config.preference_learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 0.05,
        "weight_decay": 0.0,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_steps": config.checkpoint_steps,
        "save_total_limit": 2,
        "seed": config.seed,
        "data_seed": config.seed,
        "bf16": False,
        "activation_checkpointing": False,
        "max_length": None,
        "router_aux_loss_coef": 0.0,  # of experts; TRL would take the base's own
        "report_to": [],
        "disable_tqdm": True,
        "use_cpu": bool(next(model.parameters()).device.type == "cpu"),
        "dataloader_pin_memory": False,
        "remove_unused_columns": False,
    }


def run(
    trainer_class: Any,
    settings: Any,
    model: Any,
    tokenizer: Any,
    order: Sequence[int],
    collate: Collate,
    out: Path,
    tell: Tell,
) -> int:
    """Train over ``order`` from the newest verified checkpoint on, save the adapter and the log; return the steps."""
    with false_alarms_silenced():
        trainer = _trainer(trainer_class, settings, model, tokenizer, order, collate, tell)
        checkpoint = newest_whole(out)
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    check_finite(trainer.model)
    trainer.model.save_pretrained(out / "adapter", selected_adapters=["default"])  # not the reference
    write_rows(out / "log.jsonl", history(trainer.state.log_history, LOGGED))
    return int(trainer.state.global_step)


def _trainer(
    trainer_class: Any, settings: Any, model: Any, tokenizer: Any, order: Sequence[int], collate: Collate, tell: Tell
) -> Any:
    from datasets import Dataset
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    class Ready(trainer_class):  # type: ignore[misc]
        """TRL's trainer on rows that are tokens already."""

        def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
            return dataset

    trainer = Ready(
        model=model,
        args=settings,
        train_dataset=Dataset.from_list([{"row": number} for number in order]),
        data_collator=collate,
        processing_class=tokenizer,
        callbacks=[Guard(tell)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    if project_labels_only(model.get_base_model()):
        _say_mean_logits(model.get_base_model())
    return trainer


def _say_mean_logits(model: Any) -> None:
    """Give the head's output the mean logit TRL logs: 0, for nothing here reads it and its sum is not free."""
    usual = model.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        output = usual(*args, **kwargs)
        if kwargs.get("fused_lm_head"):
            output.mean_logits = torch.zeros_like(output.log_probs)
        return output

    model.forward = forward


def padding_of(tokenizer: Any) -> int:
    """Return the id that fills rows up; it is masked, so the end token does where there is none of its own."""
    return int(tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id)
