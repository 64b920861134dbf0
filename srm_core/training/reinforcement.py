"""Reinforcement learning on verifiable rewards: TRL's `GRPOTrainer` with our rollouts and our objectives.

TRL steps, accumulates and saves. What a sample is paid, its advantage, and what its tokens count are those of the row
of `objectives.methods` that the method names, worked out over the whole step; tokens that the calculator wrote are
masked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from ..config import TrainConfig
from ..models.load import load_tokenizer
from ..records import Problem
from ..store import read_records, write_rows
from .candidates import learnable, prompts_a_step
from .checkpoints import newest_whole
from .guard import Guard, Tell, check_finite, history
from .head import project_labels_only
from .lora import false_alarms_silenced, with_adapter
from .objectives.methods import POLICIES
from .ppo import Critic
from .rewards import Judge
from .rollouts import Rollouts
from .step_loss import batch_loss

LOGGED = ("loss", "grad_norm", "reward", "reward_std", "frac_reward_zero_std", "entropy", "completions/mean_length")
VALUED = (*LOGGED, "value_loss")


def train_policy(
    method: str, base: Path, data: Path, config: TrainConfig, out: Path, *, judge: Judge, system: str, tell: Tell
) -> Mapping[str, float]:
    """Continue the adapter in ``data/adapter`` on ``data/problems.jsonl`` into ``out/adapter``.

    ``method`` is a name of `objectives.methods.POLICIES`. Every rollout is kept in ``out/rollouts/step-N.jsonl`` with
    its verdict and reward terms.

    Raises:
        TrainingError: something is not finite, too many rollouts could not be scored, sampler and trainer do not agree,
            or there is no problem.
    """
    problems = {problem.id: problem for problem in read_records(data / "problems.jsonl", Problem)}
    tokenizer = load_tokenizer(base)
    model = with_adapter(base, data / "adapter", trainable=True, dtype=config.dtype)
    rollouts = Rollouts(base, tokenizer, problems, config, POLICIES[method], system, judge, out / "rollouts")
    chosen = list(problems.values())
    if config.rl_candidates > 1:
        rollouts.take(model)
        wanted = config.rl_steps * config.rl_prompts
        chosen = learnable(chosen, wanted, config.rl_prompts, rollouts.tried, out / "candidates")
    critic = Critic(model, config) if method == "ppo" else None
    trainer = _trainer(model, tokenizer, [problem.id for problem in chosen], config, out, rollouts, tell, critic)
    checkpoint = newest_whole(out)
    if critic and checkpoint:
        critic.load(checkpoint)
    with false_alarms_silenced(), groups_together():
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    check_finite(trainer.model)
    trainer.model.save_pretrained(out / "adapter", selected_adapters=["default"])  # not the reference of the KL term
    write_rows(out / "log.jsonl", history(trainer.state.log_history, VALUED if critic else LOGGED))
    return {f"{method}_steps": float(trainer.state.global_step), **rollouts.counts()}


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


def _trainer(
    model: Any,
    tokenizer: Any,
    ids: Sequence[str],
    config: TrainConfig,
    out: Path,
    rollouts: Rollouts,
    tell: Tell,
    critic: Critic | None = None,
) -> Any:
    from datasets import Dataset
    from transformers.trainer_callback import PrinterCallback, ProgressCallback
    from trl import GRPOTrainer

    class OurObjective(GRPOTrainer):  # type: ignore[misc]
        """TRL's trainer with advantages, weights and losses of the method's row."""

        def _generate_and_score_completions(self, inputs: Any) -> Any:
            return rollouts.weighed(super()._generate_and_score_completions(inputs))

        def _compute_loss(self, model: Any, inputs: Any) -> torch.Tensor:
            ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1)
            seen = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1)
            logprobs_BT, entropy_BT, _ = self._get_per_token_logps_and_entropies(
                model, ids, seen, inputs["completion_ids"].shape[1], compute_entropy=True
            )
            loss, mismatch = batch_loss(rollouts.method, logprobs_BT, inputs, config.rl_beta)
            counted_BT = inputs["token_weights"] != 0
            if counted_BT.any():
                self._metrics["train"]["entropy"].append(float(entropy_BT.detach()[counted_BT].mean()))
            self._metrics["train"]["mismatch"].append(mismatch)
            return loss

    with warnings_of_trl():
        trainer = (critic.of(OurObjective, rollouts) if critic else OurObjective)(
            model=model,
            args=_settings(config, len(ids), out, config.ppo_epochs if critic else 1, next(model.parameters()).device),
            train_dataset=Dataset.from_list([{"prompt": number} for number in ids]),
            processing_class=tokenizer,
            reward_funcs=_named(rollouts.reward),
            rollout_func=rollouts.generate,
            callbacks=[*([critic.keeper()] if critic else []), Guard(tell)],
        )
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    project_labels_only(model.get_base_model(), config.rl_temperature)
    return trainer


@contextmanager
def warnings_of_trl() -> Iterator[None]:
    """Silence TRL about the interface of rollouts, which it calls experimental."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="You are using 'rollout_func'")
        yield


def _settings(config: TrainConfig, problems: int, out: Path, epochs: int, device: torch.device) -> Any:
    """Return the settings of `GRPOTrainer`, with ``epochs`` updates on the answers of a step."""
    from trl import GRPOConfig

    every = max(1, config.checkpoint_steps // 5)
    return GRPOConfig(
        output_dir=str(out),
        per_device_train_batch_size=config.rl_samples,
        gradient_accumulation_steps=prompts_a_step(problems, config.rl_prompts),
        num_generations=config.rl_samples,
        num_iterations=epochs,
        max_steps=config.rl_steps * epochs,
        max_completion_length=config.rl_max_tokens,
        temperature=config.rl_temperature,
        beta=config.rl_beta,
        learning_rate=config.rl_learning_rate,
        lr_scheduler_type="constant",
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_steps=-(-every // epochs) * epochs,  # between answers, never amid updates on them
        save_total_limit=2,
        seed=config.seed,
        data_seed=config.seed,
        bf16=False,
        activation_checkpointing=False,
        report_to=[],
        disable_tqdm=True,
        use_cpu=device.type == "cpu",
        dataloader_pin_memory=False,
        remove_unused_columns=False,
    )


def _named(reward: Callable[..., list[float | None]]) -> Callable[..., list[float | None]]:
    def verified(**columns: Any) -> list[float | None]:
        return reward(**columns)

    return verified
