"""One real build on the embedded model, as a user starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from srm_core.errors import ModelError
from srm_core.records import BuildManifest

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    from srm_core.models import embedded

    try:
        embedded.base_folder()
        embedded.embedder_folder()
    except ModelError as error:
        pytest.skip(f"the embedded models can be had neither from the cache nor from an index: {error}")
    folder = tmp_path_factory.mktemp("build")
    command = [sys.executable, "-m", "srm_core.cli", "build", "--pack", "medical", "--effort", "smoke"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert run.returncode == 0, run.stderr[-3000:]
    return folder, run.stdout


def test_the_first_command_ends_with_a_candidate_and_a_verdict(built: tuple[Path, str]) -> None:
    folder, printed = built
    manifest = BuildManifest.model_validate_json(
        (folder / ".srm/runs/medical-smoke/manifest.json").read_text(encoding="utf-8")
    )
    assert manifest.verdict in {"PASS", "FAIL", "INCONCLUSIVE"}
    assert manifest.verdict in printed
    assert [record.stage for record in manifest.stages][-1] == "audit"
    assert {score.arm for score in manifest.scores} >= {"base-few", "sft", "rl", "shuffled", "none"}
    assert all(score.low <= score.value <= score.high for score in manifest.scores)
    assert manifest.leak["levels"]["fact"]["leaks"] == 0
    assert manifest.leak["levels"]["exact"]["leaks"] == 0


def test_the_candidate_is_complete_and_its_report_stands_alone(built: tuple[Path, str]) -> None:
    candidate = built[0] / ".srm/runs/medical-smoke/candidate"
    for name in (
        "merged/model.safetensors",
        "merged/chat_template.jinja",
        "adapter/adapter_model.safetensors",
        "manifest.json",
        "README.md",
        "report.html",
        "leak.json",
        "srm_calculator.py",
        "SHA256.json",
    ):
        assert (candidate / name).exists(), name
    report = (candidate / "report.html").read_text(encoding="utf-8")
    assert "http://" not in report.replace("http://www.w3.org", "")
    assert "src=" not in report.replace('src="data:', "")


def test_supervised_training_learned_something(built: tuple[Path, str]) -> None:
    log = next((built[0] / ".srm/store/train").glob("*/sft/log.jsonl"))
    losses = [json.loads(line)["loss"] for line in log.read_text(encoding="utf-8").splitlines()]
    assert sum(losses[-4:]) < 0.9 * sum(losses[:4])  # twelve steps of four rows; batches differ in kind


def test_an_unchanged_second_build_does_nothing(built: tuple[Path, str]) -> None:
    command = [sys.executable, "-m", "srm_core.cli", "build", "--pack", "medical", "--effort", "smoke"]
    again = subprocess.run(command, cwd=built[0], capture_output=True, text=True, check=True)
    lines = [line for line in again.stderr.splitlines() if "(kept)" in line]
    assert len(lines) == 8, again.stderr
