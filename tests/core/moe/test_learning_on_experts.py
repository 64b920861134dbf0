"""Supervised rows, then reinforcement, on a mixture: the adapters of experts are sampled with, and trained."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from srm_core.config import TrainConfig
from srm_core.models.load import load_weights
from srm_core.records import FormulaKey, Problem, Reward, Verdict
from srm_core.store import write_records
from srm_core.training.lora import merged_weights
from srm_core.training.reinforcement import train_policy
from srm_core.training.rewards import Judge

from ..killing import save_moved_adapter

CONFIG = TrainConfig(
    lora_r=2, lora_alpha=4, rl_steps=2, rl_prompts=1, rl_samples=4, rl_max_tokens=6, rl_learning_rate=1e-2
)


@pytest.fixture
def data(upcycled: Path, tmp_path: Path) -> Path:
    """A problem, and an adapter on attention, routers and experts that is no longer zero."""
    folder = tmp_path / "data"
    save_moved_adapter(upcycled, CONFIG, folder / "adapter", size=0.1)
    key = FormulaKey(formula="f", inputs={}, low=1, high=1)
    write_records(folder / "problems.jsonl", [Problem(kind="k", question="One?", answer="1", anchor="a", key=key)])
    return folder


def test_merged_weights_compute_what_the_adapted_mixture_computes(upcycled: Path, data: Path) -> None:
    from srm_core.training.lora import with_adapter

    adapted = with_adapter(upcycled, data / "adapter", trainable=False).eval()
    plain = load_weights(upcycled)
    weights = merged_weights(adapted)
    assert any(".experts." in name for name in weights)
    state = plain.state_dict()
    assert weights.keys() <= state.keys()
    ids = torch.arange(5, 25)[None]
    with torch.no_grad():
        before = plain(ids).logits
        for name, tensor in weights.items():
            state[name].copy_(tensor)
        after, wanted = plain(ids).logits, adapted(ids).logits
    assert (before - wanted).abs().max() > 1e-2
    assert torch.allclose(after, wanted, atol=1e-5)


@pytest.mark.parametrize("engine", ["transformers", "reference"])
def test_reinforcement_samples_with_the_experts_it_trains(
    engine: str, upcycled: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sampler and trainer that differ stop the run (see `step_loss.MOST_MISMATCH`), so two steps say they agree."""
    monkeypatch.setenv("SRM_ENGINE", engine)
    judge = Judge(
        verify=lambda problem, text, evidence: Verdict(correct=sum(map(ord, text)) % 2 == 0),
        terms=lambda problem, text, evidence, verdict: ([Reward(name="sum", value=sum(map(ord, text)) % 7 / 7)], []),
        weights={"sum": 1.0},
    )
    out = tmp_path / "out"
    out.mkdir()
    metrics = train_policy("grpo", upcycled, data, CONFIG, out, judge=judge, system="s", tell=lambda *_: None)
    assert metrics["grpo_steps"] == 2
    before, after = (load_file(at / "adapter/adapter_model.safetensors") for at in (data, out))
    moved = [name for name in before if not torch.equal(before[name], after[name])]
    assert any(".experts." in name for name in moved)
