"""White-box on-policy distillation: the student is corrected by a teacher's probabilities on what it says itself.

After Agarwal et al. 2024 (GKD), algorithm 1: each step learns from the student's own answers with probability lambda,
else from the accepted attempts of the supervised rows. No gradient flows through the sampling. The answers are the
student's present ones; what the calculator wrote has no part in the divergence.
"""

# B sequences, T tokens, N counted tokens, V vocabulary

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ..config import TrainConfig
from ..distillation.one_pass import UNJUDGED
from ..errors import TrainingError
from ..inference.local import TransformersModel
from ..models.load import load_tokenizer, load_weights
from ..prompts import conversation
from ..records import Attempt, Problem, Sampling, TrainingRow
from ..store import read_records, write_records
from .guard import Tell
from .halving import passes_of
from .head import logits_of
from .lora import false_alarms_silenced, merged_weights, starting_model
from .objectives.divergences import generalized_jsd
from .rows import batch_order
from .steps import Pace, train_steps
from .teachers import open_teacher

LOWER = "train.max_tokens, train.rl_max_tokens or train.lora_r, or take smaller models"
MEASURED = 16  # rows on which the divergence is measured before and after
Shown = tuple[Sequence[int], Sequence[bool]]  # ids of a prompt with its answer, and which of them count
log = logging.getLogger(__name__)


def train_gkd(
    base: Path, data: Path, config: TrainConfig, out: Path, *, system: str, tell: Tell
) -> Mapping[str, float]:
    """Continue the adapter in ``data/adapter`` (or a new one) towards ``config.gkd_teacher``, into ``out/adapter``.

    The student's own answers to ``data/problems.jsonl`` are kept in ``out/samples/step-N.jsonl``. The metrics give the
    mean divergence (nats a token) on the first rows, before and after.

    Raises:
        TrainingError: there is no problem for the student's own answers, or something is not finite.
    """
    lessons = Lessons(base, data, config, system, out / "samples")
    teacher = open_teacher(config.gkd_teacher, config.dtype)
    model = starting_model(base, data, config)
    padding = lessons.tokenizer.eos_token_id

    def loss(model: Any, batch: Mapping[str, torch.Tensor], step: int, counted: Any) -> torch.Tensor:
        shown = lessons.of(step, model)
        tokens = sum(sum(mask[1:]) for _, mask in shown)
        part = [shown[int(row) % config.batch] for row in batch["row"]]
        return divergence(model, teacher, part, config.gkd_beta, padding).sum() / tokens

    def collate(features: Sequence[Mapping[str, int]]) -> dict[str, torch.Tensor]:
        return {"row": torch.tensor([feature["row"] for feature in features])}

    measured = [(row.ids, row.mask) for row in lessons.rows[:MEASURED]]

    def distance() -> float:
        with torch.no_grad():
            parts = [divergence(model, teacher, [each], config.gkd_beta, padding) for each in measured]
        return float(torch.cat(parts).mean())

    before = distance()
    pace = Pace(config.batch, 1, config.gkd_learning_rate, config.checkpoint_steps, config.seed)
    order = range(config.gkd_steps * config.batch)  # a step's sequences, by their number among all
    with false_alarms_silenced():
        steps = train_steps(model, order, collate, loss, pace, out, tell, LOWER)
    after = distance()
    log.info("gkd: divergence from the teacher %.4f nats a token, was %.4f", after, before)
    own = sum(lessons.is_own)
    return {
        "gkd_steps": float(steps),
        "gkd_steps_on_own_answers": float(own),
        "gkd_divergence_before": before,
        "gkd_divergence_after": after,
        **passes_of(out, "gkd"),
    }


class Lessons:
    """What each step learns from: a function of the step, the settings and the student's weights alone."""

    def __init__(self, base: Path, data: Path, config: TrainConfig, system: str, folder: Path) -> None:
        self.config, self.system, self.folder = config, system, folder
        self.tokenizer = load_tokenizer(base)
        self.rows = list(read_records(data / "rows.jsonl", TrainingRow))
        self.problems = list(read_records(data / "problems.jsonl", Problem))
        draw = random.Random(config.seed)
        self.is_own = [draw.random() < config.gkd_on_policy for _ in range(config.gkd_steps)]
        if any(self.is_own) and not self.problems:
            raise TrainingError(
                "gkd: there is no problem to answer; raise train.rl_steps or set train.gkd_on_policy to 0"
            )
        needed = config.gkd_steps * config.batch / len(self.rows)
        self.order = batch_order([len(row.ids) for row in self.rows], config.batch, max(1.0, needed + 1), config.seed)
        self.present: tuple[int, list[Shown]] = (-1, [])  # a step and its sequences, which its passes share
        self.student: TransformersModel | None = None
        if any(self.is_own):
            self.student = TransformersModel("student", load_weights(base, config.dtype), self.tokenizer)
        folder.mkdir(parents=True, exist_ok=True)

    def of(self, step: int, model: Any) -> list[Shown]:
        """Return the sequences of ``step``: the student's own, drawn with the weights of ``model``, or rows."""
        if self.present[0] != step:
            self.present = (step, self._of(step, model))
        return self.present[1]

    def _of(self, step: int, model: Any) -> list[Shown]:
        before = sum(self.is_own[:step])
        if self.is_own[step]:
            return self._own(step, before * self.config.batch, model)
        start = (step - before) * self.config.batch
        return [(self.rows[i].ids, self.rows[i].mask) for i in self.order[start : start + self.config.batch]]

    def _own(self, step: int, start: int, model: Any) -> list[Shown]:
        assert self.student is not None
        self.student.update_weights(merged_weights(model))
        settings = self.config
        asked = [self.problems[(start + n) % len(self.problems)] for n in range(settings.batch)]
        sampling = Sampling(
            max_tokens=settings.rl_max_tokens,
            temperature=settings.rl_temperature,
            seed=settings.seed * 100_003 + step,
        )
        turns = [conversation(self.system, problem, problem.evidence) for problem in asked]
        attempts = [
            Attempt(
                parents=(problem.id,),
                problem=problem.id,
                model="student",
                arm=f"step-{step}",
                sampling=sampling,
                index=n,
                completion=completions[0],
                evidence=problem.evidence,
                verdict=UNJUDGED,
            )
            for n, (problem, completions) in enumerate(zip(asked, self.student.generate(turns, sampling), strict=True))
        ]
        write_records(self.folder / f"step-{step:05d}.jsonl", attempts)
        said = [attempt.completion for attempt in attempts]
        return [((*c.prompt_ids, *c.token_ids), (*(False for _ in c.prompt_ids), *c.mask)) for c in said]


def divergence(student: Any, teacher: Any, shown: Sequence[Shown], beta: float, padding: int) -> torch.Tensor:
    """Return the generalized Jensen-Shannon divergence at each counted token of the sequences, shape (N,), nats.

    Where one of the two has rows of padding at the end of its vocabulary, the other's size is taken.
    """
    width = max(len(ids) for ids, _ in shown)
    device = next(student.parameters()).device
    ids_BT = torch.tensor([[*ids, *[padding] * (width - len(ids))] for ids, _ in shown], device=device)
    seen_BT = torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids, _ in shown], device=device)
    mask_BT = torch.tensor([[*mask, *[False] * (width - len(mask))] for _, mask in shown], device=device)
    own_NV = logits_of(student.get_base_model(), ids_BT, seen_BT, mask_BT)
    with torch.no_grad():
        other_NV = logits_of(teacher, ids_BT, seen_BT, mask_BT)
    size = min(own_NV.shape[1], other_NV.shape[1])
    return generalized_jsd(own_NV[:, :size].log_softmax(-1), other_NV[:, :size].log_softmax(-1), beta)
