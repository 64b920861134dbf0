"""AdaLoRA: which ranks are left is the paper's arithmetic, a killed run goes on to the same bytes, the result is LoRA."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from srm_core.config import TrainConfig
from srm_core.errors import ConfigError, TrainingError
from srm_core.inference.local import open_local
from srm_core.models.load import load_tokenizer, load_weights
from srm_core.preflight import check_training
from srm_core.records import Attempt, Problem, Reward, Verdict
from srm_core.store import read_rows, write_records
from srm_core.training.adalora import IMPORTANCE, Ranks, adalora_model
from srm_core.training.halving import NOTE, Passes
from srm_core.training.lora import merge, merged_weights, with_adapter, with_new_adapter
from srm_core.training.reinforcement import train_policy
from srm_core.training.rewards import Judge
from srm_core.training.rows import make_rows
from srm_core.training.sft import train_sft
from srm_core.training.triplets import orthogonality

from .killing import differing, train_told

FILES = ("adapter/adapter_model.safetensors", "adapter/adapter_config.json", "log.jsonl", "ranks.jsonl")
IDS = torch.tensor([[7, 70, 71, 90, 40, 12, 13, 200]])
LAYERS = 14
CONFIG = TrainConfig(
    adapter="adalora",
    lora_r=2,
    adalora_start_r=4,
    lora_alpha=8,
    batch=2,
    epochs=2.0,
    learning_rate=1e-2,
    checkpoint_steps=1,
    seed=5,
)  # twelve steps of two rows: ranks are taken from the second on, the last one in the ninth
SYSTEM = "You reason."


@pytest.fixture(scope="module")
def data(
    small_base: Path, sums: list[Problem], accepted: list[Attempt], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Twelve rows."""
    tokenizer = load_tokenizer(small_base)
    rows, _ = make_rows(accepted, {p.id: p for p in sums}, system=SYSTEM, tokenizer=tokenizer, max_tokens=2000)
    folder = tmp_path_factory.mktemp("data")
    write_records(folder / "rows.jsonl", rows)
    write_records(folder / "problems.jsonl", sums[:6])
    return folder


def _train(base: Path, data: Path, out: Path, **changes: Any) -> Mapping[str, float]:
    out.mkdir(exist_ok=True)
    return train_sft(base, data, CONFIG.model_copy(update=changes), out, lambda *_: None)


def _logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = model(IDS).logits
    return logits


def _left(model: Any) -> int:
    return sum(int((t != 0).sum()) for name, t in model.named_parameters() if "lora_E" in name)


@pytest.fixture(scope="module")
def straight(small_base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("straight")
    metrics = _train(small_base, data, out)
    assert metrics["sft_rank_mean"] == 2.0
    return out


# ---- the paper's arithmetic


class Two(torch.nn.Module):
    """Two layers without bias, to be adapted."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = torch.nn.Linear(3, 2, bias=False), torch.nn.Linear(2, 2, bias=False)
        self.config: dict[str, Any] = {"model_type": "custom"}


def _two(steps: int, **changes: Any) -> tuple[Any, Ranks, TrainConfig]:
    """Return two layers of four triplets each, from which all but two of the eight are taken by the end."""
    from peft import AdaLoraConfig, get_peft_model

    config = CONFIG.model_copy(update={"lora_r": 1, "adalora_warmup": 0.2, "adalora_settle": 0.3} | changes)
    settings = AdaLoraConfig(
        init_r=4,
        target_r=config.lora_r,
        tinit=int(config.adalora_warmup * steps),
        tfinal=int(config.adalora_settle * steps),
        total_step=steps,
        target_modules=["one", "two"],
    )
    model = get_peft_model(Two(), settings)
    return model, Ranks(model, config), config


def _give(model: Any, part: str, value: Any, gradient: Any) -> None:
    for name, tensor in model.named_parameters():
        if f"lora_{part}" in name:
            with torch.no_grad():
                tensor.copy_(torch.as_tensor(value).expand(tensor.shape))
            tensor.grad = torch.as_tensor(gradient).float().expand(tensor.shape).clone()


def test_importance_is_two_moving_averages_multiplied_by_hand() -> None:
    model, ranks, _ = _two(10)
    for gradient in (3.0, -1.0):
        for part in "ABE":
            _give(model, part, 2.0, gradient)
        ranks.allocate(1)  # warming up: nothing is taken
    first, second = abs(2.0 * 3.0), abs(2.0 * -1.0)  # eq. 8
    mean_1 = 0.85 * 0 + 0.15 * first  # eq. 9
    unsure_1 = 0.85 * 0 + 0.15 * abs(first - mean_1)  # eq. 10
    mean_2 = 0.85 * mean_1 + 0.15 * second
    unsure_2 = 0.85 * unsure_1 + 0.15 * abs(second - mean_2)
    names = list(ranks.allocator.ipt)
    assert len(names) == 6  # P, E and Q of two layers
    for name in names:
        torch.testing.assert_close(
            ranks.allocator.exp_avg_ipt[name], torch.full_like(ranks.allocator.ipt[name], mean_2), rtol=1e-6, atol=0
        )
        torch.testing.assert_close(
            ranks.allocator.exp_avg_unc[name], torch.full_like(ranks.allocator.ipt[name], unsure_2), rtol=1e-6, atol=0
        )
    assert ranks.pattern is None


def test_the_least_important_triplets_of_all_layers_are_taken_by_hand() -> None:
    """One step: I = |w g|, mean 0.15 I, unsure 0.15 * 0.85 I, so a score is 0.15 * 0.15 * 0.85 I squared (eq. 11)."""
    model, ranks, _ = _two(10, adalora_warmup=0.0, adalora_settle=0.0)
    numbers = {"one": [[1.0], [4.0], [2.0], [3.0]], "two": [[0.5], [8.0], [6.0], [7.0]]}
    rows = {"one": [9.0, 0.0, 0.0, 0.0], "two": [0.0, 0.0, 0.0, 0.0]}  # gradients of Q's rows, of three inputs in `one`
    for name, tensor in model.named_parameters():
        layer = next((each for each in numbers if f".{each}.lora" in name), "")
        if not layer or not tensor.requires_grad:
            continue
        with torch.no_grad():
            tensor.fill_(1.0)
        tensor.grad = torch.zeros_like(tensor)
        if "lora_E" in name:
            tensor.grad = torch.tensor(numbers[layer])
        if "lora_A" in name:
            tensor.grad[:, 0] = torch.tensor(rows[layer])
    ranks.allocate(1)
    # eq. 7, without the common factor: the square of E's part, and the mean of the squares of the row
    scores = {"one": [1 + 9**2 / 3, 16.0, 4.0, 9.0], "two": [0.25, 64.0, 36.0, 49.0]}
    budget = int(2 + (8 - 2) * (1 - 1 / 10) ** 3)
    assert budget == 6
    gone = sorted(score for each in scores.values() for score in each)[: 8 - budget]
    assert gone == [0.25, 4.0]
    assert ranks.pattern is not None
    left = {name.split(".")[-3]: each for name, each in ranks.pattern.items()}
    assert left == {layer: [score not in gone for score in each] for layer, each in scores.items()}
    for name, tensor in model.named_parameters():
        if "lora_E" in name:
            assert (tensor[:, 0] != 0).tolist() == left[name.split(".")[-3]]


def test_the_budget_falls_by_the_cubic_schedule_by_hand() -> None:
    model, ranks, _ = _two(10)
    draw = torch.Generator().manual_seed(0)
    left = []
    for step in range(1, 11):
        for name, tensor in model.named_parameters():
            if "lora_" in name and tensor.requires_grad:
                with torch.no_grad():  # what was taken moves again until it is taken once more
                    tensor.add_(torch.rand(tensor.shape, generator=draw) + 0.1)
                tensor.grad = torch.rand(tensor.shape, generator=draw)
        ranks.allocate(step)
        left.append(_left(model))
    during = [
        int(2 + (8 - 2) * (1 - (t - 2) / (10 - 2 - 3)) ** 3) for t in (3, 4, 5, 6, 7)
    ]  # eq. 12: T 10, t_i 2, t_f 3
    assert during == [5, 3, 2, 2, 2]  # 2 + 6 * 0.512, 2 + 6 * 0.216, 2 + 6 * 0.064, 2 + 6 * 0.008, 2
    assert left == [8, 8, *during, 2, 2, 2]


def test_orthogonality_by_hand_and_as_peft_has_it(small_base: Path) -> None:
    model, _, _ = _two(10)
    _give(model, "A", 0.5, 0.0)  # rows of 0.5: products 0.75 (three inputs) and 0.5 (two)
    _give(model, "B", 0.0, 0.0)  # P^T P - 1 = -1
    squares = [4 * (0.75 - 1) ** 2 + 12 * 0.75**2, 4.0, 4 * (0.5 - 1) ** 2 + 12 * 0.5**2, 4.0]
    assert float(orthogonality(model).detach()) == pytest.approx(sum(each**0.5 for each in squares) / 4)

    whole = adalora_model(small_base, CONFIG, 12)
    whole.peft_config["default"].orth_reg_weight = 1.0
    theirs = whole(IDS, labels=IDS).loss - whole.get_base_model()(IDS, labels=IDS).loss
    assert float(theirs.detach()) == pytest.approx(float(orthogonality(whole).detach()), abs=1e-5)


# ---- training


def test_it_starts_as_the_base(small_base: Path) -> None:
    model = adalora_model(small_base, CONFIG, 12)
    torch.testing.assert_close(_logits(model), _logits(load_weights(small_base)), atol=1e-5, rtol=0)
    assert sum("lora_E" in name for name, tensor in model.named_parameters() if tensor.requires_grad) == LAYERS
    settings = model.peft_config["default"]
    assert (settings.tinit, settings.tfinal, settings.total_step) == (1, 3, 12)  # a tenth and three tenths of 12


def test_the_loss_falls_while_ranks_are_taken(
    small_base: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, usual = [], Ranks.allocate

    def watched(self: Ranks, step: int) -> None:
        usual(self, step)
        left.append(_left(self.model))

    monkeypatch.setattr(Ranks, "allocate", watched)
    metrics = _train(small_base, data, tmp_path, epochs=4.0)
    losses = [row["loss"] for row in read_rows(tmp_path / "log.jsonl")]
    assert len(losses) == len(left) == 24
    assert sum(losses[-6:]) < 0.9 * sum(losses[:6])
    begun, wanted = 4 * LAYERS, 2 * LAYERS
    assert left[:2] == [0, begun]  # a tenth of 24 steps; the rate of the first is 0, so every E is still 0 after it
    assert left[2:17] == [int(wanted + (begun - wanted) * (1 - (t - 2) / (24 - 2 - 7)) ** 3) for t in range(3, 18)]
    assert left[17:] == [wanted] * 7  # three tenths
    ranks = {row["layer"]: row["rank"] for row in read_rows(tmp_path / "ranks.jsonl")}
    assert sum(ranks.values()) == wanted
    assert len(set(ranks.values())) > 1  # not the same from every layer
    assert metrics["sft_rank_least"] == min(ranks.values()) < metrics["sft_rank_most"] == max(ranks.values())


@pytest.mark.parametrize("kill_at", [2, 6, 11])
def test_a_killed_run_goes_on_to_the_same_bytes(
    small_base: Path, data: Path, straight: Path, tmp_path: Path, kill_at: int
) -> None:
    train_told(train_sft, small_base, data, tmp_path, CONFIG, kill_at)
    kept = load_file(tmp_path / f"checkpoint-{kill_at - 1}" / IMPORTANCE)
    assert any(name.startswith("left/") for name in kept) == (kill_at > 2)
    assert any(name.startswith("exp_avg_ipt/") for name in kept) == (kill_at <= 9)  # forgotten with the last rank
    resumed = train_told(train_sft, small_base, data, tmp_path, CONFIG)
    assert resumed[0][0] == kill_at
    assert not differing(straight, tmp_path, *FILES)


def test_without_its_importance_a_resumed_run_would_differ(
    small_base: Path, data: Path, straight: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_told(train_sft, small_base, data, tmp_path, CONFIG, 6)
    monkeypatch.setattr(Ranks, "load", lambda self, checkpoint: None)
    train_told(train_sft, small_base, data, tmp_path, CONFIG)
    assert differing(straight, tmp_path, *FILES)


@pytest.mark.parametrize("halved", [False, True])
def test_passes_share_the_orthogonality_of_a_step(
    small_base: Path, data: Path, straight: Path, tmp_path: Path, halved: bool
) -> None:
    if halved:
        (tmp_path / NOTE).write_text(Passes(planned=2, rows=1, step=1).model_dump_json())
    _train(small_base, data, tmp_path, accumulation=1 if halved else 2)
    for one, other in zip(*(read_rows(out / "log.jsonl") for out in (straight, tmp_path)), strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-3)
        assert one["grad_norm"] == pytest.approx(other["grad_norm"], rel=1e-2)
        if one["step"] == 1:
            assert one["loss"] == pytest.approx(other["loss"], abs=1e-5)
            assert one["grad_norm"] == pytest.approx(other["grad_norm"], rel=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"lora_r": 3},
        {"adalora_start_r": 5},
        {"adalora_warmup": 0.5},
        {"adalora_settle": 0.6},
        {"adalora_every": 3},
        {"adalora_orthogonality": 0.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_setting_changes_what_is_made(
    small_base: Path, data: Path, straight: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    _train(small_base, data, tmp_path, **change)
    assert FILES[0] in differing(straight, tmp_path, *FILES)


# ---- what is made of it


def test_what_is_left_is_an_ordinary_adapter_that_says_what_the_trained_model_said(
    small_base: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRM_ENGINE", "reference")
    said, usual = [], Ranks.finish

    def listened(self: Ranks, out: Path) -> dict[str, float]:
        said.append(_logits(self.model))
        return usual(self, out)

    monkeypatch.setattr(Ranks, "finish", listened)
    _train(small_base, data, tmp_path)
    (expected,) = said
    assert (expected - _logits(load_weights(small_base))).abs().max() > 0.01
    settings = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    most = max(row["rank"] for row in read_rows(tmp_path / "ranks.jsonl"))
    assert (settings["peft_type"], settings["r"], settings["lora_alpha"]) == ("LORA", most, most)

    adapted = with_adapter(small_base, tmp_path / "adapter", trainable=False)
    torch.testing.assert_close(_logits(adapted), expected, atol=1e-4, rtol=0)
    assert len(merged_weights(adapted)) == LAYERS
    merge(small_base, tmp_path / "adapter", tmp_path / "merged")
    torch.testing.assert_close(_logits(load_weights(tmp_path / "merged")), expected, atol=1e-4, rtol=0)
    student = open_local(f"dir:{small_base}", adapter=tmp_path / "adapter")  # the engine puts it beside the base
    assert student is not None


def test_reinforcement_goes_on_from_it(small_base: Path, straight: Path, data: Path, tmp_path: Path) -> None:
    def verify(problem: Problem, text: str, evidence: Any) -> Verdict:
        return Verdict(correct=sum(map(ord, text)) % 2 == 0)

    def terms(problem: Problem, text: str, evidence: Sequence[Any], verdict: Verdict) -> Any:
        return [Reward(name="correct", value=float(verdict.correct is True))], []

    changes = {"rl_steps": 1, "rl_prompts": 2, "rl_samples": 4, "rl_max_tokens": 6, "rl_learning_rate": 1e-2}
    config = CONFIG.model_copy(update=changes | {"rl_beta": 0.1})
    (tmp_path / "data").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "data" / "problems.jsonl").write_bytes((data / "problems.jsonl").read_bytes())
    (tmp_path / "data" / "adapter").symlink_to(straight / "adapter")
    judge = Judge(verify=verify, terms=terms, weights={"correct": 1.0})
    train_policy(
        "grpo",
        small_base,
        tmp_path / "data",
        config,
        tmp_path / "out",
        judge=judge,
        system=SYSTEM,
        tell=lambda *_: None,
    )
    before, after = (load_file(at / FILES[0]) for at in (straight, tmp_path / "out"))
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[key], after[key]) for key in before)
    taken = 0
    for key in before:  # ranks that were taken stay taken
        one, other = (each[key] if "lora_A" in key else each[key].T for each in (before, after))
        gone = (one == 0).all(dim=1)
        taken += int(gone.sum())
        assert not other[gone].any(), key
    assert taken > 0


# ---- what does not fit


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"methods": ("cpt", "sft")}, "ranks are taken while sft trains; put sft first in train.methods"),
        ({"methods": ("dpo",)}, "put sft first"),
        ({"lora_r": 4}, r"train.adalora_start_r = 4: no rank could be taken .* train.lora_r = 4 .*; raise it"),
        ({"adalora_warmup": 0.7}, r"train.adalora_warmup = 0.7 and train.adalora_settle = 0.3: no step is left"),
        ({"launch": "torch", "processes": 2}, "ranks are taken by one process"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], said: str) -> None:
    check_training(CONFIG.model_copy(update={"methods": ("sft", "grpo")}), {"model_type": "llama"}, {})
    with pytest.raises(ConfigError, match=said):
        check_training(CONFIG.model_copy(update={"methods": ("sft",)} | settings), {"model_type": "llama"}, {})


def test_a_mixture_a_single_step_and_a_start_without_sft_are_refused(small_base: Path, tmp_path: Path) -> None:
    mixture = {"model_type": "mixtral", "num_local_experts": 8}
    with pytest.raises(ConfigError, match=r"train.adapter = 'adalora': the base is a mixture .* take lora or rslora"):
        check_training(CONFIG.model_copy(update={"methods": ("sft",)}), mixture, {})
    adalora_model(small_base, CONFIG, 2)
    with pytest.raises(TrainingError, match=r"sft has 1 steps, 0 of them after .* ranks cannot be taken in one; raise"):
        adalora_model(small_base, CONFIG, 1)
    with pytest.raises(TrainingError, match="ranks are taken while sft trains; train by sft first"):
        with_new_adapter(small_base, CONFIG)
