"""Rollouts of reinforcement learning: the student's samples, judged, kept on disk, and what each of them is paid.

The gold is looked up by problem id, never by position.
"""

# B sequences (the samples of a problem stand together), T tokens of an answer

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..config import TrainConfig
from ..inference.local import TransformersModel
from ..models.load import load_weights
from ..prompts import conversation
from ..records import Attempt, Problem, Sampling
from ..store import read_records, write_records
from .lora import merged_weights
from .objectives.methods import PolicyMethod
from .objectives.policy import advantages, paid, token_weights
from .rewards import Judge

log = logging.getLogger(__name__)
REFILLS = 3  # times that groups of equal reward are replaced in one step, by a method that does so
Drawn = dict[str, list[Attempt]]


@dataclass(frozen=True)
class Facts:
    """The samples of one step."""

    counted: torch.Tensor  # (B, T): 1 at the tokens that the policy chose itself
    sampled: torch.Tensor  # (B, T): their log-probabilities (nats) when they were drawn
    paid: torch.Tensor  # (B,): NaN if nobody could score it
    weights: torch.Tensor  # (B, T): of each token's loss in that of the step


class Rollouts:
    """TRL's rollout function and reward function in one: it generates, judges, keeps the rows, and pays."""

    def __init__(
        self,
        base: Path,
        tokenizer: Any,
        problems: Mapping[str, Problem],
        config: TrainConfig,
        method: PolicyMethod,
        system: str,
        judge: Judge,
        folder: Path,
    ) -> None:
        self.model = TransformersModel("rollout", load_weights(base, config.dtype), tokenizer)
        self.problems = problems
        self.config = config
        self.method = method
        self.system = system
        self.judge = judge
        self.folder = folder
        self.paid: dict[tuple[str, int], float | None] = {}
        self.rows: list[Attempt] = []  # of the present step, in the order of its prompts
        folder.mkdir(parents=True, exist_ok=True)

    def generate(self, prompts: Sequence[str], trainer: Any) -> dict[str, list[Any]]:
        """Return ids, log-probabilities and masks for ``prompts``: problem ids, each repeated once a sample.

        A method that refills puts other problems in the place of those whose samples were all paid alike; the column
        ``problem`` says whose samples they are.
        """
        step = int(trainer.state.global_step)
        self.take(trainer.accelerator.unwrap_model(trainer.model))
        unique = [self.problems[i] for i in dict.fromkeys(prompts)]
        drawn = self.sampled(unique, arm=f"step-{step}", seed=self.config.seed * 100_003 + step)
        everything = dict(drawn)
        instead = {problem.id: problem.id for problem in unique}
        if self.method.refill:
            instead = self._refilled(drawn, everything, step)
        attempts = [attempt for group in everything.values() for attempt in group]
        write_records(self.folder / f"step-{step:05d}.jsonl", attempts)  # first: paying may stop the run
        self.paid = {(a.problem, a.index): self.judge.total(a) for a in attempts}
        numbers = _sample_numbers(prompts)
        self.rows = [everything[instead[i]][k] for i, k in zip(prompts, numbers, strict=True)]
        chosen = [attempt.completion for attempt in self.rows]
        return {
            "prompt_ids": [list(c.prompt_ids) for c in chosen],
            "completion_ids": [list(c.token_ids) for c in chosen],
            "logprobs": [list(c.logprobs) for c in chosen],
            "env_mask": [[int(own) for own in c.mask] for c in chosen],
            "problem": [attempt.problem for attempt in self.rows],
            "sample": numbers,
        }

    def _refilled(self, drawn: Drawn, everything: Drawn, step: int) -> dict[str, str]:
        """Return whose samples stand in each problem's place, after Yu et al. 2025 (DAPO), eq. 11.

        Problems are taken from the list as it goes on behind this step's, around in a circle; what they said is added
        to ``everything``. Where `REFILLS` rounds do not suffice, a place keeps its own samples, which teach nothing.
        """
        order = list(self.problems)
        start = (step + 1) * len(drawn)
        others = [i for n in range(len(order)) if (i := order[(start + n) % len(order)]) not in drawn]
        instead = {number: number for number in drawn}
        empty = [number for number in drawn if not self._teaches(drawn[number])]
        for turn in range(REFILLS):
            tried, others = others[: len(empty)], others[len(empty) :]
            if not tried:
                break
            seed = self.config.seed * 100_003 + step
            more = self.sampled([self.problems[i] for i in tried], arm=f"step-{step}-refill-{turn}", seed=seed)
            everything.update(more)
            for found in [number for number in tried if self._teaches(more[number])]:
                instead[empty.pop(0)] = found
        if empty:
            log.warning("step %d: %d of %d groups are paid alike even after refilling", step, len(empty), len(drawn))
        return instead

    def _teaches(self, group: Sequence[Attempt]) -> bool:
        """Say whether two scored samples were judged differently."""
        return len({a.verdict.correct for a in group if a.rewards}) > 1

    def take(self, adapted: Any) -> None:
        """Generate with the weights of ``adapted`` from now on."""
        self.model.update_weights(merged_weights(adapted))

    def tried(self, problems: Sequence[Problem]) -> list[Attempt]:
        """Return the judged samples of problems that are not trained on yet."""
        drawn = self.sampled(problems, arm="candidate", seed=self.config.seed * 100_003 - 1)
        return [attempt for group in drawn.values() for attempt in group]

    def sampled(self, problems: Sequence[Problem], *, arm: str, seed: int) -> Drawn:
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

    def weighed(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Return TRL's ``batch`` of this step with the method's advantages and weights of tokens, both (B, T).

        ``sampled`` (B, T) are the log-probabilities (nats) at which the tokens were drawn.
        """
        facts = self.facts(batch)
        given = (facts.sampled, batch.get("ref_per_token_logps"), facts.counted, facts.paid)
        found = advantages(self.method, *given, group=self.config.rl_samples, beta=self.config.rl_beta)
        return {**batch, "advantages": found, "token_weights": facts.weights, "sampled": facts.sampled}

    def facts(self, batch: Mapping[str, Any]) -> Facts:
        """Return what this step's samples said and were paid, laid out as TRL's ``batch`` has them."""
        there_BT = batch["completion_mask"]
        mask_BT = there_BT * batch["tool_mask"] if "tool_mask" in batch else there_BT
        sampled_BT = torch.zeros(there_BT.shape)
        for row, attempt in enumerate(self.rows):
            sampled_BT[row, : len(attempt.completion.logprobs)] = torch.tensor(attempt.completion.logprobs)
        known = [self.paid[a.problem, a.index] for a in self.rows]
        rewards_B = torch.tensor([float("nan") if each is None else each for each in known])
        longest = self.config.rl_max_tokens
        paid_B = paid(self.method, rewards_B, there_BT.sum(dim=1), longest)
        return Facts(mask_BT, sampled_BT, paid_B, token_weights(self.method, mask_BT, paid_B, longest))

    def counts(self) -> dict[str, float]:
        """Return how many rollouts there were, and how many were right, unscored or cut off, over all steps."""
        attempts = [a for path in sorted(self.folder.glob("step-*.jsonl")) for a in read_records(path, Attempt)]
        return {
            "rollouts": float(len(attempts)),
            "rollouts_correct": float(sum(a.verdict.correct is True for a in attempts)),
            "rollouts_unscored": float(sum(not a.rewards for a in attempts)),
            "rollouts_cut_short": float(sum(not a.completion.finished for a in attempts)),
        }


def _sample_numbers(prompts: Sequence[str]) -> list[int]:
    seen: dict[str, int] = {}
    numbers = []
    for prompt in prompts:
        numbers.append(seen.get(prompt, 0))
        seen[prompt] = numbers[-1] + 1
    return numbers
