"""Preference training on the student's own right and wrong answers, by TRL's `DPOTrainer` and `KTOTrainer`.

After Rafailov et al. 2023 (DPO), eq. 7, and Ethayarajh et al. 2024 (KTO), eq. 7 and 8; TRL computes these losses as the
papers have them (see `objectives.dpo` and `objectives.kto`, with which they are compared by test). Rows, masks, batches
and the mismatched answers of KTO's reference point are ours. The reference is the student as it is at the start.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from ..config import TrainConfig
from ..errors import TrainingError
from ..models.load import load_tokenizer
from ..records import Problem
from ..store import read_records, write_records
from .attempts import student_attempts
from .guard import Tell
from .lora import starting_model
from .objectives.kto import balanced_weights
from .pairs import Answer, make_answers, make_pairs
from .preference_batches import Batch, answer_batch, pair_batch, unlike_order
from .preference_trainer import arguments, padding_of, run
from .rewards import Judge
from .rows import batch_order

log = logging.getLogger(__name__)


def train_dpo(
    base: Path, data: Path, config: TrainConfig, out: Path, *, judge: Judge, system: str, tell: Tell
) -> Mapping[str, float]:
    """Continue the adapter in ``data/adapter`` (or a new one) on pairs of the student's answers, into ``out/adapter``.

    The problems are those of ``data/problems.jsonl``; the answers are kept in ``out/attempts``, the pairs in
    ``out/pairs.jsonl``.

    Raises:
        TrainingError: there is no pair, too many answers could not be scored, or something is not finite.
    """
    answers, dropped = _answers("dpo", base, data, config, out, judge, system)
    pairs, unpaired = make_pairs(answers)
    dropped += unpaired
    if not pairs:
        raise TrainingError(
            f"dpo: no problem was both solved and missed in {config.preference_samples} answers, so there is no pair "
            f"to learn from ({_reasons(dropped)}); raise train.preference_samples or train.rl_temperature, or leave "
            "dpo out of train.methods"
        )
    write_records(out / "pairs.jsonl", pairs)
    chosen, rejected = fmean(len(p.chosen.ids) for p in pairs), fmean(len(p.rejected.ids) for p in pairs)
    log.info("dpo: %d pairs; chosen answers have %.1f tokens, rejected %.1f", len(pairs), chosen, rejected)
    tokenizer = load_tokenizer(base)
    padding = padding_of(tokenizer)
    step = max(1, config.batch // 2)  # two sequences a pair
    lengths = [len(pair.chosen.prompt) + len(pair.chosen.ids) + len(pair.rejected.ids) for pair in pairs]
    order = batch_order(lengths, step, config.preference_epochs, config.seed)

    def collate(features: Sequence[Mapping[str, int]]) -> Batch:
        return pair_batch([pairs[feature["row"]] for feature in features], padding)

    from trl import DPOConfig, DPOTrainer

    own = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": step}  # a pair's prompt passes once
    model = starting_model(base, data, config)
    settings = DPOConfig(**arguments(config, out, model), **own, train_sampling_strategy="sequential")
    steps = run(DPOTrainer, settings, model, tokenizer, order, collate, out, tell)
    counts = {"steps": steps, "pairs": len(pairs), "chosen_tokens": chosen, "rejected_tokens": rejected}
    return _metrics("dpo", counts, dropped)


def train_kto(
    base: Path, data: Path, config: TrainConfig, out: Path, *, judge: Judge, system: str, tell: Tell
) -> Mapping[str, float]:
    """Continue the adapter in ``data/adapter`` (or a new one) on single judged answers, into ``out/adapter``.

    Right and wrong answers are weighed so that both kinds count the same in all. They are kept in
    ``out/answers.jsonl``.

    Raises:
        TrainingError: the answers are all right or all wrong or to one problem, too many could not be scored, or
            something is not finite.
    """
    answers, dropped = _answers("kto", base, data, config, out, judge, system)
    right = sum(answer.right for answer in answers)
    wrong = len(answers) - right
    if not right or not wrong or len({answer.problem for answer in answers}) < 2:
        raise TrainingError(
            f"kto: {right} right and {wrong} wrong answers to {len({a.problem for a in answers})} problems "
            f"({_reasons(dropped)}): it needs both, and two problems; raise train.preference_samples or "
            "train.rl_temperature, or leave kto out of train.methods"
        )
    write_records(out / "answers.jsonl", answers)
    right_weight, wrong_weight = balanced_weights(right, wrong)
    log.info("kto: %d right answers weighed %.3f, %d wrong %.3f", right, right_weight, wrong, wrong_weight)
    tokenizer = load_tokenizer(base)
    padding = padding_of(tokenizer)
    batch = max(2, config.batch)  # the reference point is estimated from a batch's other answers
    order = unlike_order(answers, batch, config.preference_epochs, config.seed)

    def collate(features: Sequence[Mapping[str, int]]) -> Batch:
        return answer_batch([answers[feature["row"]] for feature in features], padding)

    from trl import KTOConfig, KTOTrainer

    own = {"desirable_weight": right_weight, "undesirable_weight": wrong_weight, "per_device_train_batch_size": batch}
    model = starting_model(base, data, config)
    settings = KTOConfig(**arguments(config, out, model), **own)
    steps = run(KTOTrainer, settings, model, tokenizer, order, collate, out, tell)
    return _metrics("kto", {"steps": steps, "right": right, "wrong": wrong}, dropped)


def _answers(
    method: str, base: Path, data: Path, config: TrainConfig, out: Path, judge: Judge, system: str
) -> tuple[list[Answer], Counter[str]]:
    problems = list(read_records(data / "problems.jsonl", Problem))
    if not problems:
        raise TrainingError(
            f"{method}: there is no problem to answer: train.rl_steps, rl_prompts and rl_candidates set how many there "
            f"are; raise train.rl_steps or leave {method} out of train.methods"
        )
    attempts = student_attempts(
        base, data / "adapter", problems, config, out / "attempts", judge=judge, system=system, arm=method
    )
    by_id = {problem.id: problem for problem in problems}
    return make_answers(attempts, by_id, system=system, tokenizer=load_tokenizer(base), max_tokens=config.max_tokens)


def _reasons(dropped: Counter[str]) -> str:
    return ", ".join(f"{count} {why}" for why, count in dropped.items()) or "none was left out"


def _metrics(method: str, counts: Mapping[str, float], dropped: Counter[str]) -> dict[str, float]:
    named = {f"{method}_{name}": float(value) for name, value in counts.items()}
    return named | {f"{method} left out: {why}": float(count) for why, count in dropped.items()}
