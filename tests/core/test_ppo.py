"""PPO: values learn what answers are worth, the step is the formula by hand, and the head leaves with the trainer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from srm_core.config import TrainConfig
from srm_core.errors import TrainingError
from srm_core.records import Attempt, Evidence, Problem, Reward, Verdict
from srm_core.store import read_records, read_rows, write_records
from srm_core.training.checkpoints import is_whole, newest_whole
from srm_core.training.lora import with_adapter, with_new_adapter
from srm_core.training.ppo import HEAD, Critic
from srm_core.training.reinforcement import train_policy
from srm_core.training.rewards import Judge

from .killing import Killed, differing, killer, save_moved_adapter

CONFIG = TrainConfig(
    lora_r=4,
    lora_alpha=8,
    rl_steps=2,
    rl_prompts=2,
    rl_samples=4,
    rl_max_tokens=6,
    checkpoint_steps=5,  # a fifth of it in reinforcement: every step, here every second update
    rl_learning_rate=1e-3,
    rl_temperature=0.9,
    ppo_epochs=2,
    ppo_lambda=0.5,
    seed=3,
)


def _share(text: str) -> float:
    """What an answer is paid: the share of its characters that are small in the code table."""
    return sum(ord(sign) < 100 for sign in text) / max(1, len(text))


def _judge(unscored: str = "never said") -> Judge:
    def verify(problem: Problem, text: str, evidence: Sequence[Evidence]) -> Verdict:
        return Verdict(correct=None if unscored in text else _share(text) > 0.5, reason="the grader failed")

    def terms(problem: Problem, text: str, evidence: Sequence[Evidence], verdict: Verdict) -> Any:
        return [Reward(name="share", value=_share(text))], []

    return Judge(verify=verify, terms=terms, weights={"share": 1.0})


@pytest.fixture(scope="module")
def data(small_base: Path, sums: list[Problem], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_records(folder / "problems.jsonl", sums[:4])
    save_moved_adapter(small_base, CONFIG, folder / "adapter")
    return folder


def _train(
    base: Path, data: Path, out: Path, config: TrainConfig = CONFIG, kill_at: int = 0, judge: Judge | None = None
) -> Mapping[str, float]:
    out.mkdir(exist_ok=True)
    given: dict[str, Any] = {"judge": judge or _judge(), "system": "You reason.", "tell": killer(kill_at)}
    return train_policy("ppo", base, data, config, out, **given)


@pytest.fixture(scope="module")
def straight(
    small_base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Mapping[str, float]]:
    out = tmp_path_factory.mktemp("straight")
    return out, _train(small_base, data, out)


def test_each_step_s_answers_are_used_twice_and_nothing_of_the_critic_stays(
    straight: tuple[Path, Mapping[str, float]], data: Path
) -> None:
    out, metrics = straight
    assert (metrics["ppo_steps"], metrics["rollouts"]) == (4.0, 16.0)
    assert [path.name for path in sorted((out / "rollouts").iterdir())] == ["step-00000.jsonl", "step-00002.jsonl"]
    rows = read_rows(out / "log.jsonl")
    assert len(rows) == 4
    assert all(row["grad_norm"] > 0 and row["value_loss"] > 0 and row["entropy"] > 0 for row in rows)
    before, after = (load_file(at / "adapter/adapter_model.safetensors") for at in (data, out))
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_a_checkpoint_holds_the_head_and_is_whole(small_base: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        _train(small_base, data, tmp_path, kill_at=3)
    kept = newest_whole(tmp_path)
    assert kept is not None
    assert kept.name == "checkpoint-2"
    head = load_file(kept / HEAD)
    assert head["weight"].any()
    (kept / HEAD).write_bytes((kept / HEAD).read_bytes()[:-1] + b"?")
    assert not is_whole(kept)


@pytest.mark.parametrize("kill_at", [2, 4])
def test_a_killed_run_goes_on_from_its_checkpoint_to_the_same_bytes(
    straight: tuple[Path, Mapping[str, float]], small_base: Path, data: Path, tmp_path: Path, kill_at: int
) -> None:
    with pytest.raises(Killed):
        _train(small_base, data, tmp_path, kill_at=kill_at)
    assert _train(small_base, data, tmp_path) == straight[1]
    assert not differing(
        tmp_path, straight[0], "adapter/adapter_model.safetensors", "log.jsonl", "rollouts/step-00002.jsonl"
    )


@pytest.mark.parametrize("unscored", [False, True])
def test_the_first_update_is_the_formula_by_hand(
    small_base: Path, data: Path, straight: tuple[Path, Any], tmp_path: Path, unscored: bool
) -> None:
    """The head starts at 0, so every value is 0: delta is the reward at the last token, A_t = lambda^(last - t) r."""
    attempts = list(read_records(straight[0] / "rollouts" / "step-00000.jsonl", Attempt))
    first = attempts[0].completion.text
    judge = _judge(first) if unscored else _judge()
    _train(small_base, data, tmp_path, CONFIG.model_copy(update={"rl_steps": 1, "ppo_epochs": 1}), judge=judge)
    (row,) = read_rows(tmp_path / "log.jsonl")
    known = [a.completion for a in attempts if not (unscored and first in a.completion.text)]
    assert len(known) == (8 if not unscored else 8 - sum(first in a.completion.text for a in attempts))

    returns: list[list[float]] = []
    for said in known:
        counted = [place for place, own in enumerate(said.mask) if own]
        returns.append([_share(said.text) * 0.5 ** (len(counted) - 1 - i) for i in range(len(counted))])
    flat = [value for row_ in returns for value in row_]
    mean = sum(flat) / len(flat)
    deviation = (sum((value - mean) ** 2 for value in flat) / len(flat)) ** 0.5
    model = with_adapter(small_base, data / "adapter", trainable=True)
    head = torch.zeros(64, requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    loss: Any = torch.zeros(())
    worth = 0.0
    for said, each in zip(known, returns, strict=True):
        ids = torch.tensor([[*said.prompt_ids, *said.token_ids]])
        given = model(ids, output_hidden_states=True)
        own = [place for place, mine in enumerate(said.mask) if mine]
        for place, value in zip(own, each, strict=True):
            at = len(said.prompt_ids) + place - 1
            logprob = (given.logits[0, at] / CONFIG.rl_temperature).log_softmax(-1)[said.token_ids[place]]
            guess = given.hidden_states[-1][0, at] @ head + bias[0]
            loss = loss - (value - mean) / (deviation + 1e-8) * logprob.exp() / logprob.exp().detach()
            loss = loss + CONFIG.ppo_value_weight * (guess - value) ** 2 / 2
            worth += value**2 / 2
    (loss / len(flat)).backward()
    tensors = [t.grad for t in [*model.parameters(), head, bias] if t.grad is not None]
    norm = torch.stack([gradient.norm() for gradient in tensors]).norm()
    assert row["grad_norm"] == pytest.approx(float(norm), rel=1e-3)
    assert row["loss"] == pytest.approx(CONFIG.ppo_value_weight * worth / len(flat), abs=1e-5)


def test_what_is_paid_for_is_said_more_often(small_base: Path, data: Path, tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "rl_steps": 8,
        "rl_samples": 32,
        "rl_prompts": 1,
        "rl_max_tokens": 3,
        "ppo_lambda": 1.0,
        "rl_learning_rate": 3e-2,
        "checkpoint_steps": 1000,
    }
    _train(small_base, data, tmp_path, CONFIG.model_copy(update=changes))
    steps = [list(read_records(path, Attempt)) for path in sorted((tmp_path / "rollouts").iterdir())]
    shares = [sum(_share(attempt.completion.text) for attempt in step) / len(step) for step in steps]
    assert sum(shares[-3:]) / 3 > sum(shares[:3]) / 3 + 0.15, shares


def test_the_distance_to_the_start_is_paid_for(small_base: Path, data: Path, tmp_path: Path) -> None:
    plain, held = tmp_path / "plain", tmp_path / "held"
    _train(small_base, data, plain, CONFIG.model_copy(update={"ppo_epochs": 1}))
    _train(small_base, data, held, CONFIG.model_copy(update={"ppo_epochs": 1, "rl_beta": 5.0}))
    first, second = (read_rows(out / "log.jsonl") for out in (plain, held))
    assert second[0]["value_loss"] == pytest.approx(first[0]["value_loss"], rel=1e-4)  # policy and reference are one
    assert second[1]["value_loss"] != pytest.approx(first[1]["value_loss"], rel=1e-3)
    assert not [path for path in (held / "adapter").iterdir() if path.is_dir()]


def test_a_base_that_scales_its_logits_is_refused(small_base: Path) -> None:
    model = with_new_adapter(small_base, CONFIG)
    model.config.final_logit_softcapping = 30.0
    with pytest.raises(TrainingError, match="ppo: this base scales its logits"):
        Critic(model, CONFIG)
