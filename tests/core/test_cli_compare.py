"""`srm compare` on a toy pack and a tiny model: what arms share is made once, and a kill costs nothing finished."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from srm_core.cli import cli
from srm_core.comparing import running
from srm_core.comparing.comparison import Comparison
from srm_core.pipeline import build
from srm_core.records import Attempt
from srm_core.store import read_records
from srm_core.workspace import Workspace

FEWER = (
    "--set",
    "evaluate.general=0",
    "--set",
    'evaluate.arms=["sft"]',
    "--set",
    "evaluate.controls=[]",
    "--set",
    "evaluate.suites=0",
)
ARMS = ("--arm", 'sft:train.methods=["sft"]', "--arm", "rl:train.rl_steps=1")


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(built, tmp_path / "ws", symlinks=True)
    return Workspace(tmp_path / "ws")


@pytest.fixture
def compare(toy: Callable[..., Any], toy_home: Path, copy: Workspace) -> Callable[..., Result]:
    """Return a function that runs ``srm compare`` in this process, in a copy of the workspace of the finished build."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["compare", *arguments, "--workspace", str(copy.root)])

    return run


@pytest.fixture
def shared(toy_home: Path) -> tuple[str, ...]:
    return ("--pack", "toy", "--config", str(toy_home / "toy.toml"))


def _made(place: Workspace) -> dict[str, int]:
    return {folder.name: len(list(folder.glob("[!.]*"))) for folder in (place.root / "store").iterdir()}


def test_arms_share_what_they_can_and_a_killed_comparison_goes_on(
    compare: Callable[..., Result], shared: tuple[str, ...], copy: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _made(copy)

    def dies(config: Any, place: Workspace, **how: Any) -> Any:
        if how["run"] == "toy-smoke-rl" and how["until"] == "evaluate":
            raise KeyboardInterrupt
        return build(config, place, **how)

    monkeypatch.setattr(running, "build", dies)
    assert compare(*shared, *FEWER, *ARMS).exit_code == 130
    half = _made(copy)
    assert {stage: half[stage] - before[stage] for stage in half} == {
        **dict.fromkeys(half, 0),
        "pose": 1,  # evaluate.suites is a setting of pose
        "distill": 1,
        "train": 1,
        "evaluate": 1,
    }
    monkeypatch.setattr(running, "build", build)
    done = compare(*shared, *FEWER, *ARMS)
    assert done.exit_code == 0, done.output
    assert {stage: count - half[stage] for stage, count in _made(copy).items()} == {
        **dict.fromkeys(half, 0),
        "train": 1,
        "evaluate": 1,
    }
    file = copy.root / "compare" / "toy-smoke.json"
    assert f"kept in {file} and .md" in done.stdout
    comparison = Comparison.model_validate_json(file.read_text())
    sft, rl = comparison.arms
    assert (sft.run, sft.student, rl.run, rl.student) == ("toy-smoke-sft", "sft", "toy-smoke-rl", "rl")
    assert {stage for stage in sft.keys if sft.keys[stage] == rl.keys[stage]} == {"ingest", "ground", "pose", "distill"}
    assert sft.settings == {"train.methods": ["sft"], "train.rl_steps": 2}
    assert (sft.cost.rollouts, sft.cost.rollout_tokens) == (0, 0)
    train = copy.root / "store" / "train" / rl.keys["train"]
    kept = [a for step in train.glob("grpo/rollouts/*") for a in read_records(step, Attempt)]
    assert rl.cost.rollouts == len(kept) == 1 * 2 * 2  # steps x prompts x samples
    assert rl.cost.rollout_tokens == sum(attempt.completion.tokens for attempt in kept)
    assert sft.cost.supervised_tokens == rl.cost.supervised_tokens > 0
    assert sft.accuracy["all"].n == rl.gain["all"].n == len(comparison.problems) == 8
    assert rl.gain["all"].low <= rl.accuracy["all"].value - sft.accuracy["all"].value <= rl.gain["all"].high
    assert "| sft |" in (copy.root / "compare" / "toy-smoke.md").read_text()
    again = compare("toy-smoke-sft", "toy-smoke-rl", "--json")  # the arms are runs of their own
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["arms"][1]["gain"] == rl.model_dump(mode="json")["gain"]


def test_finished_runs_are_compared_with_the_figures_of_their_manifests(
    compare: Callable[..., Result], copy: Workspace
) -> None:
    shutil.copytree(copy.root / "runs" / "first", copy.root / "runs" / "second", symlinks=True)
    done = compare("first", "second", "--name", "twins")
    assert done.exit_code == 0, done.output
    assert "settings that differ" not in done.stdout
    comparison = Comparison.model_validate_json((copy.root / "compare" / "twins.json").read_text())
    scores = [s for s in copy.run("first").manifest().scores if (s.suite, s.arm, s.baseline) == ("held-out", "rl", "")]
    for arm in comparison.arms:
        found = {(kind, figure.value, figure.low, figure.high, figure.n) for kind, figure in arm.accuracy.items()}
        assert found == {(s.kind, s.value, s.low, s.high, s.n) for s in scores if s.metric == "accuracy"}
    assert {figure.value for figure in comparison.arms[1].gain.values()} == {0.0}
    assert comparison.arms[1].gain["all"].low < 0 < comparison.arms[1].gain["all"].high


def test_arms_with_other_problems_are_refused_before_anything_is_trained(
    compare: Callable[..., Result], shared: tuple[str, ...], copy: Workspace
) -> None:
    before = _made(copy)
    done = compare(*shared, "--arm", "few:evaluate.test_per_kind=2", "--arm", "more:pose.per_kind=61")
    assert done.exit_code == 1
    assert "'few' and 'more' are asked different held-out problems (4 and " in done.stderr
    after = _made(copy)
    assert {stage for stage in after if after[stage] != before[stage]} <= {"ingest", "ground", "pose"}
    assert not (copy.root / "compare").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "say which runs to compare, or which arms of which pack"),
        (("--pack", "toy"), 1, "a comparison needs at least two arms; an arm is NAME:setting=value"),
        (("--pack", "toy", "--arm", "a:b"), 1, "--arm 'a:b' is not of the form NAME:setting=value"),
        (("--pack", "toy", "--arm", "a", "--arm", "a"), 1, "two arms are called 'a'"),
        (("--pack", "toy", "--arm", "a", "--arm", "b:train.epoch=1"), 1, "Did you mean 'epochs'?"),
        (("--pack", "toy", "--arm", "a", "--arm", "b", "--name", "../x"), 1, "'../x' is no name"),
        (("first",), 1, "needs at least two runs, and only first is named"),
        (("first", "first"), 1, "run 'first' is named twice"),
        (("first", "third"), 1, "has no run 'third'; runs: first"),
        (("first", "second", "--seed", "0"), 2, "--seed belongs to a comparison of arms"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(
    compare: Callable[..., Result], arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = compare(*arguments)
    assert done.exit_code == code, done.output
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_a_run_that_is_not_evaluated_is_refused(
    compare: Callable[..., Result], copy: Workspace, toy: Callable[..., Any]
) -> None:
    build(toy("seed=9"), copy, until="ingest", run="begun")
    done = compare("first", "begun")
    assert done.exit_code == 1
    assert "run 'begun' has not finished its stage ground; build it, then compare it" in done.stderr
