"""Expert-specialised fine-tuning: the experts that the rows use most learn, by their own weights; all else is frozen.

After Wang et al. 2024, "Let the Expert Stick to His Last" (ESFT), section 3.2. Experts are chosen layer by layer from
what the base's routers decide about the training rows, then trained on the same rows as supervised fine-tuning.
"""

# B sequences, S tokens, N labelled tokens, V vocabulary

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ..config import TrainConfig
from ..models.load import load_weights
from ..records import TrainingRow, Value
from ..store import read_records, write_atomically
from .experts.blocks import MATRICES, moe_blocks
from .experts.chosen import chosen_experts, expert_scores, train_only
from .experts.kept import keep, name_of
from .experts.report import RoutingReport
from .experts.rows import IGNORED, decisions_on, padded
from .guard import Tell
from .halving import passes_of
from .head import logits_of
from .rows import batch_order
from .steps import Pace, train_steps

SAMPLED = 32 * 4096  # tokens that experts are chosen on, as in the paper; all of them where there are fewer
REPORT = "selection.json"
log = logging.getLogger(__name__)


class LayerChoice(Value):
    """The experts of one layer that are trained, and the score of every expert."""

    layer: int
    chosen: tuple[int, ...]
    scores: tuple[float, ...]


class Selection(Value):
    """Which experts a run trains, and from what they were chosen."""

    score: str
    threshold: float
    rows: int
    tokens: int
    layers: tuple[LayerChoice, ...]

    @property
    def chosen(self) -> dict[int, tuple[int, ...]]:
        """The experts by layer."""
        return {layer.layer: layer.chosen for layer in self.layers}


class ChosenExperts(torch.nn.Module):
    """A model whose chosen experts are its only parameters, so that a trainer moves and saves those and nothing else.

    Raises:
        ModelError: the model is dense.
        ConfigError: no expert is chosen.
    """

    whole: Any
    chosen: Mapping[int, Sequence[int]]

    def __init__(self, model: Any, chosen: Mapping[int, Sequence[int]]) -> None:
        super().__init__()
        train_only(model, chosen)
        self.__dict__.update(whole=model, chosen=chosen)  # no submodule: a checkpoint would hold all of it
        blocks = {block.layer: block for block in moe_blocks(model)}
        for layer, numbers in chosen.items():
            for name in MATRICES if numbers else ():
                self.register_parameter(name_of(layer, name), getattr(blocks[layer].experts, f"{name}_chosen"))

    def forward(self, input_ids: torch.Tensor, seen: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the sum of -log p (nats) over the labelled tokens of a batch, all (B, S)."""
        counted_BS = labels != IGNORED
        logits_NV = logits_of(self.whole, input_ids, seen, counted_BS)
        wanted_N = labels[:, 1:][counted_BS[:, 1:]]
        return torch.nn.functional.cross_entropy(logits_NV, wanted_N, reduction="sum")

    def save_pretrained(self, folder: Path) -> None:
        """Write the chosen experts, and nothing else, into ``folder``."""
        keep(folder, self.whole, self.chosen, dict(self.named_parameters()))


def train_esft(base: Path, data: Path, config: TrainConfig, out: Path, tell: Tell) -> Mapping[str, float]:
    """Train the experts of ``base`` that ``data/rows.jsonl`` uses most on those rows; write them to ``out/adapter``.

    Which they are is written to ``out/selection.json`` before the first step, and read from there by a run that goes on
    after a kill. ``out/routing.json`` has the routing before and after.

    Raises:
        ModelError: the base has no experts that are known here.
        TrainingError: the loss, a gradient or a weight is not finite.
    """
    rows = list(read_records(data / "rows.jsonl", TrainingRow))
    model = load_weights(base, config.dtype)
    routing = RoutingReport(model, rows)
    selection = _selection(model, rows, config, out / REPORT)
    student = ChosenExperts(model, selection.chosen)
    lengths = [len(row.ids) for row in rows]
    order = batch_order(lengths, config.batch, config.epochs, config.seed)

    def collate(features: Sequence[Mapping[str, int]]) -> dict[str, torch.Tensor]:
        ids, labels, seen = padded([rows[feature["row"]] for feature in features], "cpu")
        return {"input_ids": ids, "labels": labels, "seen": seen}

    pace = Pace(config.batch, 1, config.esft_learning_rate, config.checkpoint_steps, config.seed)
    lower = "train.max_tokens or train.esft_threshold, or take a smaller base"
    steps = train_steps(student, order, collate, token_loss, pace, out, tell, lower)
    trained = sum(tensor.numel() for tensor in student.parameters())
    experts = sum(len(layer.chosen) for layer in selection.layers)
    log.info("esft: %d of %d experts trained", experts, sum(len(layer.scores) for layer in selection.layers))
    return {
        "esft_steps": float(steps),
        "esft_tokens": float(sum(lengths[number] for number in order)),
        "esft_experts_trained": float(experts),
        "esft_experts": float(sum(len(layer.scores) for layer in selection.layers)),
        "esft_parameters_trained": float(trained),
        **routing.written(out, "esft"),
        **passes_of(out, "esft"),
    }


def token_loss(model: Any, batch: Mapping[str, torch.Tensor], step: int, counted: Any) -> torch.Tensor:
    """Return the sum of -log p (nats) of the batch's labelled tokens, divided by ``counted``, those of the step."""
    total: torch.Tensor = model(**batch)
    return total / (int((batch["labels"][:, 1:] != IGNORED).sum()) if counted is None else counted)


def select_experts(model: Any, rows: Sequence[TrainingRow], config: TrainConfig) -> Selection:
    """Return the experts whose scores reach ``config.esft_threshold`` on a sample of ``rows``, fixed by the seed.

    All tokens of a row count, those of its prompt too: that is the text the student will meet.
    """
    sample: list[TrainingRow] = []
    tokens = 0
    for row in random.Random(config.seed).sample(list(rows), len(rows)):
        if tokens >= SAMPLED:
            break
        sample.append(row)
        tokens += len(row.ids)
    sample.sort(key=lambda row: len(row.ids))
    decisions = decisions_on(model, sample)
    chosen = chosen_experts(decisions, by=config.esft_score, p=config.esft_threshold)
    return Selection(
        score=config.esft_score,
        threshold=config.esft_threshold,
        rows=len(sample),
        tokens=tokens,
        layers=tuple(
            LayerChoice(
                layer=layer, chosen=tuple(numbers), scores=tuple(expert_scores(decisions[layer], config.esft_score))
            )
            for layer, numbers in chosen.items()
        ),
    )


def _selection(model: Any, rows: Sequence[TrainingRow], config: TrainConfig, file: Path) -> Selection:
    if file.exists():
        return Selection.model_validate_json(file.read_text(encoding="utf-8"))
    found = select_experts(model, rows, config)
    write_atomically(file, found.model_dump_json(indent=1) + "\n")
    return found
