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
from ..store import read_records
from .adalora import Ranks, adalora_model
from .balancing import LOGGED, Balancing, balancing_of
from .guard import Guard, Tell
from .halving import Halving, passes_of
from .head import project_labels_only
from .lora import starting_model
from .processes import averaging, count
from .rows import NOTHING, batch_order, filled
from .steps import run
from .zero import zero_settings

IGNORED = -100
log = logging.getLogger(__name__)


def train_sft(base: Path, data: Path, config: TrainConfig, out: Path, tell: Tell) -> Mapping[str, float]:
    """Train the adapter in ``data/adapter`` (or a new one) on ``data/rows.jsonl`` into ``out/adapter``.

    A killed run continues from its newest verified checkpoint. On a mixture of experts ``out/routing.json`` has the use
    of the experts before and after. In a group of processes each takes its share of every
    batch; the loss is the mean over the trained tokens of the whole batch, however it is shared.
    One process halves its passes where memory runs out (`halving`). With ``config.adapter = 'adalora'`` a new adapter
    loses ranks meanwhile; it is written as LoRA, and ``out/ranks.jsonl`` has the rank of each layer.

    Raises:
        TrainingError: the loss, a gradient or a weight is not finite, or there is no memory for a single row.
    """
    from datasets import Dataset

    rows = list(read_records(data / "rows.jsonl", TrainingRow))
    order = batch_order([len(row.ids) for row in rows], config.batch, config.epochs, config.seed)
    each = config.batch // (config.accumulation * count())  # rows of one process in one pass
    last = rows[order[-1]].ids  # a short one instead made ZeRO-3 wait without end beside a long one
    nothing = {"input_ids": list(last), "labels": [IGNORED] * len(last)}
    dataset = Dataset.from_list(
        [nothing if number == NOTHING else _features(rows[number]) for number in filled(order, each, count())]
    )
    tokenizer = load_tokenizer(base)
    adapting = config.adapter == "adalora" and not (data / "adapter").exists()
    steps = -(-len(order) // config.batch)
    model = adalora_model(base, config, steps) if adapting else starting_model(base, data, config)
    ranks = Ranks(model, config) if adapting else None
    experts = balancing_of(model, rows, config)
    parts = [part for part in (ranks, experts) if part]
    trainer = _trainer(model, tokenizer, dataset, each, config, out, tell, parts)
    started = time.monotonic()
    run(trainer, out, ("loss", "grad_norm", "mean_token_accuracy", *LOGGED))
    tokens = sum(len(rows[number].ids) for number in order)
    log.info("sft: %d tokens, %.0f tokens/s", tokens, tokens / max(time.monotonic() - started, 1e-9))
    found = {name: value for part in parts for name, value in part.finish(out).items()} | passes_of(out, "sft")
    return {"sft_tokens": float(tokens), "sft_steps": float(trainer.state.max_steps), **found}


def _features(row: TrainingRow) -> dict[str, Sequence[int]]:
    labels = [token if trained else IGNORED for token, trained in zip(row.ids, row.mask, strict=True)]
    return {"input_ids": list(row.ids), "labels": labels}


def _trainer(
    model: Any,
    tokenizer: Any,
    dataset: Any,
    each: int,
    config: TrainConfig,
    out: Path,
    tell: Tell,
    parts: Sequence[Ranks | Balancing],
) -> Any:
    from torch.utils.data import SequentialSampler
    from trl import SFTConfig, SFTTrainer

    class InOrder(SFTTrainer):  # type: ignore[misc]
        """TRL's trainer with our order of batches, which a resumed run continues exactly."""

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return SequentialSampler(train_dataset if train_dataset is not None else self.train_dataset)

    settings = SFTConfig(
        output_dir=str(out),
        per_device_train_batch_size=each,
        gradient_accumulation_steps=config.accumulation,
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
        router_aux_loss_coef=0.0,  # experts are balanced as the settings say, not as TRL would by default
        dataset_kwargs={"skip_prepare_dataset": True},
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=False,
        remove_unused_columns=False,
        **{"use_cpu": _on_cpu(model), **averaging(model), **zero_settings(config)},
    )
    trainer_class: Any = InOrder
    for part in parts:
        trainer_class = part.of(trainer_class)
    whole = "balances experts" if any(part.over_batches for part in parts) else ""
    trainer = Halving(out, whole=whole).of(trainer_class)(
        model=model,
        args=settings,
        train_dataset=dataset,
        processing_class=tokenizer,
        callbacks=[*(part.keeper() for part in parts), Guard(tell)],
    )
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    project_labels_only(model.get_base_model())
    return trainer


def _on_cpu(model: Any) -> bool:
    return bool(next(model.parameters()).device.type == "cpu")
