"""Supervised fine-tuning: TRL's `SFTTrainer` over rows whose ids and masks we made ourselves."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..config import TrainConfig
from ..models.load import load_tokenizer
from ..records import TrainingRow
from ..store import read_records, write_rows
from .checkpoints import newest_whole
from .guard import Guard, Tell, check_finite, history
from .head import project_labels_only
from .lora import starting_model
from .rows import batch_order

IGNORED = -100
log = logging.getLogger(__name__)


def train_sft(base: Path, data: Path, config: TrainConfig, out: Path, tell: Tell) -> Mapping[str, float]:
    """Train the adapter in ``data/adapter`` (or a new one) on ``data/rows.jsonl`` into ``out/adapter``.

    A killed run continues from its newest verified checkpoint.

    Raises:
        TrainingError: the loss, a gradient or a weight is not finite.
    """
    from datasets import Dataset

    rows = list(read_records(data / "rows.jsonl", TrainingRow))
    order = batch_order([len(row.ids) for row in rows], config.batch, config.epochs, config.seed)
    dataset = Dataset.from_list([_features(rows[number]) for number in order])
    tokenizer = load_tokenizer(base)
    trainer = _trainer(starting_model(base, data, config), tokenizer, dataset, config, out, tell)
    checkpoint = newest_whole(out)
    started = time.monotonic()
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    check_finite(trainer.model)
    trainer.model.save_pretrained(out / "adapter")
    write_rows(out / "log.jsonl", history(trainer.state.log_history, ("loss", "grad_norm", "mean_token_accuracy")))
    tokens = sum(len(rows[number].ids) for number in order)
    log.info("sft: %d tokens, %.0f tokens/s", tokens, tokens / max(time.monotonic() - started, 1e-9))
    return {"sft_tokens": float(tokens), "sft_steps": float(trainer.state.max_steps)}


def _features(row: TrainingRow) -> dict[str, Sequence[int]]:
    labels = [token if trained else IGNORED for token, trained in zip(row.ids, row.mask, strict=True)]
    return {"input_ids": list(row.ids), "labels": labels}


def _trainer(model: Any, tokenizer: Any, dataset: Any, config: TrainConfig, out: Path, tell: Tell) -> Any:
    from torch.utils.data import SequentialSampler
    from trl import SFTConfig, SFTTrainer

    class InOrder(SFTTrainer):  # type: ignore[misc]
        """TRL's trainer with our order of batches, which a resumed run continues exactly."""

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return SequentialSampler(train_dataset if train_dataset is not None else self.train_dataset)

    settings = SFTConfig(
        output_dir=str(out),
        per_device_train_batch_size=config.batch,
        num_train_epochs=1,
        learning_rate=config.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=0.05,
        weight_decay=0.0,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_steps=config.checkpoint_steps,
        save_total_limit=2,
        seed=config.seed,
        data_seed=config.seed,
        bf16=False,
        activation_checkpointing=False,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        report_to=[],
        disable_tqdm=True,
        use_cpu=_on_cpu(model),
        dataloader_pin_memory=False,
        remove_unused_columns=False,
    )
    trainer = InOrder(
        model=model, args=settings, train_dataset=dataset, processing_class=tokenizer, callbacks=[Guard(tell)]
    )
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    project_labels_only(model.get_base_model())
    return trainer


def _on_cpu(model: Any) -> bool:
    return bool(next(model.parameters()).device.type == "cpu")
