"""Preference training: TRL's loss is the paper's, own answers are told apart better, and a killed run goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from math import log
from pathlib import Path
from typing import Any

import pytest
import torch

from srm_core.config import TrainConfig
from srm_core.errors import TrainingError
from srm_core.models.load import load_tokenizer, load_weights
from srm_core.records import Attempt, Evidence, Problem, Reward, Verdict
from srm_core.store import read_records, read_rows, write_records
from srm_core.training import attempts as asking
from srm_core.training.lora import false_alarms_silenced, starting_model, with_adapter, with_new_adapter
from srm_core.training.objectives.dpo import dpo_loss, margins
from srm_core.training.objectives.kto import kto_loss, reference_point
from srm_core.training.pairs import Answer, Pair, make_pairs
from srm_core.training.preference import train_dpo, train_kto
from srm_core.training.preference_batches import answer_batch, pair_batch
from srm_core.training.preference_trainer import _trainer, arguments
from srm_core.training.rewards import Judge

from .killing import Killed, differing, killer

SYSTEM = "You reason."
CONFIG = TrainConfig(
    lora_r=4,
    lora_alpha=8,
    batch=4,
    rl_max_tokens=6,
    rl_temperature=0.9,
    checkpoint_steps=2,
    preference_samples=5,
    preference_learning_rate=1e-3,
)
LEARNS = {"preference_epochs": 2.0, "preference_learning_rate": 1e-2, "checkpoint_steps": 100}
Train = Callable[..., Mapping[str, float]]


def _even(problem: Problem, text: str, evidence: Sequence[Evidence]) -> Verdict:
    if "unscored" in text:
        return Verdict(correct=None, reason="the grader failed")
    return Verdict(correct=sum(map(ord, text)) % 2 == 0)


def _terms(
    problem: Problem, text: str, evidence: Sequence[Evidence], verdict: Verdict
) -> tuple[list[Reward], list[str]]:
    return [Reward(name="correct", value=float(verdict.correct is True))], []


def _judge(verify: Any = _even) -> Judge:
    return Judge(verify=verify, terms=_terms, weights={"correct": 1.0})


def _perturb(model: Any, scale: float, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if "lora_B.default" in name:
                tensor.add_(torch.randn(tensor.shape, generator=draw) * scale)


@pytest.fixture(scope="module")
def data(small_base: Path, sums: list[Problem], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six problems, and an adapter that is no longer the zero it starts as."""
    folder = tmp_path_factory.mktemp("data")
    write_records(folder / "problems.jsonl", sums[:6])
    model = with_new_adapter(small_base, CONFIG)
    _perturb(model, 0.02, 0)
    model.save_pretrained(folder / "adapter")
    return folder


def _run(
    train: Train, base: Path, data: Path, out: Path, config: TrainConfig = CONFIG, kill_at: int = 0, **options: Any
) -> Mapping[str, float]:
    out.mkdir(exist_ok=True)
    return train(base, data, config, out, judge=options.get("judge") or _judge(), system=SYSTEM, tell=killer(kill_at))


@pytest.fixture(scope="module")
def dpo(small_base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, float]]:
    out = tmp_path_factory.mktemp("dpo")
    return out, _run(train_dpo, small_base, data, out)


@pytest.fixture(scope="module")
def kto(small_base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, float]]:
    out = tmp_path_factory.mktemp("kto")
    return out, _run(train_kto, small_base, data, out)


def _likelihoods(model: Any, answers: Sequence[Answer], prompts: Sequence[Answer] | None = None) -> torch.Tensor:
    """Return the log-probability of each answer's own tokens, one answer at a time, by the plain model."""
    found = []
    for prompt, answer in zip(prompts or answers, answers, strict=True):
        ids = torch.tensor([[*prompt.prompt, *answer.ids]])
        logprobs = model(ids).logits[0, len(prompt.prompt) - 1 : -1].log_softmax(-1)
        own = torch.tensor(answer.mask)
        found.append((logprobs.gather(1, torch.tensor(answer.ids)[:, None])[:, 0] * own).sum())
    return torch.stack(found)


def _gradients(model: Any) -> dict[str, torch.Tensor]:
    return {name: t.grad.clone() for name, t in model.named_parameters() if t.grad is not None}


def _same_gradients(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    largest = max(float(t.abs().max()) for t in other.values())
    assert largest > 1e-4
    for name, gradient in other.items():
        assert torch.allclose(one[name], gradient, rtol=0, atol=1e-3 * largest), name


def _with_calculator(answer: Answer) -> Answer:
    """The same answer with its second token written by the calculator."""
    fields = answer.model_dump(exclude={"id", "content"})
    return Answer.model_validate(fields | {"mask": [place != 1 for place in range(len(answer.ids))]})


# ---- TRL's loss against the pure functions, where policy and reference differ


def _moved_trainer(
    trainer_class: Any, settings_class: Any, base: Path, data: Path, out: Path, **more: Any
) -> tuple[Any, Any, Any]:
    """Return (TRL's trainer with a moved policy, a plain model with the same weights, the reference)."""
    model, policy = (starting_model(base, data, CONFIG) for _ in range(2))
    settings = settings_class(**arguments(CONFIG, out, model), **more)
    with false_alarms_silenced():
        trainer = _trainer(trainer_class, settings, model, load_tokenizer(base), [0], lambda rows: {}, lambda *_: None)
    for moved in (model, policy):
        _perturb(moved, 0.02, 1)
    return trainer, policy, with_adapter(base, data / "adapter", trainable=False)


def test_trl_s_dpo_loss_and_gradient_are_those_of_equation_7(
    small_base: Path, data: Path, dpo: tuple[Path, Any], tmp_path: Path
) -> None:
    from trl import DPOConfig, DPOTrainer

    pairs = list(read_records(dpo[0] / "pairs.jsonl", Pair))[:3]
    (first,), _ = make_pairs([_with_calculator(pairs[0].chosen), _with_calculator(pairs[0].rejected)])
    pairs = [first, *pairs[1:]]
    trainer, policy, reference = _moved_trainer(DPOTrainer, DPOConfig, small_base, data, tmp_path)
    with false_alarms_silenced():
        theirs = trainer.compute_loss(trainer.model, pair_batch(pairs, padding=0))
    theirs.backward()

    chosen, rejected = [pair.chosen for pair in pairs], [pair.rejected for pair in pairs]
    with torch.no_grad():
        held = [_likelihoods(reference, answers) for answers in (chosen, rejected)]
    moved = [_likelihoods(policy, answers) for answers in (chosen, rejected)]
    assert float(margins(*moved, *held).detach().abs().max()) > 0.1  # so that the loss is not just log 2
    ours = dpo_loss(*moved, *held, beta=CONFIG.preference_beta).mean()
    ours.backward()
    assert theirs.item() == pytest.approx(ours.item(), abs=1e-5)
    _same_gradients(_gradients(trainer.model), _gradients(policy))


@pytest.mark.parametrize("shown", [slice(0, 4), slice(1, 6)])
def test_trl_s_kto_loss_and_gradient_are_those_of_equation_7(
    small_base: Path, data: Path, kto: tuple[Path, Any], tmp_path: Path, shown: slice
) -> None:
    from trl import KTOConfig, KTOTrainer

    everything = list(read_records(kto[0] / "answers.jsonl", Answer))
    answers = [_with_calculator(everything[0]), *everything[5::4]][shown]
    assert {a.right for a in answers} == {True, False}
    trainer, policy, reference = _moved_trainer(
        KTOTrainer, KTOConfig, small_base, data, tmp_path, desirable_weight=0.5, per_device_train_batch_size=2
    )
    with false_alarms_silenced():
        theirs = trainer.compute_loss(trainer.model, answer_batch(answers, padding=0))
    theirs.backward()

    others = []
    for place, answer in enumerate(answers):
        circle = [*answers[place + 1 :], *answers[: place + 1]]
        others.append(next(other for other in circle if other.problem != answer.problem))
    with torch.no_grad():
        held, away = _likelihoods(reference, answers), _likelihoods(reference, others, answers)
        point = reference_point(_likelihoods(policy, others, answers), away)
    right = torch.tensor([answer.right for answer in answers])
    ours = kto_loss(_likelihoods(policy, answers), held, right, point, CONFIG.preference_beta, right_weight=0.5).mean()
    ours.backward()
    assert theirs.item() == pytest.approx(ours.item(), abs=1e-5)
    _same_gradients(_gradients(trainer.model), _gradients(policy))


# ---- whole runs


def test_dpo_raises_the_margin_of_chosen_over_rejected_on_its_own_rows(
    small_base: Path, data: Path, dpo: tuple[Path, Any], tmp_path: Path
) -> None:
    config = CONFIG.model_copy(update=LEARNS)
    _run(train_dpo, small_base, data, tmp_path, config)
    pairs = list(read_records(tmp_path / "pairs.jsonl", Pair))
    before, after = (with_adapter(small_base, folder / "adapter", trainable=False) for folder in (data, tmp_path))
    with torch.no_grad():
        found = [
            _likelihoods(model, [getattr(pair, side) for pair in pairs])
            for model in (after, before)
            for side in ("chosen", "rejected")
        ]
    raised = margins(*found)
    assert float(raised.mean()) > 1
    assert float((raised > 0).float().mean()) > 0.8
    logged = [row["rewards/margins"] for row in read_rows(tmp_path / "log.jsonl")]
    assert logged[0] == 0.0  # the reference is the student as it starts
    assert sum(logged[-3:]) / 3 > 0.05


def test_kto_raises_right_answers_over_wrong_ones_on_its_own_rows(small_base: Path, data: Path, tmp_path: Path) -> None:
    config = CONFIG.model_copy(update=LEARNS)
    metrics = _run(train_kto, small_base, data, tmp_path, config)
    answers = list(read_records(tmp_path / "answers.jsonl", Answer))
    before, after = (with_adapter(small_base, folder / "adapter", trainable=False) for folder in (data, tmp_path))
    with torch.no_grad():
        change = _likelihoods(after, answers) - _likelihoods(before, answers)
    right = torch.tensor([answer.right for answer in answers])
    assert float(change[right].mean()) > float(change[~right].mean()) + 1
    assert (metrics["kto_right"], metrics["kto_wrong"]) == (float(right.sum()), float((~right).sum()))
    assert "kl" in read_rows(tmp_path / "log.jsonl")[-1]


def test_the_answers_are_the_student_s_own_and_all_of_them_are_accounted_for(
    small_base: Path, data: Path, sums: list[Problem], dpo: tuple[Path, Mapping[str, float]]
) -> None:
    out, metrics = dpo
    attempts = [a for file in sorted((out / "attempts").iterdir()) for a in read_records(file, Attempt)]
    assert len(attempts) == 6 * CONFIG.preference_samples
    assert {a.problem for a in attempts} == {problem.id for problem in sums[:6]}
    completion = attempts[0].completion
    ids = torch.tensor([[*completion.prompt_ids, *completion.token_ids]])
    with torch.no_grad():
        model = with_adapter(small_base, data / "adapter", trainable=False)
        logits = model(ids).logits[0, len(completion.prompt_ids) - 1 : -1] / CONFIG.rl_temperature
    own = logits.log_softmax(-1).gather(1, torch.tensor(completion.token_ids)[:, None])[:, 0]
    assert own.tolist() == pytest.approx(completion.logprobs, abs=1e-4)

    pairs = list(read_records(out / "pairs.jsonl", Pair))
    left = sum(value for name, value in metrics.items() if "left out" in name)
    assert 2 * len(pairs) + left == len(attempts)
    assert metrics["dpo_pairs"] == len(pairs) > 4
    assert metrics["dpo_steps"] == len(read_rows(out / "log.jsonl")) == -(-len(pairs) // 2)
    losses = [row["loss"] for row in read_rows(out / "log.jsonl")]
    assert losses == pytest.approx([log(2)] * len(losses), abs=0.02)  # the mean over pairs, in a last half step too
    assert metrics["dpo_chosen_tokens"] == sum(len(pair.chosen.ids) for pair in pairs) / len(pairs)
    by_id = {a.id: a for a in attempts}
    for pair in pairs:
        assert by_id[pair.chosen.attempt].completion.token_ids == pair.chosen.ids
        assert by_id[pair.chosen.attempt].verdict.correct is True
        assert by_id[pair.rejected.attempt].verdict.correct is False


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_a_killed_run_goes_on_from_its_checkpoint_to_the_same_bytes_and_asks_nothing_again(
    small_base: Path,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    method: str,
) -> None:
    train = {"dpo": train_dpo, "kto": train_kto}[method]
    straight, metrics = request.getfixturevalue(method)
    with pytest.raises(Killed):
        _run(train, small_base, data, tmp_path, kill_at=3)
    assert (tmp_path / "checkpoint-2").exists()
    assert not (tmp_path / "adapter").exists()
    torch.manual_seed(5)
    monkeypatch.setattr(asking, "_student", None)  # not a word is drawn again
    steps: list[int] = []
    resumed = train(
        small_base, data, CONFIG, tmp_path, judge=_judge(), system=SYSTEM, tell=lambda step, *_: steps.append(step)
    )
    assert steps[0] == 3
    assert resumed == metrics
    assert not differing(straight, tmp_path, "adapter/adapter_model.safetensors", "log.jsonl")
    assert not [path.name for path in (tmp_path / "adapter").iterdir() if path.is_dir()]  # no reference beside it


def test_a_run_that_was_killed_while_it_asked_asks_the_rest_only(
    small_base: Path, data: Path, dpo: tuple[Path, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ASKED_AT_ONCE", 2)
    seen: list[str] = []

    def verify(problem: Problem, text: str, evidence: Sequence[Evidence]) -> Verdict:
        seen.append(problem.id)
        if len(seen) == 20:
            raise Killed
        return _even(problem, text, evidence)

    with pytest.raises(Killed):
        _run(train_dpo, small_base, data, tmp_path, judge=_judge(verify))
    assert [file.name for file in sorted((tmp_path / "attempts").iterdir())] == ["batch-00000.jsonl"]
    _run(train_dpo, small_base, data, tmp_path, judge=_judge(verify))
    assert len(seen) == 20 + 30 - 10
    assert not differing(tmp_path, dpo[0], "pairs.jsonl")


def test_without_an_adapter_it_starts_from_the_base(small_base: Path, sums: list[Problem], tmp_path: Path) -> None:
    write_records(tmp_path / "problems.jsonl", sums[:6])
    metrics = _run(train_dpo, small_base, tmp_path, tmp_path / "out")
    pairs = list(read_records(tmp_path / "out" / "pairs.jsonl", Pair))
    assert metrics["dpo_pairs"] == len(pairs)
    (first, *_) = read_rows(tmp_path / "out" / "log.jsonl")
    assert first["rewards/margins"] == 0.0
    fresh = load_weights(small_base).state_dict()
    assert all(tensor.isfinite().all() for tensor in fresh.values())
    assert (tmp_path / "out" / "adapter" / "adapter_model.safetensors").exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"preference_beta": 0.5},
        {"preference_epochs": 0.5},
        {"preference_learning_rate": 1e-2},
        {"preference_samples": 4},
        {"rl_temperature": 0.5},
        {"batch": 2},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_every_setting_of_it_changes_what_is_trained(
    small_base: Path, data: Path, dpo: tuple[Path, Any], tmp_path: Path, changed: dict[str, Any]
) -> None:
    drawn_alike = not {"preference_samples", "rl_temperature"} & changed.keys()
    if drawn_alike:
        shutil.copytree(dpo[0] / "attempts", tmp_path / "attempts")
    _run(train_dpo, small_base, data, tmp_path, CONFIG.model_copy(update=changed))
    assert (tmp_path / "log.jsonl").read_bytes() != (dpo[0] / "log.jsonl").read_bytes()


# ---- refused


@pytest.mark.parametrize(("method", "said"), [("dpo", "dpo: no problem was both solved"), ("kto", "kto: 0 right and")])
def test_a_build_reaches_it_by_its_name(
    toy: Callable[..., Any], sums: list[Problem], tmp_path: Path, method: str, said: str
) -> None:
    """By the toy pack's verifier a random student is never right."""
    from srm_core.models import tiny
    from srm_core.training.methods import run_method

    toy()
    write_records(tmp_path / "problems.jsonl", sums[:2])
    (tmp_path / "out").mkdir()
    with pytest.raises(TrainingError, match=said):
        run_method(method, pack="toy", base=tiny.folder(0), data=tmp_path, config=CONFIG, out=tmp_path / "out")


@pytest.mark.parametrize(("correct", "why"), [(True, "always"), (False, "never")])
def test_without_a_pair_dpo_says_so_in_a_sentence(
    small_base: Path, data: Path, tmp_path: Path, correct: bool, why: str
) -> None:
    judge = _judge(lambda *_: Verdict(correct=correct))
    with pytest.raises(
        TrainingError, match=rf"no pair to learn from \(.*\d+ of a problem that was {why} solved.*raise"
    ):
        _run(train_dpo, small_base, data, tmp_path, judge=judge)
    assert not (tmp_path / "pairs.jsonl").exists()


@pytest.mark.parametrize(("correct", "counts"), [(True, r"\d+ right and 0 wrong"), (False, r"0 right and \d+ wrong")])
def test_without_both_kinds_kto_says_so_in_a_sentence(
    small_base: Path, data: Path, tmp_path: Path, correct: bool, counts: str
) -> None:
    judge = _judge(lambda *_: Verdict(correct=correct))
    with pytest.raises(TrainingError, match=f"kto: {counts} answers to 6 problems .*it needs both"):
        _run(train_kto, small_base, data, tmp_path, judge=judge)


@pytest.mark.parametrize("train", [train_dpo, train_kto])
def test_without_problems_it_names_the_settings_that_make_them(
    small_base: Path, data: Path, tmp_path: Path, train: Train
) -> None:
    write_records(tmp_path / "problems.jsonl", [])
    with pytest.raises(TrainingError, match=r"there is no problem to answer: train\.rl_steps.*raise train\.rl_steps"):
        _run(train, small_base, tmp_path, tmp_path / "out")


def test_too_many_answers_without_a_score_stop_the_run(small_base: Path, data: Path, tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"preference_samples": 20})
    judge = _judge(lambda *_: Verdict(correct=None, reason="the grader failed"))
    with pytest.raises(TrainingError, match="100 of 100 rollouts could not be scored, mostly: the grader failed"):
        _run(train_dpo, small_base, data, tmp_path, config, judge=judge)
