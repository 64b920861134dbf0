"""Steps of a method whose loss is all ours: transformers' `Trainer` accumulates, saves and goes on after a kill."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ..errors import TrainingError
from ..store import write_rows
from .checkpoints import newest_whole
from .guard import Guard, Tell, check_finite, history
from .halving import LOWER, Halving, ran_out
from .processes import averaging, count, from_first, is_first, wait
from .rows import filled
from .zero import require_same_parts, whole_weights

WARMED = 20  # steps from which a twentieth of them warms up; of fewer, the first would be spent on a rate of 0
Batch = Mapping[str, torch.Tensor]
Collate = Callable[[Sequence[Mapping[str, int]]], Batch]
# (model, batch, steps done, labelled tokens of the whole step or None) -> the batch's part of the step's loss
Loss = Callable[[Any, Batch, int, Any], torch.Tensor]


@dataclass(frozen=True)
class Pace:
    """How a run walks over its rows: ``batch`` rows a pass, ``passes`` a step, and what is kept how often.

    Several processes share the passes of a step.
    """

    batch: int
    passes: int
    learning_rate: float
    checkpoint_steps: int
    seed: int


def train_steps(
    model: Any,
    order: Sequence[int],
    collate: Collate,
    loss: Loss,
    pace: Pace,
    out: Path,
    tell: Tell,
    lower: str = LOWER,
) -> int:
    """Train over the row numbers in ``order``, save adapter and log into ``out``; return the number of steps.

    A killed run continues from its newest verified checkpoint. Where memory runs out the passes are halved, and the
    error for a single row says to lower ``lower``.

    Raises:
        TrainingError: a loss, a gradient or a weight is not finite, or there is no memory for a single row.
    """
    trainer = _trainer(model, order, collate, loss, pace, out, tell, lower)
    run(trainer, out, ("loss", "grad_norm"))
    return int(trainer.state.global_step)


def run(trainer: Any, out: Path, logged: tuple[str, ...]) -> None:
    """Train from the newest verified checkpoint in ``out``, and save the adapter and the log there.

    Of several processes the first one saves; all return when it has.

    Raises:
        TrainingError: a loss, a gradient or a weight is not finite, the checkpoint lies in other parts (ZeRO), or
            memory ran out.
    """
    checkpoint = from_first(partial(newest_whole, out))
    if checkpoint:
        require_same_parts(checkpoint, trainer.args)
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except (RuntimeError, MemoryError) as error:  # a pass has said so itself: here weights were moved or kept
        if not ran_out(error):
            raise
        raise TrainingError(f"memory ran out between two passes: lower {LOWER}; checkpoints are kept") from None
    with whole_weights(trainer.model):
        check_finite(trainer.model)
        if is_first():
            trainer.model.save_pretrained(out / "adapter")
            write_rows(out / "log.jsonl", history(trainer.state.log_history, logged))
    wait()


def _trainer(
    model: Any,
    order: Sequence[int],
    collate: Collate,
    loss: Loss,
    pace: Pace,
    out: Path,
    tell: Tell,
    lower: str,
) -> Any:
    from datasets import Dataset
    from transformers import Trainer, TrainingArguments
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    class OurLoss(Trainer):  # type: ignore[misc]
        """The trainer with the loss it was given."""

        def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **told: Any) -> torch.Tensor:
            counted = told.get("num_items_in_batch")  # of all processes, of whose gradients the mean is taken
            part = loss(model, inputs, int(self.state.global_step), counted)
            return part if counted is None else part * count()

    on_cpu = bool(next(model.parameters()).device.type == "cpu")
    settings = TrainingArguments(
        output_dir=str(out),
        per_device_train_batch_size=pace.batch,
        gradient_accumulation_steps=pace.passes // count(),
        num_train_epochs=1,  # the order holds all passes
        learning_rate=pace.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=0.05 if len(order) >= WARMED * pace.batch * pace.passes else 0,
        weight_decay=0.0,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_steps=pace.checkpoint_steps,
        save_total_limit=2,
        seed=pace.seed,
        data_seed=pace.seed,
        train_sampling_strategy="sequential",
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=False,
        remove_unused_columns=False,
        **{"use_cpu": on_cpu, **averaging(model)},
    )
    trainer = Halving(out, lower=lower).of(OurLoss)(
        model=model,
        args=settings,
        train_dataset=Dataset.from_list([{"row": number} for number in filled(order, pace.batch, count())]),
        data_collator=collate,
        callbacks=[Guard(tell)],
    )
    trainer.model_accepts_loss_kwargs = True  # else the parts of a step would be divided by their number once more
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    return trainer
