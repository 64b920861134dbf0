"""LoRA, rsLoRA and DoRA: each starts as nothing, is the paper's matrix, and goes the whole way to a merged checkpoint."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from srm_core.config import BuildConfig, TrainConfig
from srm_core.errors import ConfigError, ModelError
from srm_core.inference.local import open_local
from srm_core.models.load import load_tokenizer, load_weights
from srm_core.preflight import check_settings
from srm_core.records import Attempt, Evidence, Problem, Reward, Verdict
from srm_core.store import write_records
from srm_core.training.lora import merge, merged_weights, starting_model, with_adapter, with_new_adapter
from srm_core.training.preference import train_kto
from srm_core.training.refused import unfit_adapter
from srm_core.training.reinforcement import train_policy
from srm_core.training.rewards import Judge
from srm_core.training.rows import make_rows
from srm_core.training.sft import train_sft

KINDS = ("lora", "rslora", "dora")
IDS = torch.tensor([[7, 70, 71, 90, 40, 12, 13, 200]])
LAYER = "model.layers.1.mlp.down_proj"
SYSTEM = "You reason."


def _config(kind: str, **changes: Any) -> TrainConfig:
    fields = {
        "adapter": kind,
        "lora_r": 4,
        "lora_alpha": 8,
        "batch": 4,
        "learning_rate": 1e-2,
        "rl_steps": 1,
        "rl_prompts": 2,
        "rl_samples": 4,
        "rl_max_tokens": 6,
        "preference_samples": 5,
        "rl_learning_rate": 1e-2,
    }
    return TrainConfig.model_validate(fields | changes)


def _judge() -> Judge:
    def verify(problem: Problem, text: str, evidence: Sequence[Evidence]) -> Verdict:
        return Verdict(correct=sum(map(ord, text)) % 2 == 0)

    def terms(problem: Problem, text: str, evidence: Sequence[Evidence], verdict: Verdict) -> Any:
        return [Reward(name="correct", value=float(verdict.correct is True))], []

    return Judge(verify=verify, terms=terms, weights={"correct": 1.0})


def _logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        logits: torch.Tensor = model(IDS).logits
    return logits


@pytest.fixture(scope="module")
def trained(
    small_base: Path, sums: list[Problem], accepted: list[Attempt], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Return a function that gives a data folder with rows, problems and the adapter that SFT made of them."""
    made: dict[str, Path] = {}

    def of(kind: str) -> Path:
        if kind not in made:
            data = tmp_path_factory.mktemp(kind)
            by_id = {p.id: p for p in sums}
            tokenizer = load_tokenizer(small_base)
            rows, _ = make_rows(accepted, by_id, system=SYSTEM, tokenizer=tokenizer, max_tokens=2000)
            write_records(data / "rows.jsonl", rows)
            write_records(data / "problems.jsonl", sums[:6])
            train_sft(small_base, data, _config(kind), data, lambda *_: None)
            made[kind] = data
        return made[kind]

    return of


@pytest.mark.parametrize("kind", KINDS)
def test_the_start_says_what_the_base_says(small_base: Path, kind: str) -> None:
    model = with_new_adapter(small_base, _config(kind))
    torch.testing.assert_close(_logits(model), _logits(load_weights(small_base)), atol=1e-5, rtol=0)
    lengths = [name for name, t in model.named_parameters() if "magnitude" in name and t.requires_grad]
    assert len(lengths) == (14 if kind == "dora" else 0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_merged_weight_is_the_paper_s_and_says_what_the_adapted_model_says(
    small_base: Path, trained: Callable[[str], Path], kind: str, tmp_path: Path
) -> None:
    adapter = trained(kind) / "adapter"
    saved = load_file(adapter / "adapter_model.safetensors")
    a, b = (saved[f"base_model.model.{LAYER}.lora_{side}.weight"] for side in "AB")
    whole = load_weights(small_base).state_dict()[f"{LAYER}.weight"]
    by_hand = whole + b @ a * 8 / (2 if kind == "rslora" else 4)  # alpha 8, r 4
    if kind == "dora":
        m = saved[f"base_model.model.{LAYER}.lora_magnitude_vector"]
        assert not torch.allclose(m, whole.norm(dim=1), atol=1e-4)  # it was trained
        by_hand = m[:, None] * by_hand / by_hand.square().sum(dim=1, keepdim=True).sqrt()
    adapted = with_adapter(small_base, adapter, trainable=False)
    ours = merged_weights(adapted)
    assert len(ours) == 14
    torch.testing.assert_close(ours[f"{LAYER}.weight"], by_hand, atol=1e-6, rtol=1e-5)

    merge(small_base, adapter, tmp_path / "merged")
    expected = _logits(adapted)
    assert (expected - _logits(load_weights(small_base))).abs().max() > 0.01
    torch.testing.assert_close(_logits(load_weights(tmp_path / "merged")), expected, atol=1e-4, rtol=0)
    updated = open_local(f"dir:{small_base}")
    assert updated is not None
    updated.update_weights(ours)
    torch.testing.assert_close(_logits(updated.model), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", ["rslora", "dora"])
def test_reinforcement_and_preferences_go_on_from_it_held_to_their_start(
    small_base: Path, trained: Callable[[str], Path], kind: str, tmp_path: Path
) -> None:
    data = trained(kind)
    config = _config(kind, rl_beta=0.1)  # a second adapter, the reference, lies beside it
    for name in ("grpo", "kto"):
        out = tmp_path / name
        out.mkdir()
        given: dict[str, Any] = {"judge": _judge(), "system": SYSTEM, "tell": lambda *_: None}
        if name == "grpo":
            train_policy("grpo", small_base, data, config, out, **given)
        else:
            train_kto(small_base, data, config, out, **given)
        before, after = (load_file(at / "adapter" / "adapter_model.safetensors") for at in (data, out))
        assert before.keys() == after.keys()
        parts = ("lora_A", "lora_B", *(["magnitude"] if kind == "dora" else []))
        for part in parts:
            assert any(part in key and not torch.equal(before[key], after[key]) for key in before), part
        saved = json.loads((out / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
        assert (saved["use_dora"], saved["use_rslora"]) == (kind == "dora", kind == "rslora")
        merge(small_base, out / "adapter", out / "student" / "merged")
        again = with_adapter(small_base, out / "adapter", trainable=False)
        torch.testing.assert_close(_logits(load_weights(out / "student" / "merged")), _logits(again), atol=1e-4, rtol=0)


def test_a_dora_adapter_is_not_put_beside_a_base(small_base: Path, trained: Callable[[str], Path]) -> None:
    with pytest.raises(ModelError, match="uses use_dora, which is not applied beside a base here; merge it with peft"):
        open_local(f"dir:{small_base}", adapter=trained("dora") / "adapter")


def test_supervised_fine_tuning_goes_on_from_an_adapter_that_is_there(
    small_base: Path, trained: Callable[[str], Path], tmp_path: Path
) -> None:
    data = trained("lora")
    start = starting_model(small_base, data, _config("lora"))
    kept = load_file(data / "adapter" / "adapter_model.safetensors")
    name = f"base_model.model.{LAYER}.lora_B"
    assert torch.equal(dict(start.named_parameters())[f"{name}.default.weight"], kept[f"{name}.weight"])
    train_sft(small_base, data, _config("lora", learning_rate=1e-9), tmp_path, lambda *_: None)
    after = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    torch.testing.assert_close(after[f"{name}.weight"], kept[f"{name}.weight"], atol=1e-6, rtol=0)


def test_dora_on_a_mixture_of_experts_is_refused_before_a_build(small_base: Path, tmp_path: Path) -> None:
    for file in small_base.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    settings = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps(settings | {"num_local_experts": 4}), encoding="utf-8")
    host: Any = SimpleNamespace(
        pack=lambda: SimpleNamespace(kinds=()),
        implementations=lambda: [("srm_train", "", _config), ("srm_load_model", "", _config)],
    )
    config = BuildConfig.model_validate(
        {"pack": "p", "base": f"dir:{tmp_path}", "train": {"adapter": "dora", "methods": ("sft",)}}
    )
    with pytest.raises(ConfigError, match=r"train.adapter = 'dora': the base is a mixture .* take lora or rslora"):
        check_settings(config, host)
    assert unfit_adapter("dora", {"num_experts": None}) == unfit_adapter("lora", {"num_experts": 4}) == ""
