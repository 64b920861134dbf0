"""The student's own judged answers to problems, kept batch by batch so that a killed run does not ask again."""

from __future__ import annotations

import gc
import logging
from collections.abc import Sequence
from pathlib import Path

from ..config import TrainConfig
from ..inference.local import TransformersModel
from ..models.load import load_tokenizer, load_weights
from ..prompts import conversation
from ..records import Attempt, Problem, Sampling
from ..store import read_records, write_records
from .lora import merged
from .rewards import Judge

log = logging.getLogger(__name__)
ASKED_AT_ONCE = 16


def student_attempts(
    base: Path,
    adapter: Path,
    problems: Sequence[Problem],
    config: TrainConfig,
    folder: Path,
    *,
    judge: Judge,
    system: str,
    arm: str,
) -> list[Attempt]:
    """Return ``config.preference_samples`` judged answers to each problem, drawn from the base with ``adapter``.

    A folder ``adapter`` that does not exist means the base alone. A batch whose file is in ``folder`` is not asked
    again.

    Raises:
        TrainingError: more than 5 % of at least 100 answers could not be scored.
    """
    folder.mkdir(parents=True, exist_ok=True)
    batches = [problems[start : start + ASKED_AT_ONCE] for start in range(0, len(problems), ASKED_AT_ONCE)]
    files = [folder / f"batch-{number:05d}.jsonl" for number in range(len(batches))]
    model: TransformersModel | None = None
    for batch, file in zip(batches, files, strict=True):
        if file.exists():
            continue
        model = model or _student(base, adapter, config)
        write_records(file, _answers(model, batch, config, judge=judge, system=system, arm=arm))
        log.info("%s: %s asked of %d problems", arm, file.stem, len(problems))
    del model
    gc.collect()  # before the model that is trained comes into memory
    attempts = [attempt for file in files for attempt in read_records(file, Attempt)]
    for attempt in attempts:
        judge.total(attempt)  # stops the run where too many could not be scored
    return attempts


def _student(base: Path, adapter: Path, config: TrainConfig) -> TransformersModel:
    model = merged(base, adapter) if adapter.exists() else load_weights(base, config.dtype)
    return TransformersModel("student", model, load_tokenizer(base))


def _answers(
    model: TransformersModel, problems: Sequence[Problem], config: TrainConfig, *, judge: Judge, system: str, arm: str
) -> list[Attempt]:
    sampling = Sampling(
        n=config.preference_samples,
        max_tokens=config.rl_max_tokens,
        temperature=config.rl_temperature,
        seed=config.seed * 100_003 - 2,  # a step of reinforcement adds its number, its candidates take - 1
    )
    turns = [conversation(system, problem, problem.evidence) for problem in problems]
    return [
        judge.judge(problem, completion, model=model.ref, arm=arm, sampling=sampling, index=k)
        for problem, completions in zip(problems, model.generate(turns, sampling), strict=True)
        for k, completion in enumerate(completions)
    ]
