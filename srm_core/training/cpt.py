"""Continued pretraining: the base reads the corpus before it is taught to answer.

After Gururangan et al. 2020 (Don't stop pretraining), section 3, with an adapter in place of all weights: the language
model's own loss on every token of the domain's passages. What it costs elsewhere is measured with it.
"""

# T tokens, V vocabulary

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ..config import TrainConfig
from ..models.load import load_tokenizer
from ..records import Chunk
from ..store import read_records, write_records
from .guard import Tell
from .lora import false_alarms_silenced, starting_model, with_adapter
from .passages import IGNORED, as_batch, can_be_packed, encode, hold_back, nothing, pack
from .perplexity import general_texts, perplexity
from .processes import from_first, is_first
from .rows import NOTHING, batch_order
from .steps import Pace, train_steps

MEASURED = 64  # held-back passages that perplexity is taken of, at most
log = logging.getLogger(__name__)


def train_cpt(base: Path, data: Path, config: TrainConfig, out: Path, tell: Tell) -> Mapping[str, float]:
    """Train the adapter in ``data/adapter`` (or a new one) on ``data/passages.jsonl`` into ``out/adapter``.

    The rows are kept in ``out/packs.jsonl``, what was held back in ``out/held-back.jsonl``. The metrics give the
    perplexity of held-back passages and of 100 general questions with their answers, before and after. In a group of
    processes the first measures, and gives them; the others give none.

    Raises:
        TrainingError: there are too few passages, or a loss, a gradient or a weight is not finite.
    """
    tokenizer = load_tokenizer(base)
    kept, held = hold_back(list(read_records(data / "passages.jsonl", Chunk)))
    model = starting_model(base, data, config)
    together = can_be_packed(model.config.get_text_config())
    packs = pack(kept, tokenizer, config.max_tokens, config.seed, together=together)
    if is_first():
        write_records(out / "packs.jsonl", packs)
        write_records(out / "held-back.jsonl", held)
    domain = [encode(tokenizer, chunk)[: config.max_tokens] for chunk in held[:MEASURED]]
    general = general_texts(tokenizer)
    before = from_first(lambda: _measured(model, domain, general))
    lengths = [sum(map(len, row.ids)) for row in packs]
    order = batch_order(lengths, config.batch, config.cpt_epochs, config.seed)

    def collate(features: Sequence[Mapping[str, int]]) -> Mapping[str, torch.Tensor]:
        number = features[0]["row"]
        return nothing(packs[0]) if number == NOTHING else as_batch(packs[number])

    pace = Pace(1, config.batch, config.cpt_learning_rate, config.checkpoint_steps, config.seed)
    with false_alarms_silenced():
        steps = train_steps(model, order, collate, token_loss, pace, out, tell)
    if not is_first():
        return {}
    after = _measured(with_adapter(base, out / "adapter", trainable=False, dtype=config.dtype), domain, general)
    for name in before:
        log.info("cpt: %s perplexity %.2f, was %.2f", name, after[name], before[name])
    return {
        "cpt_steps": float(steps),
        "cpt_tokens": float(sum(lengths[number] for number in order)),
        "cpt_passages": float(len(kept)),
        "cpt_passages_held_back": float(len(held)),
        **{f"cpt_{name}_perplexity_before": value for name, value in before.items()},
        **{f"cpt_{name}_perplexity_after": value for name, value in after.items()},
    }


def token_loss(model: Any, batch: Mapping[str, torch.Tensor], step: int, counted: Any) -> torch.Tensor:
    """Return the sum of -log p (nats) of all labelled tokens, divided by ``counted``, those of the whole step."""
    given = {"input_ids": batch["input_ids"], "position_ids": batch["position_ids"]}
    logits_TV = model(**given, use_cache=False).logits[0, :-1].float()  # with a cache, pieces would see one another
    labels_T = batch["labels"][0, 1:]
    total = torch.nn.functional.cross_entropy(logits_TV, labels_T, ignore_index=IGNORED, reduction="sum")
    return total / (int((labels_T != IGNORED).sum()) if counted is None else counted)


def _measured(model: Any, domain: Sequence[Sequence[int]], general: Sequence[Sequence[int]]) -> dict[str, float]:
    return {"domain": perplexity(model, domain), "general": perplexity(model, general)}
