"""Training unequal experts: small ones are preferred as much as the setting says; what does not fit is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from srm_core.builtin import srm_export
from srm_core.config import BuildConfig, TrainConfig
from srm_core.errors import ConfigError, ModelError, TrainingError
from srm_core.models.load import load_weights
from srm_core.publishing import exporting
from srm_core.records import FormulaKey, Problem, Reward, Verdict
from srm_core.store import read_rows, write_records
from srm_core.training.balancing import balancing_of
from srm_core.training.experts.active import active_parameters
from srm_core.training.experts.chosen import train_only
from srm_core.training.experts.penalty import parameter_penalty
from srm_core.training.experts.report import Routing
from srm_core.training.experts.routing import recorded
from srm_core.training.experts.rows import decisions_on
from srm_core.training.lora import merged
from srm_core.training.reinforcement import train_policy
from srm_core.training.rewards import Judge
from srm_core.training.rows import batch_order
from srm_core.training.sft import train_sft

from ..killing import save_moved_adapter
from .router_logits import router_logits
from .test_esft_training import make_rows

CONFIG = TrainConfig(lora_r=2, lora_alpha=4, batch=4, epochs=4.0, learning_rate=1e-2, checkpoint_steps=50, seed=5)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve rows: twelve steps of four in four passes."""
    folder = tmp_path_factory.mktemp("data")
    write_records(folder / "rows.jsonl", make_rows())
    return folder


def _train(base: Path, data: Path, out: Path, **settings: Any) -> Mapping[str, float]:
    out.mkdir(exist_ok=True)
    return train_sft(base, data, CONFIG.model_copy(update=settings), out, lambda *_: None)


def _log(out: Path) -> list[dict[str, float]]:
    return list(read_rows(out / "log.jsonl"))


@pytest.fixture(scope="module")
def plain(unequal: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without the penalty."""
    out = tmp_path_factory.mktemp("plain")
    _train(unequal, data, out)
    return out


def test_a_large_penalty_lowers_the_parameters_that_a_token_uses(
    unequal: Path, data: Path, plain: Path, tmp_path: Path
) -> None:
    metrics = _train(unequal, data, tmp_path, moe_parameter_penalty=20.0)
    with_it, without = ([row["active_in_experts"] for row in _log(out)] for out in (tmp_path, plain))
    assert with_it[0] == without[0]  # the same batch, nothing learned yet
    assert sum(with_it[-3:]) < 0.9 * sum(without[-3:])
    assert sum(row["penalty"] for row in _log(tmp_path)[-3:]) < sum(row["penalty"] for row in _log(plain)[-3:])
    assert metrics["sft_active_parameters_after"] < 0.95 * metrics["sft_active_parameters_before"]


def test_the_first_step_s_loss_is_that_of_the_rows_and_the_penalty(
    unequal: Path, data: Path, plain: Path, tmp_path: Path
) -> None:
    rows = make_rows()
    order = batch_order([len(row.ids) for row in rows], 4, 4.0, CONFIG.seed)
    costs, used = [], 0.0
    for logits_TN in router_logits(load_weights(unequal), (rows[number] for number in order[:4])):
        tokens = logits_TN.softmax(-1).tolist()
        widths, share, mean = (16, 32, 64, 128), [0.0] * 4, [0.0] * 4  # 60 wide in the mean
        for probabilities in tokens:
            for expert in sorted(range(4), key=lambda i: -probabilities[i])[:2]:
                share[expert] += 1 / (2 * len(tokens))
                used += 3 * 64 * widths[expert] / len(tokens)
            for expert in range(4):
                mean[expert] += probabilities[expert] / len(tokens)
        costs.append(4 * sum(f * h / 60 * p for f, h, p in zip(share, widths, mean, strict=True)))
    by_hand = sum(costs) / 2  # two layers
    _train(unequal, data, tmp_path, moe_parameter_penalty=0.5)
    before, after = _log(plain)[0], _log(tmp_path)[0]
    assert before["penalty"] == pytest.approx(by_hand, rel=1e-3)
    assert before["active_in_experts"] == pytest.approx(used, rel=1e-3)
    assert after["loss"] - before["loss"] == pytest.approx(0.5 * by_hand, abs=2e-4)  # the log rounds to four places


def test_the_report_has_the_widths_and_the_parameters_active_a_token(unequal: Path, data: Path, tmp_path: Path) -> None:
    metrics = _train(unequal, data, tmp_path, epochs=1.0)
    routing = Routing.model_validate_json((tmp_path / "routing.json").read_text(encoding="utf-8"))
    assert routing.widths == (16, 32, 64, 128)
    base = load_weights(unequal)
    assert routing.active_before == pytest.approx(active_parameters(base, decisions_on(base, make_rows())))
    student = merged(unequal, tmp_path / "adapter")
    assert routing.active_after == pytest.approx(active_parameters(student, decisions_on(student, make_rows())))
    assert metrics["sft_active_parameters_before"] == routing.active_before
    assert metrics["sft_active_parameters_after"] == routing.active_after
    assert metrics["sft_dropped_choices"] == 0


def test_a_mixture_of_equal_experts_reports_none_of_it(upcycled: Path, data: Path, tmp_path: Path) -> None:
    metrics = _train(upcycled, data, tmp_path, epochs=1.0)
    routing = Routing.model_validate_json((tmp_path / "routing.json").read_text(encoding="utf-8"))
    assert (routing.widths, routing.active_before, routing.active_after) == ((), None, None)
    assert "sft_active_parameters_after" not in metrics
    assert "penalty" not in _log(tmp_path)[0]


def test_the_gradient_of_the_penalty_reaches_the_routers(unequal: Path) -> None:
    model = load_weights(unequal)
    with recorded(model, with_gradients=True) as seen:
        model(torch.arange(5, 25)[None])
    ((first,), _) = seen.values()
    parameter_penalty(first.logits, first.chosen, [16, 32, 64, 128]).backward()
    grad = model.get_submodule("model.layers.0.mlp.gate").weight.grad
    assert grad is not None
    assert bool(grad.abs().max() > 0)


def test_the_other_balancing_settings_work_here_too(unequal: Path, data: Path, plain: Path, tmp_path: Path) -> None:
    metrics = _train(unequal, data, tmp_path, moe_balance_loss=0.5, moe_z_loss=0.25, moe_bias_rate=0.1)
    before, after = _log(plain)[0], _log(tmp_path)[0]
    added = 0.5 * before["balance"] + 0.25 * before["z"]
    assert after["loss"] - before["loss"] == pytest.approx(added, abs=3e-4)  # the log rounds to four places
    assert _log(tmp_path)[-1]["load_variation"] != _log(plain)[-1]["load_variation"]
    assert metrics["sft_loss_with_bias"] != metrics["sft_loss_without_bias"]


def test_the_penalty_changes_the_key_of_the_stage(
    toy: Callable[..., BuildConfig], unequal: Path, tmp_path: Path
) -> None:
    from srm_core.pipeline import STEPS, prepare, step_key
    from srm_core.workspace import Workspace

    def keys(*settings: str) -> dict[str, str]:
        context = prepare(toy(f"base=dir:{unequal}", 'release.exports=["adapter"]', *settings), None)
        found: dict[str, str] = {}
        for step in STEPS:
            found[step.name] = step_key(step, context, Workspace(tmp_path), found)
        return found

    before, after = keys(), keys("train.moe_parameter_penalty=0.1")
    assert [stage for stage in before if before[stage] != after[stage]] == ["train", "evaluate", "audit", "release"]


@pytest.mark.parametrize("which", ["tiny_folder", "upcycled"])
def test_the_penalty_is_refused_where_no_experts_differ(
    toy: Callable[..., BuildConfig], request: pytest.FixtureRequest, data: Path, tmp_path: Path, which: str
) -> None:
    from srm_core.pipeline import prepare

    base = request.getfixturevalue(which)
    reason = {
        "tiny_folder": r"train.moe_parameter_penalty = 0.1 balances the use of experts, and the base \(of type llama\)",
        "upcycled": r"moe_parameter_penalty = 0.1 prefers small experts, and those of the base \(of type mixtral\) are",
    }[which]
    with pytest.raises(ConfigError, match=reason):
        prepare(toy(f"base=dir:{base}", 'train.methods=["sft"]', "train.moe_parameter_penalty=0.1"), None)
    with pytest.raises(TrainingError, match=reason):
        balancing_of(load_weights(base), make_rows(), CONFIG.model_copy(update={"moe_parameter_penalty": 0.1}))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (('train.methods=["esft"]',), "train.methods: esft trains slices of the tensors that hold all experts"),
        (("train.launch=torch", "train.processes=2"), "an unequal expert that no token of a process goes to"),
        (("train.moe_parameter_penalty=0.1", "train.accumulation=2"), "over whole batches, which train.accumulation"),
        (('release.exports=["merged"]',), "release.exports: no export to 'merged': unequal experts are a model class"),
        (('release.exports=["adapter", "gguf"]',), "release.exports: no export to 'gguf': unequal experts"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_loaded(
    toy: Callable[..., BuildConfig], unequal: Path, settings: tuple[str, ...], said: str
) -> None:
    from srm_core.pipeline import prepare

    given = ('release.exports=["adapter"]', 'train.methods=["sft"]')
    assert prepare(toy(f"base=dir:{unequal}", *given), None)
    with pytest.raises(ConfigError, match=said):
        prepare(toy(f"base=dir:{unequal}", *given, *settings), None)


def test_the_student_is_exported_to_nothing_that_holds_a_model(
    unequal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = tmp_path / "student"
    (student / "adapter").mkdir(parents=True)
    (student / "adapter" / "adapter_config.json").write_text("{}", encoding="utf-8")
    (student / "merged").symlink_to(unequal)
    out = tmp_path / "out"
    for target in ("merged", "gguf", "gguf-float32", "gguf-q8_0"):
        with pytest.raises(ModelError, match=f"no export to '{target}': unequal experts .* no other program loads"):
            srm_export(student, target, out)
    assert not out.exists()
    assert (srm_export(student, "adapter", out) / "adapter_config.json").exists()

    monkeypatch.setattr(exporting, "changed", lambda _: [])
    run: Any = SimpleNamespace(
        name="r", path=tmp_path, candidate=student, manifest=lambda: SimpleNamespace(base=f"dir:{unequal}")
    )
    with pytest.raises(ConfigError, match="r: no export to 'gguf': unequal experts are a model class of srm's own"):
        exporting.export_run(run, "gguf", tmp_path / "exports")
    assert not (tmp_path / "exports").exists()


def test_esft_refuses_them_in_python_too(unequal: Path) -> None:
    with pytest.raises(ModelError, match="unequal experts are in no tensor that could be sliced"):
        train_only(load_weights(unequal), {0: [1]})


def test_reinforcement_samples_with_the_experts_it_trains(unequal: Path, tmp_path: Path) -> None:
    """Sampler and trainer that differ stop the run (see `step_loss.MOST_MISMATCH`), so two steps say they agree."""
    config = TrainConfig(
        lora_r=2, lora_alpha=4, rl_steps=2, rl_prompts=1, rl_samples=4, rl_max_tokens=6, rl_learning_rate=1e-2
    )
    save_moved_adapter(unequal, config, tmp_path / "data" / "adapter", size=0.1)
    key = FormulaKey(formula="f", inputs={}, low=1, high=1)
    problem = Problem(kind="k", question="One?", answer="1", anchor="a", key=key)
    write_records(tmp_path / "data" / "problems.jsonl", [problem])
    judge = Judge(
        verify=lambda problem, text, evidence: Verdict(correct=sum(map(ord, text)) % 2 == 0),
        terms=lambda problem, text, evidence, verdict: ([Reward(name="sum", value=sum(map(ord, text)) % 7 / 7)], []),
        weights={"sum": 1.0},
    )
    out = tmp_path / "out"
    out.mkdir()
    metrics = train_policy(
        "grpo", unequal, tmp_path / "data", config, out, judge=judge, system="s", tell=lambda *_: None
    )
    assert metrics["grpo_steps"] == 2
    before, after = (load_file(at / "adapter/adapter_model.safetensors") for at in (tmp_path / "data", out))
    moved = [name for name in before if not torch.equal(before[name], after[name])]
    assert any(".experts." in name for name in moved)
    assert any(".gate.proj." in name for name in moved)


def test_a_build_trains_it_evaluates_it_and_answers_with_it(
    toy: Callable[..., BuildConfig], unequal: Path, tmp_path: Path
) -> None:
    from srm_core.answering import ask
    from srm_core.pipeline import build
    from srm_core.publishing.weights import require_trained
    from srm_core.records import Attempt
    from srm_core.store import read_records
    from srm_core.workspace import Workspace

    place = Workspace(tmp_path / "ws")
    config = toy(
        'train.methods=["sft"]',
        f"base=dir:{unequal}",
        'release.exports=["adapter"]',
        "train.moe_parameter_penalty=0.1",
    )
    build(config, place, run="unequal")
    [trained] = (place.root / "store" / "train").glob("[!.]*/sft")
    [student] = (place.root / "store" / "release").glob("[!.]*/candidate")
    assert {file.parent.name for file in student.rglob("*.safetensors")} == {"adapter"}
    artifact = place.store.find("train", trained.parent.name)
    assert artifact is not None
    require_trained(student, artifact, config)  # what `srm release` asks of the candidate
    metrics = artifact.record.metrics
    assert f"parameters active a token after | {metrics['sft_active_parameters_after']:,.0f} |" in (
        student / "README.md"
    ).read_text(encoding="utf-8")
    [evaluated] = (place.root / "store" / "evaluate").glob("[!.]*/attempts.jsonl")
    assert "sft" in {attempt.arm for attempt in read_records(evaluated, Attempt)}
    assert ask(place.run("unequal"), "What is twice 21?", place).text
    with pytest.raises(ConfigError, match="unequal: no export to 'merged': unequal experts are a model class"):
        exporting.export_run(place.run("unequal"), "merged", tmp_path / "exports")
