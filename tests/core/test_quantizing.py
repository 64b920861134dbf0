"""What a lower precision costs is measured on the run's own held-out problems, and kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from srm_core.errors import ModelError
from srm_core.inference.engines import VARIABLE, engine_for
from srm_core.records import ChoiceKey, Problem
from srm_core.reports.precision import Measured, compare


def problem(number: int, kind: str) -> Problem:
    return Problem(kind=kind, question=f"{number}?", answer="A", anchor=str(number), key=ChoiceKey(index=0))


def measured(logits: list[list[float]], logprobs: list[float], texts: list[str], right: list[bool]) -> Measured:
    return Measured(torch.tensor(logits), logprobs, texts, right, rate=10.0, size=400)


def test_the_report_compares_item_by_item_by_hand() -> None:
    problems = [problem(1, "a"), problem(2, "a"), problem(3, "b"), problem(4, "b")]
    exact = torch.tensor([[1.0, -1.0], [2.8, 1.5]])
    before = measured([[1.0, -1.0], [3.0, 1.0]], [-0.5, -1.0], ["w", "x", "y", "z"], [True, True, False, True])
    after = measured([[1.0, -1.0], [3.0, 1.5]], [-0.6, -1.3], ["w", "x", "!", "?"], [True, False, False, True])
    report = compare("r", "int8", problems, before, replace(after, exact=exact))
    spread = 2**0.5  # of [3, 1], n - 1 in the denominator
    assert report.logit_max == pytest.approx(0.5 / spread)
    assert report.logit_rms == pytest.approx(0.5 / spread / 2)
    assert report.logit_rms_activations == pytest.approx(0.2 / spread / 2)  # of [3, 1.5] and [2.8, 1.5]
    assert compare("r", "bfloat16", problems, before, after).logit_rms_activations == 0
    assert (report.logprob_mean, report.logprob_max) == pytest.approx((0.2, 0.3))
    assert (report.same_answer.value, report.same_answer.n) == (0.5, 4)
    assert (report.before.value, report.after.value) == (0.75, 0.5)
    assert report.difference.value == -0.25
    assert report.difference.low < -0.25 < report.difference.high
    assert {kind: (one.value, two.value) for kind, (one, two) in report.kinds.items()} == {
        "a": (1.0, 0.5),
        "b": (0.5, 0.5),
    }


@pytest.mark.parametrize(("weights", "ratio"), [("int8", 4), ("int4", 6.4)])
def test_a_run_is_measured_its_report_kept_and_its_rounded_student_audited(
    weights: str, ratio: float, built: Path, srm: Callable[..., Any], tmp_path: Path
) -> None:
    workspace = tmp_path / "ws"
    shutil.copytree(built, workspace, symlinks=True)
    refused = srm("quantize", "first", "--weights", weights, "--per-kind", 2, "--workspace", workspace)
    assert refused.returncode == 1
    assert "lower precision needs the compiled kernels" in refused.stderr  # these tests leave them out
    compiled = {"SRM_ENGINE": "native"}
    done = srm("quantize", "first", "--weights", weights, "--per-kind", 2, "--workspace", workspace, **compiled)
    assert done.returncode == 0, done.stderr
    assert f"what {weights} weights cost" in done.stdout
    report = json.loads((workspace / "runs" / "first" / f"quantized-{weights}.json").read_text())
    assert report["weights"] == weights
    assert 0 < report["logit_rms_activations"] < report["logit_rms"] < report["logit_max"]
    assert f"by rounding the activations alone {report['logit_rms_activations']:.3f}" in done.stdout
    assert report["difference"]["n"] == report["same_answer"]["n"] > 0
    large, small = report["bytes_of_matrices"]
    halves = load_file(workspace / "runs" / "first" / "candidate" / "adapter" / "adapter_model.safetensors")
    beside = sum(4 * half.numel() for half in halves.values())  # the adapter, in float32
    assert (
        3 < large / (small - beside) <= ratio
    )  # a byte for four and a scale a row; or five bits for 32, the head apart
    audited = srm("audit", "first", "--set", f"audit.weights={weights}", "--workspace", workspace, **compiled)
    assert audited.returncode == 0, audited.stderr
    assert f"the student was audited with {weights} weights" in audited.stdout


def test_lower_precision_without_the_kernels_is_refused(small_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "reference")
    with pytest.raises(ModelError, match="int8 weights need the compiled kernels; SRM_ENGINE=reference"):
        engine_for("small", small_model.model, small_model.tokenizer, "int8")
