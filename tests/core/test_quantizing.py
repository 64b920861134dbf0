"""What a lower precision costs is measured on the run's own held-out problems, and kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from srm_core.errors import ModelError
from srm_core.inference.engines import VARIABLE, engine_for
from srm_core.quantizing import _Measured, compare
from srm_core.records import ChoiceKey, Problem


def problem(number: int, kind: str) -> Problem:
    return Problem(kind=kind, question=f"{number}?", answer="A", anchor=str(number), key=ChoiceKey(index=0))


def measured(logits: list[list[float]], logprobs: list[float], texts: list[str], right: list[bool]) -> _Measured:
    return _Measured(torch.tensor(logits), logprobs, texts, right, rate=10.0, size=400)


def test_the_report_compares_item_by_item_by_hand() -> None:
    problems = [problem(1, "a"), problem(2, "a"), problem(3, "b"), problem(4, "b")]
    before = measured([[1.0, -1.0], [3.0, 1.0]], [-0.5, -1.0], ["w", "x", "y", "z"], [True, True, False, True])
    after = measured([[1.0, -1.0], [3.0, 1.5]], [-0.6, -1.3], ["w", "x", "!", "?"], [True, False, False, True])
    report = compare("r", "int8", problems, before, after)
    spread = 2**0.5  # of [3, 1], n - 1 in the denominator
    assert report.logit_max == pytest.approx(0.5 / spread)
    assert report.logit_rms == pytest.approx(0.5 / spread / 2)
    assert (report.logprob_mean, report.logprob_max) == pytest.approx((0.2, 0.3))
    assert (report.same_answer.value, report.same_answer.n) == (0.5, 4)
    assert (report.before.value, report.after.value) == (0.75, 0.5)
    assert report.difference.value == -0.25
    assert report.difference.low < -0.25 < report.difference.high
    assert {kind: (one.value, two.value) for kind, (one, two) in report.kinds.items()} == {
        "a": (1.0, 0.5),
        "b": (0.5, 0.5),
    }


def test_a_run_is_measured_its_report_kept_and_its_rounded_student_audited(
    built: Path, srm: Callable[..., Any], tmp_path: Path
) -> None:
    workspace = tmp_path / "ws"
    shutil.copytree(built, workspace, symlinks=True)
    refused = srm("quantize", "first", "--weights", "int8", "--per-kind", 2, "--workspace", workspace)
    assert refused.returncode == 1
    assert "lower precision needs the compiled kernels" in refused.stderr  # these tests leave them out
    compiled = {"SRM_ENGINE": "native"}
    done = srm("quantize", "first", "--weights", "int8", "--per-kind", 2, "--workspace", workspace, **compiled)
    assert done.returncode == 0, done.stderr
    assert "what int8 weights cost" in done.stdout
    report = json.loads((workspace / "runs" / "first" / "quantized-int8.json").read_text())
    assert report["weights"] == "int8"
    assert 0 < report["logit_rms"] < report["logit_max"]
    assert report["difference"]["n"] == report["same_answer"]["n"] > 0
    large, small = report["bytes_of_matrices"]
    assert 3 < large / small <= 4  # one byte for four, and a scale a row
    audited = srm("audit", "first", "--set", "audit.weights=int8", "--workspace", workspace, **compiled)
    assert audited.returncode == 0, audited.stderr
    assert "the student was audited with int8 weights" in audited.stdout


def test_lower_precision_without_the_kernels_is_refused(small_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "reference")
    with pytest.raises(ModelError, match="int8 weights need the compiled kernels; SRM_ENGINE=reference"):
        engine_for("small", small_model.model, small_model.tokenizer, "int8")
