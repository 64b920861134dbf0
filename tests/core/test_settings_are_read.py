"""A setting that nothing reads is a lie: each one, changed, must change what is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from srm_core.config import BuildConfig
from srm_core.errors import ConfigError
from srm_core.pipeline import STEPS, prepare, step_key
from srm_core.workspace import Workspace

Settings = Callable[..., BuildConfig]
OTHER: dict[str, str] = {  # where "one more" is no valid value
    "base": '"tiny:1"',
    "ingest.corpus": "CORPUS",
    "ingest.dedup": '"near"',
    "ingest.redact": '"personal"',
    "ingest.injection": '"drop"',
    "ingest.decontaminate": "false",
    "own": '{"largest": 61}',
    "pose.kinds": '["double"]',
    "distill.teacher": '"self:"',
    "distill.criteria": '["stepwise"]',
    "train.methods": '["sft"]',
    "train.dtype": '"bfloat16"',
    "train.adapter": '"dora"',
    "train.adalora_warmup": "0.2",
    "train.adalora_settle": "0.2",
    "train.rl_kinds": '["double"]',
    "train.max_false_accepts": "0.01",
    "train.esft_score": '"gate"',
    "train.esft_threshold": "0.5",
    "train.ppo_lambda": "0.9",
    "train.gkd_on_policy": "1.0",
    "train.gkd_beta": "1.0",
    "train.mitigations": '["each-asker"]',
    "train.reward_weights": '{"correct": 2.0}',
    "evaluate.arms": '["sft"]',
    "evaluate.controls": '["none"]',
    "unsafe_code": "true",
    "audit.weights": '"int8"',
    "audit.alpha": "0.01",
    "audit.compare_weights": '["int8"]',
    "audit.suites": '{"crows-pairs": "SUITE"}',
    "audit.max_flip_rate": "0.2",
    "audit.max_accuracy_gap": "0.2",
    "audit.max_injection_drop": "0.2",
    "release.min_gain": "0.5",
    "release.exports": '["merged"]',
    "release.licences_refused": '["CC0"]',
    "release.single_grader": '"inconclusive"',
    "release.max_false_accepts": "0.02",
    "release.max_general_drop": "0.1",
    "release.max_disagreement": "0.1",
    "release.max_export_change": "0.1",
    "ground.enabled": "false",
    "ground.retrieval": '"hybrid"',
    "train.launch": '"torch"',
    "train.zero": "3",
    "train.offload": "true",
}
BESIDE = {  # what must be set with it for it to be read
    "train.launch": ('train.methods=["sft"]',),
    "train.processes": ('train.methods=["sft"]', "train.launch=torch"),
    "train.zero": ('train.methods=["sft"]', "train.launch=deepspeed"),
    "train.offload": ('train.methods=["sft"]', "train.launch=deepspeed"),
}
ELSEWHERE = {  # read, but in no key of its own; each has a test below or beside
    "pack": "it names the plugin whose files are part of every key (test_the_pack_is_part_of_every_key)",
    "train.gkd_teacher": "without gkd it is refused (tests/core/test_gkd.py, which also changes it)",
    "train.moe_balance_loss": "on a dense base it is refused (tests/core/moe/test_balancing.py flips it on a mixture)",
    "train.moe_z_loss": "as train.moe_balance_loss",
    "train.moe_bias_rate": "as train.moe_balance_loss",
    "train.moe_parameter_penalty": "on a dense base it is refused (moe/test_heterogeneous_training.py changes it)",
    "train.seed": "it is set from seed; another value is refused (test_a_seed_of_training_alone_is_refused)",
}


def leaves(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from leaves(inner, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def keys(config: BuildConfig, root: Path) -> dict[str, str]:
    context, place = prepare(config, None), Workspace(root)
    found: dict[str, str] = {}
    for step in STEPS:
        found[step.name] = step_key(step, context, place, found)
    return found


def changed(name: str, config: BuildConfig, tmp_path: Path) -> str:
    if name in OTHER:
        corpus = tmp_path / "corpus"
        corpus.mkdir(exist_ok=True)
        (corpus / "a.txt").write_text("A text.")
        return (
            OTHER[name]
            .replace("SUITE", str(corpus / "a.txt"))
            .replace("CORPUS", f'[{{"path": "{corpus}", "licence": "CC0-1.0"}}]')
        )
    value: Any = config
    for part in name.split("."):
        value = getattr(value, part)
    assert isinstance(value, int | float), f"say in OTHER to what {name} = {value!r} may be changed"
    return str(value + 1)


@pytest.mark.parametrize("name", [name for name in leaves(BuildConfig) if name not in ELSEWHERE])
def test_every_setting_changes_what_is_built(
    name: str, toy: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("srm_core.training.launchable.find_spec", lambda _: object())  # deepspeed need not be here
    beside = BESIDE.get(name, ())
    before = keys(toy(*beside), tmp_path)
    if name == "effort":  # decides what the others are, so it is no --set
        after = keys(toy(effort="draft"), tmp_path)
    else:
        after = keys(toy(*beside, f"{name}={changed(name, toy(), tmp_path)}"), tmp_path)
    assert before != after
    stage = name.partition(".")[0]
    if stage in before:
        assert before[stage] != after[stage] or name in ("ingest.corpus", "ground.enabled", "evaluate.suites")
    assert before["release"] != after["release"]


def test_no_name_is_listed_that_is_no_setting() -> None:
    assert {*OTHER, *ELSEWHERE, *BESIDE} <= set(leaves(BuildConfig))


def test_a_seed_of_training_alone_is_refused(toy: Settings, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"train\.seed = 5: one seed fixes every draw; set it as seed"):
        prepare(toy("train.seed=5"), None)


def test_the_pack_is_part_of_every_key(toy: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = keys(toy(), tmp_path)
    monkeypatch.setattr("srm_core.registry.Registry._code_of", lambda self, info, each: [info.name, "edited"])
    after = keys(toy(), tmp_path)
    assert all(before[stage] != after[stage] for stage in before)


def test_settings_of_one_stage_leave_the_stages_before_it_alone(toy: Settings, tmp_path: Path) -> None:
    before = keys(toy(), tmp_path)
    order = [step.name for step in STEPS]
    for name, first in (
        ("release.min_gain=0.5", "release"),
        ("audit.per_attribute=3", "audit"),
        ("evaluate.max_tokens=9", "evaluate"),
        ("train.epochs=3", "train"),
        ("distill.per_kind=5", "distill"),
        ("pose.per_kind=50", "pose"),
        ("ground.chunk_chars=100", "ground"),
        ("ingest.max_documents=9", "ingest"),
    ):
        after = keys(toy(name), tmp_path)
        same = [stage for stage in order if before[stage] == after[stage]]
        assert same[: order.index(first)] == order[: order.index(first)], name
        assert first not in same


def test_worked_solutions_do_not_depend_on_how_models_are_asked(toy: Settings, tmp_path: Path) -> None:
    before = keys(toy(), tmp_path)
    assert keys(toy("evaluate.shots=2"), tmp_path)["train"] == before["train"]
    assert keys(toy("threads=2"), tmp_path)["distill"] == before["distill"]
    asked = keys(toy("distill.teacher=self:"), tmp_path)
    assert keys(toy("distill.teacher=self:", "evaluate.shots=2"), tmp_path)["distill"] != asked["distill"]
    assert keys(toy("distill.teacher=self:", "threads=2"), tmp_path)["distill"] != asked["distill"]


def test_a_checkpoint_or_recording_that_changes_in_place_is_another_model(toy: Settings, tmp_path: Path) -> None:
    from srm_core.models import tiny

    folder = tmp_path / "base"
    folder.mkdir()
    for file in tiny.folder(0).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    before = keys(toy(f"base=dir:{folder}"), tmp_path)
    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")
    after = keys(toy(f"base=dir:{folder}"), tmp_path)
    assert [stage for stage in before if before[stage] != after[stage]] == ["train", "evaluate", "audit", "release"]
    (tmp_path / "said.jsonl").write_text("")
    teacher = f"distill.teacher=recorded:{tmp_path / 'said.jsonl'}"
    before = keys(toy(teacher), tmp_path)
    (tmp_path / "said.jsonl").write_text("\n")
    assert keys(toy(teacher), tmp_path)["distill"] != before["distill"]
