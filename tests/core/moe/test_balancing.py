"""Balance in supervised training of a mixture: each setting is in the loss or in the choice, and in the report."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from srm_core.config import BuildConfig, TrainConfig
from srm_core.errors import ConfigError, TrainingError
from srm_core.models.load import load_weights
from srm_core.store import read_rows, write_records
from srm_core.training.balancing import BIAS, Balancing, balancing_of
from srm_core.training.experts.blocks import moe_blocks
from srm_core.training.experts.report import Routing
from srm_core.training.experts.routing import recorded, routing_of
from srm_core.training.experts.rows import decisions_on
from srm_core.training.lora import merged, with_new_adapter
from srm_core.training.rows import batch_order
from srm_core.training.sft import train_sft

from ..killing import Killed, differing, killer
from .router_logits import router_logits
from .test_esft_training import make_rows

CONFIG = TrainConfig(lora_r=2, lora_alpha=4, batch=4, epochs=1.0, learning_rate=1e-2, checkpoint_steps=1, seed=5)
SETTINGS: dict[str, Any] = {"moe_balance_loss": 0.5, "moe_z_loss": 0.25, "moe_bias_rate": 0.01}
IDS = torch.arange(20).reshape(2, 10) % 60 + 3


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve rows: three steps of four."""
    folder = tmp_path_factory.mktemp("data")
    write_records(folder / "rows.jsonl", make_rows())
    return folder


def _train(base: Path, data: Path, out: Path, *, kill_at: int = 0, **settings: Any) -> Mapping[str, float]:
    out.mkdir(exist_ok=True)

    config = CONFIG.model_copy(update=settings)
    if not kill_at:
        return train_sft(base, data, config, out, killer(kill_at))
    with pytest.raises(Killed):
        train_sft(base, data, config, out, killer(kill_at))
    return {}


def _log(out: Path) -> list[dict[str, float]]:
    return list(read_rows(out / "log.jsonl"))


@pytest.fixture(scope="module")
def plain(upcycled: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without balance."""
    out = tmp_path_factory.mktemp("plain")
    _train(upcycled, data, out)
    return out


def _weights(out: Path) -> bytes:
    return (out / "adapter" / "adapter_model.safetensors").read_bytes()


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_changes_what_is_trained(
    upcycled: Path, data: Path, plain: Path, tmp_path: Path, name: str
) -> None:
    metrics = _train(upcycled, data, tmp_path, **{name: SETTINGS[name]})
    assert _weights(tmp_path) != _weights(plain)
    assert ("sft_loss_with_bias" in metrics) == (name == "moe_bias_rate")


def test_the_first_step_s_loss_is_that_of_the_rows_and_the_papers_terms(
    upcycled: Path, data: Path, plain: Path, tmp_path: Path
) -> None:
    rows = make_rows()
    order = batch_order([len(row.ids) for row in rows], 4, 1.0, CONFIG.seed)
    balance, z = [], []
    for tokens in router_logits(load_weights(upcycled), (rows[number] for number in order[:4])):
        share, probability, large = [0.0] * 4, [0.0] * 4, 0.0
        for row_of_logits in tokens.tolist():
            powers = [math.exp(x) for x in row_of_logits]
            large += math.log(sum(powers)) ** 2 / len(tokens)
            for expert in sorted(range(4), key=lambda i: -powers[i])[:2]:
                share[expert] += 1 / (2 * len(tokens))
            for expert in range(4):
                probability[expert] += powers[expert] / sum(powers) / len(tokens)
        balance.append(4 * sum(f * p for f, p in zip(share, probability, strict=True)))
        z.append(large)
    by_hand = {"balance": sum(balance) / 2, "z": sum(z) / 2}  # two layers
    _train(upcycled, data, tmp_path, moe_balance_loss=0.5, moe_z_loss=0.25)
    before, after = _log(plain)[0], _log(tmp_path)[0]
    assert {name: before[name] for name in by_hand} == pytest.approx(by_hand, rel=1e-3)
    added = 0.5 * by_hand["balance"] + 0.25 * by_hand["z"]
    assert after["loss"] - before["loss"] == pytest.approx(added, abs=2e-4)  # the log rounds to four places


@pytest.fixture(scope="module")
def longer(upcycled: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four passes without balance."""
    out = tmp_path_factory.mktemp("longer")
    _train(upcycled, data, out, epochs=4.0, checkpoint_steps=50)
    return out


@pytest.mark.parametrize(("name", "shown"), [("moe_balance_loss", "balance"), ("moe_z_loss", "z")])
def test_a_large_factor_lowers_what_it_is_of(
    upcycled: Path, data: Path, longer: Path, tmp_path: Path, name: str, shown: str
) -> None:
    factor: dict[str, Any] = {name: 20.0}
    _train(upcycled, data, tmp_path, epochs=4.0, checkpoint_steps=50, **factor)
    with_it, without = (sum(row[shown] for row in _log(out)[-3:]) for out in (tmp_path, longer))
    assert with_it < without


def test_the_report_has_histogram_variation_and_dropped_choices_of_the_published_student(
    upcycled: Path, data: Path, tmp_path: Path
) -> None:
    metrics = _train(upcycled, data, tmp_path, **SETTINGS)
    routing = Routing.model_validate_json((tmp_path / "routing.json").read_text(encoding="utf-8"))
    assert list(routing.before) == routing_of(decisions_on(load_weights(upcycled), make_rows()))
    student = merged(upcycled, tmp_path / "adapter")  # as it is loaded anywhere: without the bias
    counts = [layer.counts for layer in routing_of(decisions_on(student, make_rows()))]
    assert [layer.counts for layer in routing.after] == counts
    assert all(sum(layer) == 2 * sum(16 + n for n in range(12)) for layer in counts)
    for key, layers in (("before", routing.before), ("after", routing.after)):
        assert metrics[f"sft_load_variation_{key}"] == pytest.approx(sum(layer.variation for layer in layers) / 2)
    assert metrics["sft_dropped_choices"] == 0
    assert metrics["sft_loss_with_bias"] != metrics["sft_loss_without_bias"]


def test_the_bias_moves_by_its_rate_towards_what_is_used_less(upcycled: Path) -> None:
    model = load_weights(upcycled)
    balancing = Balancing(model, make_rows()[:1], CONFIG.model_copy(update={"moe_bias_rate": 0.25}))
    balancing.counts = {0: [5, 2, 1, 0], 1: [1, 1, 1, 1]}  # means 2 and 1
    balancing.move()
    assert balancing.bias[0].tolist() == [-0.25, 0.0, 0.25, 0.25]
    balancing.counts = {0: [8, 0, 0, 0], 1: [0, 0, 0, 4]}
    balancing.move()
    assert balancing.bias[0].tolist() == [-0.5, 0.25, 0.5, 0.5]
    assert balancing.bias[1].tolist() == [0.25, 0.25, 0.25, -0.25]


@pytest.mark.parametrize("kind", ["mixtral", "qwen3_moe", "olmoe"])
def test_the_bias_decides_who_is_chosen_and_never_how_much_it_counts(family: Any, kind: str) -> None:
    model = family(kind)
    with torch.no_grad():
        said = model(IDS).logits
    balancing = Balancing(model, make_rows()[:1], CONFIG.model_copy(update={"moe_bias_rate": 0.1}))
    with torch.no_grad():
        assert torch.equal(model(IDS).logits, said)  # a bias of nothing changes nothing
    for bias in balancing.bias.values():
        bias[:] = torch.tensor([0.0, 2.0, 0.0, 2.0])  # more than any probability
    with torch.no_grad(), recorded(model) as seen:
        model(IDS)
    normalised = kind == "mixtral" or model.config.norm_topk_prob
    for (decisions,) in seen.values():
        assert {frozenset(row) for row in decisions.chosen.tolist()} == {frozenset({1, 3})}
        scores = decisions.logits.softmax(-1).gather(1, decisions.chosen)
        wanted = scores / scores.sum(dim=-1, keepdim=True) if normalised else scores
        torch.testing.assert_close(decisions.weights, wanted)


def test_routers_and_experts_are_found_under_adapters(upcycled: Path) -> None:
    plain, adapted = load_weights(upcycled), with_new_adapter(upcycled, CONFIG)
    ours = moe_blocks(adapted)
    assert [(block.layer, block.size, block.top_k) for block in ours] == [(0, 4, 2), (1, 4, 2)]
    for one, other in zip(ours, moe_blocks(plain), strict=True):
        assert torch.equal(one.router.weight, other.router.weight)
        assert torch.equal(one.experts.get_base_layer().down_proj, other.experts.down_proj)


@pytest.mark.parametrize("kill_at", [2, 3])
def test_a_killed_run_goes_on_with_its_bias_to_the_same_bytes(
    upcycled: Path, data: Path, tmp_path: Path, kill_at: int
) -> None:
    given = SETTINGS | {"moe_bias_rate": 0.1}
    once = _train(upcycled, data, tmp_path / "straight", **given)
    _train(upcycled, data, tmp_path / "killed", kill_at=kill_at, **given)
    assert (tmp_path / "killed" / f"checkpoint-{kill_at - 1}" / BIAS).exists()
    assert _train(upcycled, data, tmp_path / "killed", **given) == once
    assert not differing(
        tmp_path / "killed", tmp_path / "straight", "adapter/adapter_model.safetensors", "log.jsonl", "routing.json"
    )


@pytest.mark.parametrize("name", SETTINGS)
def test_on_a_dense_base_each_is_refused(
    toy: Callable[..., BuildConfig], tiny_folder: Path, data: Path, tmp_path: Path, name: str
) -> None:
    from srm_core.pipeline import prepare

    reason = rf"train.{name} = {SETTINGS[name]:g} balances the use of experts, and the base \(of type llama\) has no"
    with pytest.raises(ConfigError, match=reason):
        prepare(toy(f"train.{name}={SETTINGS[name]}", 'train.methods=["sft"]'), None)
    with pytest.raises(TrainingError, match=reason):
        _train(tiny_folder, data, tmp_path, **{name: SETTINGS[name]})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('train.methods=["esft"]', "balances experts in sft, which is not in train.methods; set it to 0"),
        ("train.accumulation=2", "balances experts over whole batches, which train.accumulation"),
    ],
)
def test_where_it_would_mean_nothing_or_something_else_it_is_refused(
    toy: Callable[..., BuildConfig], upcycled: Path, settings: str, said: str
) -> None:
    from srm_core.pipeline import prepare

    with pytest.raises(ConfigError, match=said):
        prepare(toy(f"base=dir:{upcycled}", 'train.methods=["sft"]', "train.moe_z_loss=0.1", settings), None)


@pytest.mark.parametrize("name", SETTINGS)
def test_each_changes_the_key_of_the_stage(
    toy: Callable[..., BuildConfig], upcycled: Path, tmp_path: Path, name: str
) -> None:
    from srm_core.pipeline import STEPS, prepare, step_key
    from srm_core.workspace import Workspace

    def keys(*settings: str) -> dict[str, str]:
        context = prepare(toy(f"base=dir:{upcycled}", *settings), None)
        found: dict[str, str] = {}
        for step in STEPS:
            found[step.name] = step_key(step, context, Workspace(tmp_path), found)
        return found

    before, after = keys(), keys(f"train.{name}={SETTINGS[name]}")
    assert [stage for stage in before if before[stage] != after[stage]] == ["train", "evaluate", "audit", "release"]


def test_a_mixture_that_is_not_looked_into_is_trained_without_a_report() -> None:
    settings = {"model_type": "deepseek_v3", "n_routed_experts": 8}
    config = SimpleNamespace(to_dict=lambda: settings, get_text_config=lambda: SimpleNamespace(**settings))
    model: Any = SimpleNamespace(config=config)
    assert balancing_of(model, [], CONFIG) is None
    with pytest.raises(TrainingError, match="mixtures of type deepseek_v3 are not looked into here"):
        balancing_of(model, [], CONFIG.model_copy(update={"moe_z_loss": 0.1}))
