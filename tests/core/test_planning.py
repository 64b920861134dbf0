"""The plan of a build: what is there, what is left, and that asking costs nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from srm_core.config import BuildConfig
from srm_core.pipeline import STAGES
from srm_core.planning import plan, short_of_memory
from srm_core.workspace import Workspace

Settings = Callable[..., BuildConfig]


def test_a_plan_has_eight_steps_and_runs_nothing(toy: Settings, tmp_path: Path) -> None:
    found = plan(toy(), Workspace(tmp_path / "ws"))
    assert [step.name for step in found.steps] == list(STAGES)
    assert not any(step.cached for step in found.steps)
    assert not (tmp_path / "ws").exists()
    assert all(step.seconds > 0 and step.memory_gb > 0 for step in found.steps)


def test_what_a_build_has_done_is_marked(built: Path, toy: Settings) -> None:
    assert all(step.cached for step in plan(toy(), Workspace(built)).steps)
    changed = plan(toy("evaluate.test_per_kind=9"), Workspace(built))
    assert [step.name for step in changed.steps if not step.cached] == ["evaluate", "release"]


def test_an_unfinished_stage_counts_as_left_to_do(built: Path, tmp_path: Path, toy: Settings) -> None:
    shutil.copytree(built / "store" / "ingest", tmp_path / "store" / "ingest")
    part = next((tmp_path / "store" / "ingest").glob("[!.]*"))
    part.rename(part.with_name(f".part-{part.name}"))
    assert not plan(toy(), Workspace(tmp_path)).steps[0].cached


@pytest.mark.parametrize(
    ("change", "stage"),
    [
        ("distill.per_kind=600", "train"),
        ("train.epochs=9", "train"),
        ("train.rl_steps=90", "train"),
        ("evaluate.test_per_kind=400", "evaluate"),
        ("evaluate.votes=5", "evaluate"),
        ("audit.per_attribute=300", "audit"),
        ("distill.teacher=toy:right", "distill"),
    ],
)
def test_more_work_is_estimated_to_take_longer(toy: Settings, tmp_path: Path, change: str, stage: str) -> None:
    less, more = (
        next(step for step in plan(config, Workspace(tmp_path)).steps if step.name == stage)
        for config in (toy(), toy(change))
    )
    assert more.seconds > less.seconds
    assert more.tokens > less.tokens


def test_a_larger_base_is_estimated_to_take_longer(toy: Settings, tmp_path: Path) -> None:
    tiny, embedded = (
        plan(toy(f"base={base}"), Workspace(tmp_path)).steps[4]
        for base in ("tiny:7", "embedded:smollm2-135m-instruct")  # neither is in the cache, and neither is fetched
    )
    assert embedded.seconds > 100 * tiny.seconds
    assert embedded.memory_gb > tiny.memory_gb
    assert embedded.disk_mb > tiny.disk_mb


def test_gkd_is_counted_as_passes_over_rows_and_answers_of_its_own(toy: Settings, tmp_path: Path) -> None:
    common = ("train.gkd_teacher=tiny:7", "train.batch=4", "train.gkd_steps=10")
    without, on, off = (
        next(step for step in plan(toy(*changes), Workspace(tmp_path)).steps if step.name == "train")
        for changes in (
            ('train.methods=["sft"]',),
            ('train.methods=["sft", "gkd"]', "train.gkd_on_policy=1.0", *common),
            ('train.methods=["sft", "gkd"]', "train.gkd_on_policy=0.0", *common),
        )
    )
    assert on.tokens == off.tokens == without.tokens + 40 * 192 * 4 // 3
    assert on.seconds > off.seconds > without.seconds


def test_memory_of_training_is_near_what_was_measured(toy: Settings, tmp_path: Path) -> None:
    config = toy("base=embedded:smollm2-135m-instruct", "train.batch=4")
    train = plan(config, Workspace(tmp_path)).steps[4]
    assert train.memory_gb == pytest.approx(6.6, rel=0.15)  # the peak of `srm build --pack medical`


def test_too_little_memory_is_said_beforehand(
    toy: Settings, tmp_path: Path, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("srm_core.planning._parameters", lambda base: 1e9)
    asked = ("base=embedded:smollm2-135m-instruct", "train.batch=8", 'train.methods=["sft"]')
    found = plan(toy(*asked), Workspace(tmp_path))
    assert found.steps[4].memory_gb == pytest.approx(2 + 12 + 8 * 256 * 0.0223)
    assert short_of_memory(found, 60 * 10**9) == ""
    assert short_of_memory(found, None) == ""
    assert short_of_memory(found, 16 * 10**9) == (
        "train is estimated to need 59.7 GB of memory, and 16.0 GB can be used here: raise train.accumulation, lower "
        "train.batch, or take a smaller base"
    )
    halves = plan(toy(*asked, "train.accumulation=2"), Workspace(tmp_path))
    assert halves.steps[4].memory_gb == pytest.approx(2 + 12 + 4 * 256 * 0.0223)
    assert short_of_memory(plan(toy(), Workspace(built)), 1) == ""  # nothing is left to do


def test_srm_build_says_it_before_it_begins(
    toy: Settings, toy_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    from srm_core.cli.build import command

    monkeypatch.setattr("srm_core.doctor.usable_memory", lambda: 10**9)
    asked = ["--config", str(toy_home / "toy.toml"), "--workspace", str(tmp_path), "--dry-run"]
    told = CliRunner().invoke(command, asked)
    assert "warning: train is estimated to need 2." in told.stderr


def test_srm_build_dry_run_prints_the_plan(built: Path, srm: Callable[..., object]) -> None:
    done = srm("build", "--config", "toy.toml", "--workspace", built, "--dry-run", "--set", "audit.alpha=0.01")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines() if " cached " in line] == list(STAGES[:6])
    assert "left to do: 2 of 8 steps" in done.stdout
    assert not list((built / "runs").glob("toy*"))
