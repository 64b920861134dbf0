"""Reinforcement learning pays what the log says, for the tokens the model chose, by the advantage within the group."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from srm_core.config import TrainConfig
from srm_core.errors import TrainingError
from srm_core.inference.tokens import encode_completion, encode_prompt
from srm_core.models.load import load_tokenizer
from srm_core.prompts import conversation
from srm_core.records import Attempt, Completion, Evidence, Problem, Reward, Sampling, Verdict
from srm_core.store import read_records, read_rows, write_records
from srm_core.training import reinforcement, shared_prefix, step_loss
from srm_core.training import rollouts as rollouts_module
from srm_core.training.lora import merged_weights, with_adapter
from srm_core.training.objectives.methods import METHODS
from srm_core.training.reinforcement import train_policy
from srm_core.training.rewards import Judge, total
from srm_core.training.rollouts import Rollouts

from .killing import Killed, differing, killer, save_moved_adapter

SYSTEM = "You reason."
CONFIG = TrainConfig(
    lora_r=4,
    lora_alpha=8,
    rl_steps=3,
    rl_prompts=2,
    rl_samples=4,
    rl_max_tokens=6,
    checkpoint_steps=5,  # a fifth of it in reinforcement learning: every step
    rl_learning_rate=1e-3,
    rl_temperature=0.9,
)
WEIGHTS = {"correct": 1.0, "sevenths": 0.5}


def _verify(problem: Problem, text: str, evidence: Sequence[Evidence]) -> Verdict:
    if text.startswith("unscored"):
        return Verdict(correct=None, reason="the grader failed")
    return Verdict(correct=sum(map(ord, text)) % 2 == 0)


def _terms(
    problem: Problem, text: str, evidence: Sequence[Evidence], verdict: Verdict
) -> tuple[list[Reward], list[str]]:
    sevenths = sum(map(ord, text)) % 7 / 7
    named = [("correct", float(verdict.correct is True)), ("sevenths", sevenths), ("only logged", 1.0)]
    return [Reward(name=name, value=value) for name, value in named], []


def _judge() -> Judge:
    return Judge(verify=_verify, terms=_terms, weights=WEIGHTS)


@pytest.fixture(scope="module")
def data(small_base: Path, sums: list[Problem], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six problems, and an adapter that is no longer the zero it starts as."""
    folder = tmp_path_factory.mktemp("data")
    write_records(folder / "problems.jsonl", sums[:6])
    save_moved_adapter(small_base, CONFIG, folder / "adapter")
    return folder


def _train(
    base: Path, data: Path, out: Path, config: TrainConfig = CONFIG, kill_at: int = 0, method: str = "grpo"
) -> Mapping[str, float]:
    out.mkdir(exist_ok=True)
    return train_policy(method, base, data, config, out, judge=_judge(), system=SYSTEM, tell=killer(kill_at))


@pytest.fixture(scope="module")
def straight(small_base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("straight")
    metrics = _train(small_base, data, out)
    (out / "metrics").write_text(repr(sorted(metrics.items())))
    return out


def _rollouts(out: Path) -> list[list[Attempt]]:
    return [list(read_records(path, Attempt)) for path in sorted((out / "rollouts").iterdir())]


# ---- a whole run


def test_every_rollout_is_logged_and_what_was_paid_follows_from_the_log(
    straight: Path, small_base: Path, sums: list[Problem]
) -> None:
    steps = _rollouts(straight)
    history = read_rows(straight / "log.jsonl")
    assert [len(attempts) for attempts in steps] == [8, 8, 8]
    assert len({a.id for attempts in steps for a in attempts}) == 24
    tokenizer = load_tokenizer(small_base)
    by_id = {problem.id: problem for problem in sums}
    for attempts, row in zip(steps, history, strict=True):
        for attempt in attempts:
            problem = by_id[attempt.problem]
            assert attempt.verdict == _verify(problem, attempt.completion.text, ())
            prompt = encode_prompt(tokenizer, conversation(SYSTEM, problem, problem.evidence))
            assert attempt.completion.prompt_ids == tuple(prompt)
        assert row["reward"] == pytest.approx(sum(total(a.rewards, WEIGHTS) for a in attempts) / 8, abs=1e-5)
        assert row["grad_norm"] > 0
    everything = [a for attempts in steps for a in attempts]
    assert (straight / "metrics").read_text() == repr(
        [
            ("grpo_steps", 3.0),
            ("rollouts", 24.0),
            ("rollouts_correct", float(sum(a.verdict.correct is True for a in everything))),
            ("rollouts_cut_short", float(sum(not a.completion.finished for a in everything))),
            ("rollouts_unscored", 0.0),
        ]
    )
    assert 0 < sum(a.verdict.correct is True for a in everything) < 24


def test_a_prompt_passes_once_for_all_its_completions(
    small_base: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[tuple[int, int]] = []  # rows of a batch, tokens they share
    usual = shared_prefix.shared_columns

    def noted(ids: torch.Tensor, seen: torch.Tensor | None) -> tuple[int, int]:
        first, shared = usual(ids, seen)
        passed.append((len(ids), shared))
        return first, shared

    monkeypatch.setattr(shared_prefix, "shared_columns", noted)
    _train(small_base, data, tmp_path / "out")
    attempts = [attempt for step in _rollouts(tmp_path / "out") for attempt in step]
    prompts = [len(attempt.completion.prompt_ids) for attempt in attempts[:: CONFIG.rl_samples]]
    assert [rows for rows, _ in passed] == [CONFIG.rl_samples] * CONFIG.rl_steps * CONFIG.rl_prompts
    assert all(shared >= length for (_, shared), length in zip(passed, prompts, strict=True))


def test_a_step_draws_from_the_student_as_it_is_then(small_base: Path, data: Path, straight: Path) -> None:
    """The log-probabilities of the first step are the SFT student's, those of the last are not."""
    model = with_adapter(small_base, data / "adapter", trainable=False)
    differences = []
    for attempts in _rollouts(straight):
        completion = attempts[0].completion
        ids = torch.tensor([[*completion.prompt_ids, *completion.token_ids]])
        with torch.no_grad():
            logits = model(ids).logits[0, len(completion.prompt_ids) - 1 : -1] / CONFIG.rl_temperature
        own = logits.log_softmax(-1).gather(1, torch.tensor(completion.token_ids)[:, None])[:, 0]
        differences.append(float((own - torch.tensor(completion.logprobs)).abs().max()))
    assert differences[0] < 1e-4
    assert differences[-1] > 1e-3


def _same_result(one: Path, other: Path) -> None:
    names = ["adapter/adapter_model.safetensors", "log.jsonl", *(f"rollouts/step-{n:05d}.jsonl" for n in range(3))]
    assert not differing(one, other, *names)


@pytest.mark.parametrize("kill_at", [1, 3])
def test_a_killed_run_goes_on_from_its_checkpoint_to_the_same_bytes(
    small_base: Path, data: Path, straight: Path, tmp_path: Path, kill_at: int
) -> None:
    with pytest.raises(Killed):
        _train(small_base, data, tmp_path, kill_at=kill_at)
    kept = {path.name: path.stat().st_mtime_ns for path in sorted((tmp_path / "rollouts").iterdir())[: kill_at - 1]}
    torch.manual_seed(5)
    metrics = _train(small_base, data, tmp_path)
    _same_result(straight, tmp_path)
    assert repr(sorted(metrics.items())) == (straight / "metrics").read_text()
    for name, written in kept.items():
        assert (tmp_path / "rollouts" / name).stat().st_mtime_ns == written  # not drawn again


def test_the_term_that_holds_the_student_near_its_start_leaves_no_second_adapter(
    small_base: Path, data: Path, straight: Path, tmp_path: Path
) -> None:
    config = CONFIG.model_copy(update={"rl_beta": 5.0})
    _train(small_base, data, tmp_path / "held", config)
    assert not [path.name for path in (tmp_path / "held" / "adapter").iterdir() if path.is_dir()]
    held, free = (load_file(out / "adapter/adapter_model.safetensors") for out in (tmp_path / "held", straight))
    assert held.keys() == free.keys()
    assert any(not torch.equal(held[name], free[name]) for name in held)
    with pytest.raises(Killed):
        _train(small_base, data, tmp_path / "killed", config, kill_at=2)
    _train(small_base, data, tmp_path / "killed", config)
    _same_result(tmp_path / "held", tmp_path / "killed")


def test_with_fewer_problems_than_prompts_a_step_takes_those_there_are(
    small_base: Path, data: Path, sums: list[Problem], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    few = Path(shutil.copytree(data, tmp_path / "few"))
    write_records(few / "problems.jsonl", sums[:1])
    metrics = _train(small_base, few, tmp_path / "out", CONFIG.model_copy(update={"rl_steps": 2}))
    assert (metrics["grpo_steps"], metrics["rollouts"]) == (2.0, 8.0)
    assert "1 problems a step instead of train.rl_prompts = 2" in caplog.text
    write_records(few / "problems.jsonl", [])
    with pytest.raises(TrainingError, match="no problem to learn from"):
        _train(small_base, few, tmp_path / "none")


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"grpo"}))
def test_every_method_of_the_table_trains(method: str, small_base: Path, data: Path, tmp_path: Path) -> None:
    beta = 0.05 if METHODS[method].kl != "none" else 0.0
    config = CONFIG.model_copy(update={"rl_steps": 1, "rl_beta": beta})
    metrics = _train(small_base, data, tmp_path, config, method=method)
    assert metrics[f"{method}_steps"] == 1.0
    (row,) = read_rows(tmp_path / "log.jsonl")
    assert row["grad_norm"] > 0
    before, after = (load_file(at / "adapter/adapter_model.safetensors") for at in (data, tmp_path))
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_samples_that_the_trainer_gives_other_probabilities_stop_the_run(
    small_base: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rollouts, "take", lambda *_: None)  # it samples with the base, and trains the adapted model
    with pytest.raises(TrainingError, match=r"other log-probabilities than the sampler did .* nothing was trained"):
        _train(small_base, data, tmp_path, CONFIG.model_copy(update={"rl_temperature": 0.3}))
    assert not (tmp_path / "adapter").exists()


# ---- one step, by hand: the rollouts are written by the test


def _completion(tokenizer: Any, prompt: Sequence[int], text: str) -> Completion:
    ids, own = encode_completion(tokenizer, text)
    return Completion(
        text=text,
        finished=True,
        tokens=len(ids),
        prompt_ids=tuple(prompt),
        token_ids=tuple(ids),
        logprobs=(-1.0,) * len(ids),
        mask=tuple(own),
    )


class Scripted:
    """Stands for the model of the rollouts: sample k of any prompt says ``texts[k]``."""

    def __init__(self, tokenizer: Any, texts: Sequence[str]) -> None:
        self.tokenizer = tokenizer
        self.texts = texts

    def update_weights(self, weights: Mapping[str, torch.Tensor]) -> None:
        assert weights

    def generate(self, conversations: Any, sampling: Sampling) -> list[list[Completion]]:
        prompts = [encode_prompt(self.tokenizer, turns) for turns in conversations]
        return [[_completion(self.tokenizer, prompt, text) for text in self.texts] for prompt in prompts]


ONE_STEP = CONFIG.model_copy(update={"rl_steps": 1, "rl_prompts": 1, "rl_max_tokens": 40})
SAID = ("Answer: <<104-140=-36>> mg", "so <<1/0=?>>\nAnswer: a", "Answer: bb", "no")


def _one_step(base: Path, data: Path, out: Path, texts: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Train one step on scripted rollouts; return what TRL computed from them and the gradient of each weight."""
    seen = SimpleNamespace(inputs=[], gradients={}, prompts=[], rewards=[], advantages=[])
    usual = reinforcement._trainer

    def watched(*arguments: Any) -> Any:
        trainer = usual(*arguments)
        compute, clip = trainer._compute_loss, trainer.accelerator.clip_grad_norm_

        def loss(model: Any, inputs: Any) -> Any:
            seen.inputs.append(inputs)
            return compute(model, inputs)

        def clipped(parameters: Any, *rest: Any) -> Any:
            seen.gradients = {n: t.grad.clone() for n, t in trainer.model.named_parameters() if t.grad is not None}
            return clip(parameters, *rest)

        monkeypatch.setattr(trainer, "_compute_loss", loss)
        monkeypatch.setattr(trainer.accelerator, "clip_grad_norm_", clipped)
        seen.trainer = trainer
        return trainer

    monkeypatch.setattr(reinforcement, "_trainer", watched)
    monkeypatch.setattr(step_loss, "MOST_MISMATCH", 100.0)  # scripted samples were drawn by nobody
    monkeypatch.setattr(rollouts_module, "TransformersModel", lambda ref, model, tokenizer: Scripted(tokenizer, texts))
    config = ONE_STEP.model_copy(update={"rl_samples": len(texts), "rl_prompts": 2})
    _train(base, data, out, config)
    return seen


def _advantages(rewards: Sequence[float]) -> list[float]:
    mean = sum(rewards) / len(rewards)
    deviation = (sum((r - mean) ** 2 for r in rewards) / (len(rewards) - 1)) ** 0.5
    return [(r - mean) / (deviation + 1e-4) for r in rewards]


def _paid(texts: Sequence[str], problem: Problem) -> list[float]:
    return [total(_terms(problem, t, (), _verify(problem, t, ()))[0], WEIGHTS) for t in texts]


def test_advantage_mask_and_gradient_are_those_of_the_formula_by_hand(
    small_base: Path, data: Path, sums: list[Problem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = _one_step(small_base, data, tmp_path, SAID, monkeypatch)
    expected = dict(zip(SAID, _advantages(_paid(SAID, sums[0])), strict=True))
    assert max(expected.values()) - min(expected.values()) > 1
    tokenizer = load_tokenizer(small_base)

    rows: list[tuple[list[int], list[int], list[bool], float]] = []
    for inputs in seen.inputs:
        for row in range(len(inputs["advantages"])):
            prompt = inputs["prompt_ids"][row][inputs["prompt_mask"][row].bool()].tolist()
            there = inputs["completion_mask"][row].bool()
            ids = inputs["completion_ids"][row][there].tolist()
            text = tokenizer.decode(ids[:-1])
            again, own = encode_completion(tokenizer, text)
            assert ids == again
            assert inputs["tool_mask"][row][there].bool().tolist() == own
            assert inputs["advantages"][row].tolist() == pytest.approx([expected[text]] * len(there), abs=1e-5)
            rows.append((prompt, ids, own, expected[text]))
    assert len(rows) == 8
    assert any(not all(own) for _, _, own, _ in rows)  # some tokens are the calculator's

    model = with_adapter(small_base, data / "adapter", trainable=True)
    for prompt, ids, own, advantage in rows:
        logits = model(torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1] / CONFIG.rl_temperature
        logprobs = logits.log_softmax(-1).gather(1, torch.tensor(ids)[:, None])[:, 0]
        (-advantage * (logprobs * torch.tensor(own)).sum() / sum(own) / len(rows)).backward()
    largest = max(float(t.grad.abs().max()) for t in model.parameters() if t.grad is not None)
    assert largest > 1e-3
    gradients = {name: t.grad for name, t in model.named_parameters() if t.grad is not None}
    assert seen.gradients.keys() == gradients.keys()
    for name, gradient in gradients.items():
        assert torch.allclose(seen.gradients[name], gradient, rtol=0, atol=1e-4 * largest), name


def test_a_sample_that_could_not_be_scored_moves_nothing_and_is_no_part_of_the_mean(
    small_base: Path, data: Path, sums: list[Problem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = (*SAID[:3], "unscored")
    seen = _one_step(small_base, data, tmp_path, texts, monkeypatch)
    expected = [*_advantages(_paid(texts[:3], sums[0])), 0.0]
    tokenizer = load_tokenizer(small_base)
    found = {
        tokenizer.decode(inputs["completion_ids"][row], skip_special_tokens=True): float(inputs["advantages"][row, 0])
        for inputs in seen.inputs
        for row in range(len(inputs["advantages"]))
    }
    assert found == pytest.approx(dict(zip(texts, expected, strict=True)), abs=1e-5)
    attempts = _rollouts(tmp_path)[0]
    assert [a.rewards for a in attempts if a.completion.text == "unscored"] == [(), ()]
    assert sum(bool(a.rewards) for a in attempts) == 6


def test_a_group_that_is_paid_alike_is_replaced_by_another_problem(
    rollouts: Rollouts, small_base: Path, data: Path, sums: list[Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {sums[0].id: ["Answer: a"] * 4, sums[1].id: ["Answer: a", "Answer: b"] * 2, sums[2].id: ["Answer: b"] * 4}
    assert len({_verify(sums[0], text, ()).correct for text in ("Answer: a", "Answer: b")}) == 2
    prompt = (5, 6)

    def sampled(problems: Sequence[Problem], *, arm: str, seed: int) -> dict[str, list[Attempt]]:
        texts = {p.id: said.get(p.id, ["Answer: b", "Answer: a"] * 2) for p in problems}
        return {
            p.id: [
                rollouts.judge.judge(
                    p,
                    _completion(rollouts.model.tokenizer, prompt, text),
                    model="rollout",
                    arm=arm,
                    sampling=Sampling(),
                    index=k,
                )
                for k, text in enumerate(texts[p.id])
            ]
            for p in problems
        }

    monkeypatch.setattr(rollouts, "sampled", sampled)
    rollouts.method = METHODS["dapo"]
    prompts = [sums[i].id for i in (0, 1) for _ in range(4)]
    drawn = rollouts.generate(prompts, _trainer_of(with_adapter(small_base, data / "adapter", trainable=True)))
    order = [problem.id for problem in sums]
    assert drawn["problem"][4:] == [sums[1].id] * 4
    replaced = drawn["problem"][0]
    assert drawn["problem"][:4] == [replaced] * 4
    assert replaced not in said
    assert order.index(replaced) >= 2
    rewards = rollouts.reward(problem=drawn["problem"], sample=drawn["sample"])
    assert len(set(rewards[:4])) == len(set(rewards[4:])) == 2
    (file,) = sorted(rollouts.folder.iterdir())
    kept = list(read_records(file, Attempt))  # what was replaced is kept and counted too
    assert {attempt.problem for attempt in kept} >= {sums[0].id, sums[1].id, replaced}
    assert rollouts.counts()["rollouts"] == len(kept)


def test_what_the_calculator_wrote_has_no_part_in_the_gradient(
    small_base: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but calculator tokens under a mask, in one sample: its gradient is that of its other tokens."""
    seen = _one_step(small_base, data, tmp_path, SAID, monkeypatch)
    inputs = dict(seen.inputs[0])
    computed = (inputs["tool_mask"] == 0) & inputs["completion_mask"].bool()
    assert computed.sum() > 3

    def gradient(changed: Mapping[str, Any]) -> torch.Tensor:
        seen.trainer.model.zero_grad()
        calls: list[torch.Tensor] = []
        usual = seen.trainer._get_per_token_logps_and_entropies

        def kept(*arguments: Any, **settings: Any) -> Any:
            logps, *rest = usual(*arguments, **settings)
            logps.retain_grad()
            calls.append(logps)
            return (logps, *rest)

        with monkeypatch.context() as patch:
            patch.setattr(seen.trainer, "_get_per_token_logps_and_entropies", kept)
            seen.trainer._compute_loss(seen.trainer.model, changed).backward()
        return calls[0].grad

    with_mask = gradient(inputs)
    assert not with_mask[computed].any()
    moved = inputs["advantages"].abs() > 1e-6
    assert (with_mask[~computed & inputs["completion_mask"].bool() & moved] != 0).all()
    everywhere = inputs["completion_mask"] / inputs["completion_mask"].sum()
    without_mask = gradient({**inputs, "token_weights": everywhere})
    assert without_mask[computed & moved].any()


# ---- rollouts alone


def _trainer_of(model: Any, step: int = 0) -> Any:
    """A trainer as far as rollouts look at one."""
    return SimpleNamespace(
        state=SimpleNamespace(global_step=step), model=model, accelerator=SimpleNamespace(unwrap_model=lambda m: m)
    )


@pytest.fixture
def rollouts(small_base: Path, sums: list[Problem], tmp_path: Path) -> Rollouts:
    tokenizer = load_tokenizer(small_base)
    problems = {p.id: p for p in sums}
    return Rollouts(small_base, tokenizer, problems, CONFIG, METHODS["grpo"], SYSTEM, _judge(), tmp_path / "rollouts")


def test_a_reward_is_found_by_problem_and_sample_whatever_the_order(
    rollouts: Rollouts, small_base: Path, data: Path, sums: list[Problem]
) -> None:
    prompts = [sums[i].id for i in (3, 1, 1, 3, 2, 2, 1, 3, 3, 2, 1, 2)]
    drawn = rollouts.generate(prompts, _trainer_of(with_adapter(small_base, data / "adapter", trainable=True)))
    assert drawn["problem"] == prompts
    assert drawn["sample"] == [0, 0, 1, 1, 0, 1, 2, 2, 3, 2, 3, 3]
    tokenizer = load_tokenizer(small_base)
    paid = {
        (i, k): total(_terms(sums[0], text, (), _verify(sums[0], text, ()))[0], WEIGHTS)
        for i, k, ids in zip(prompts, drawn["sample"], drawn["completion_ids"], strict=True)
        for text in [tokenizer.decode(ids, skip_special_tokens=True)]
    }
    assert len(set(paid.values())) > 3
    for order in (range(12), range(11, -1, -1), [5, 0, 7, 2]):
        problem, sample = [prompts[n] for n in order], [drawn["sample"][n] for n in order]
        rewards = rollouts.reward(problem=problem, sample=sample, prompts=[], completions=[], trainer_state=None)
        assert rewards == [paid[key] for key in zip(problem, sample, strict=True)]
    with pytest.raises(KeyError):
        rollouts.reward(problem=["problem-x"], sample=[0])


def test_the_rollouts_are_drawn_with_the_student_s_present_weights_and_the_step_s_seed(
    rollouts: Rollouts, small_base: Path, data: Path, sums: list[Problem]
) -> None:
    model = with_adapter(small_base, data / "adapter", trainable=True)
    prompts = [sums[0].id] * 4
    first = rollouts.generate(prompts, _trainer_of(model))
    assert rollouts.generate(prompts, _trainer_of(model)) == first
    assert rollouts.generate(prompts, _trainer_of(model, 1))["completion_ids"] != first["completion_ids"]
    state = rollouts.model.model.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in merged_weights(model).items())
    assert sorted(path.name for path in rollouts.folder.iterdir()) == ["step-00000.jsonl", "step-00001.jsonl"]
    with torch.no_grad():
        next(t for t in model.parameters() if t.requires_grad).add_(0.3)
    assert rollouts.generate(prompts, _trainer_of(model))["completion_ids"] != first["completion_ids"]


def test_too_many_rollouts_without_a_score_stop_the_run(
    small_base: Path, data: Path, sums: list[Problem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"unscored {n}" if n < 6 else f"Answer: {n}" for n in range(60)]
    with pytest.raises(TrainingError, match=r"\d+ of 1\d\d rollouts could not be scored, mostly: the grader failed"):
        _one_step(small_base, data, tmp_path, texts, monkeypatch)
