"""Reinforcement learning on verifiable rewards: TRL's `GRPOTrainer` fed by our own batched rollouts.

After: Shao et al. 2024 (DeepSeekMath), eq. 3 and 4, with the group advantage (r - mean) / std; the loss is averaged
over all tokens of all samples (Yu et al. 2025, DAPO, eq. 8), which is TRL's default. Tokens that the calculator wrote
are masked.
The gold is looked up by problem id, never by position.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..config import TrainConfig
from ..errors import TrainingError
from ..inference.local import TransformersModel
from ..models.load import load_tokenizer, load_weights
from ..prompts import conversation
from ..records import Attempt, Problem, Sampling
from ..store import read_records, write_records, write_rows
from .candidates import learnable
from .checkpoints import newest_whole
from .guard import Guard, Tell, check_finite, history
from .head import project_labels_only
from .lora import merged_weights, old_name_of_checkpointing, with_adapter
from .rewards import Judge

log = logging.getLogger(__name__)
LOGGED = ("loss", "grad_norm", "reward", "reward_std", "frac_reward_zero_std", "entropy", "completions/mean_length")


def train_grpo(
    base: Path, data: Path, config: TrainConfig, out: Path, *, judge: Judge, system: str, tell: Tell
) -> Mapping[str, float]:
    """Continue the adapter in ``data/adapter`` on ``data/problems.jsonl`` into ``out/adapter``.

    Every rollout is kept in ``out/rollouts/step-N.jsonl`` with its verdict and reward terms.

    Raises:
        TrainingError: something is not finite, too many rollouts could not be scored, or there is no problem.
    """
    problems = {problem.id: problem for problem in read_records(data / "problems.jsonl", Problem)}
    tokenizer = load_tokenizer(base)
    model = with_adapter(base, data / "adapter", trainable=True, dtype=config.dtype)
    rollouts = Rollouts(base, tokenizer, problems, config, system, judge, out / "rollouts")
    chosen = list(problems.values())
    if config.rl_candidates > 1:
        rollouts.take(model)
        wanted = config.rl_steps * config.rl_prompts
        chosen = learnable(chosen, wanted, config.rl_prompts, rollouts.tried, out / "candidates")
    trainer = _trainer(model, tokenizer, [problem.id for problem in chosen], config, out, rollouts, tell)
    checkpoint = newest_whole(out)
    with old_name_of_checkpointing(), groups_together():
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    check_finite(trainer.model)
    trainer.model.save_pretrained(out / "adapter", selected_adapters=["default"])  # not the reference of the KL term
    write_rows(out / "log.jsonl", history(trainer.state.log_history, LOGGED))
    return {"grpo_steps": float(trainer.state.global_step), **rollouts.counts()}


@contextmanager
def groups_together() -> Iterator[None]:
    """Keep all completions of a prompt in one batch, so that the prompt passes once for all of them.

    TRL shuffles the completions of a step over its batches. They add up to one gradient in any order.
    """
    from trl.trainer import grpo_trainer

    usual = grpo_trainer.shuffle_sequence_dict
    grpo_trainer.shuffle_sequence_dict = lambda rows: rows
    try:
        yield
    finally:
        grpo_trainer.shuffle_sequence_dict = usual


class Rollouts:
    """TRL's rollout function and reward function in one: it generates, judges, keeps the rows, and pays."""

    def __init__(
        self,
        base: Path,
        tokenizer: Any,
        problems: Mapping[str, Problem],
        config: TrainConfig,
        system: str,
        judge: Judge,
        folder: Path,
    ) -> None:
        self.model = TransformersModel("rollout", load_weights(base, config.dtype), tokenizer)
        self.problems = problems
        self.config = config
        self.system = system
        self.judge = judge
        self.folder = folder
        self.paid: dict[tuple[str, int], float | None] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def generate(self, prompts: Sequence[str], trainer: Any) -> dict[str, list[Any]]:
        """Return ids, log-probabilities and masks for ``prompts``: problem ids, each repeated once a sample."""
        step = int(trainer.state.global_step)
        self.take(trainer.accelerator.unwrap_model(trainer.model))
        unique = [self.problems[i] for i in dict.fromkeys(prompts)]
        drawn = self.sampled(unique, arm=f"step-{step}", seed=self.config.seed * 100_003 + step)
        attempts = [attempt for group in drawn.values() for attempt in group]
        write_records(self.folder / f"step-{step:05d}.jsonl", attempts)  # first: paying may stop the run
        self.paid = {(a.problem, a.index): self.judge.total(a) for a in attempts}
        numbers = _sample_numbers(prompts)
        chosen = [drawn[i][k].completion for i, k in zip(prompts, numbers, strict=True)]
        return {
            "prompt_ids": [list(c.prompt_ids) for c in chosen],
            "completion_ids": [list(c.token_ids) for c in chosen],
            "logprobs": [list(c.logprobs) for c in chosen],
            "env_mask": [[int(own) for own in c.mask] for c in chosen],
            "problem": list(prompts),
            "sample": numbers,
        }

    def take(self, adapted: Any) -> None:
        """Generate with the weights of ``adapted`` from now on."""
        self.model.update_weights(merged_weights(adapted))

    def tried(self, problems: Sequence[Problem]) -> list[Attempt]:
        """Return the judged samples of problems that are not trained on yet."""
        drawn = self.sampled(problems, arm="candidate", seed=self.config.seed * 100_003 - 1)
        return [attempt for group in drawn.values() for attempt in group]

    def sampled(self, problems: Sequence[Problem], *, arm: str, seed: int) -> dict[str, list[Attempt]]:
        """Return the judged samples of each problem, by its id."""
        sampling = Sampling(
            n=self.config.rl_samples,
            max_tokens=self.config.rl_max_tokens,
            temperature=self.config.rl_temperature,
            seed=seed,
        )
        turns = [conversation(self.system, problem, problem.evidence) for problem in problems]
        return {
            problem.id: [
                self.judge.judge(problem, completion, model="rollout", arm=arm, sampling=sampling, index=k)
                for k, completion in enumerate(completions)
            ]
            for problem, completions in zip(problems, self.model.generate(turns, sampling), strict=True)
        }

    def reward(self, *, problem: Sequence[str], sample: Sequence[int], **_: Any) -> list[float | None]:
        """Return what each rollout was paid, by problem id and sample number; None leaves it unscored."""
        return [self.paid[i, k] for i, k in zip(problem, sample, strict=True)]

    def counts(self) -> dict[str, float]:
        """Return how many rollouts there were, and how many were right or unscored, over all steps."""
        attempts = [a for path in sorted(self.folder.glob("step-*.jsonl")) for a in read_records(path, Attempt)]
        return {
            "rollouts": float(len(attempts)),
            "rollouts_correct": float(sum(a.verdict.correct is True for a in attempts)),
            "rollouts_unscored": float(sum(not a.rewards for a in attempts)),
        }


def _sample_numbers(prompts: Sequence[str]) -> list[int]:
    seen: dict[str, int] = {}
    numbers = []
    for prompt in prompts:
        numbers.append(seen.get(prompt, 0))
        seen[prompt] = numbers[-1] + 1
    return numbers


def _trainer(
    model: Any, tokenizer: Any, ids: Sequence[str], config: TrainConfig, out: Path, rollouts: Rollouts, tell: Tell
) -> Any:
    from datasets import Dataset
    from transformers.trainer_callback import PrinterCallback, ProgressCallback
    from trl import GRPOConfig, GRPOTrainer

    settings = GRPOConfig(
        output_dir=str(out),
        per_device_train_batch_size=config.rl_samples,
        gradient_accumulation_steps=_prompts_a_step(len(ids), config.rl_prompts),
        num_generations=config.rl_samples,
        max_steps=config.rl_steps,
        max_completion_length=config.rl_max_tokens,
        temperature=config.rl_temperature,
        beta=config.rl_beta,
        learning_rate=config.rl_learning_rate,
        lr_scheduler_type="constant",
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_steps=max(1, config.checkpoint_steps // 5),
        save_total_limit=2,
        seed=config.seed,
        data_seed=config.seed,
        bf16=False,
        activation_checkpointing=False,
        report_to=[],
        disable_tqdm=True,
        use_cpu=bool(next(model.parameters()).device.type == "cpu"),
        dataloader_pin_memory=False,
        remove_unused_columns=False,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="You are using 'rollout_func'")
        trainer = GRPOTrainer(
            model=model,
            args=settings,
            train_dataset=Dataset.from_list([{"prompt": number} for number in ids]),
            processing_class=tokenizer,
            reward_funcs=_named(rollouts.reward),
            rollout_func=rollouts.generate,
            callbacks=[Guard(tell)],
        )
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    project_labels_only(model.get_base_model(), config.rl_temperature)
    return trainer


def _prompts_a_step(there_are: int, wanted: int) -> int:
    """Return ``wanted``, or less where there are fewer problems: TRL would make no step at all, and say nothing."""
    if not there_are:
        raise TrainingError("there is no problem to learn from by reinforcement; leave grpo out of train.methods")
    if there_are < wanted:
        log.warning("grpo: %d problems a step instead of train.rl_prompts = %d: there are no more", there_are, wanted)
    return min(there_are, wanted)


def _named(reward: Callable[..., list[float | None]]) -> Callable[..., list[float | None]]:
    def verified(**columns: Any) -> list[float | None]:
        return reward(**columns)

    return verified
