"""Memory of large training: the figures of the ZeRO paper, and an 8B model on 8 GPUs worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from srm_core.cli import cli
from srm_core.training.memory import SINGLE, Shape, activations, adapter_parameters, need, shape_of

LLAMA_8B = Shape(8e9, layers=32, width=4096)


def _need(shape: Shape, **given: Any) -> Any:
    return need(shape, **{"trained": "full", "rank": 8, "gpus": 8, "tokens": 1, **given})


@pytest.mark.parametrize(
    ("stage", "figure"),
    [
        (0, 120.0),  # Rajbhandari et al. 2020, figure 1: 7.5 billion parameters, 64 devices, K = 12
        (2, 16.6),
        (3, 1.9),
    ],
)
def test_full_weights_need_what_figure_1_of_the_paper_says(stage: int, figure: float) -> None:
    found = _need(Shape(7.5e9, 36, 4096), stage=stage, gpus=64)
    assert (found.weights + found.gradients + found.optimizer) / 1e9 == pytest.approx(figure, abs=0.05)


def test_eight_billion_full_weights_on_eight_gpus_by_hand() -> None:
    assert _need(LLAMA_8B, stage=0).weights == 2 * 8e9
    assert _need(LLAMA_8B, stage=0).gradients == 2 * 8e9
    assert _need(LLAMA_8B, stage=0).optimizer == (4 + 4 + 4) * 8e9
    two = _need(LLAMA_8B, stage=2)
    assert (two.weights, two.gradients, two.optimizer) == (16e9, 16e9 / 8, 96e9 / 8)
    three = _need(LLAMA_8B, stage=3)
    assert (three.weights, three.gradients, three.optimizer) == (2e9, 2e9, 12e9)
    single = _need(LLAMA_8B, stage=0, number=SINGLE)
    assert (single.weights, single.gradients, single.optimizer) == (32e9, 32e9, 64e9)  # no copies: 16 bytes again


def test_an_adapter_on_eight_gpus_by_hand() -> None:
    own = 19 * 16 * 4096 * 32  # rank 16: 8 widths of attention and 11 of the gated layer, 32 layers
    assert adapter_parameters(LLAMA_8B, 16) == own == 39_845_888
    zero, two, three = (_need(LLAMA_8B, trained="lora", rank=16, stage=stage) for stage in (0, 2, 3))
    assert (zero.weights, zero.gradients, zero.optimizer) == (16e9 + 4 * own, 4 * own, 8 * own)
    assert (two.weights, two.gradients, two.optimizer) == (16e9 + 4 * own, own / 2, own)
    assert (three.weights, three.gradients, three.optimizer) == (2e9 + own / 2, own / 2, own)


def test_the_count_of_an_adapter_is_near_that_of_a_published_model() -> None:
    attention = (4096 + 4096) * 2 + (4096 + 1024) * 2  # Llama 3 8B: 8 heads of keys and values, 1,024 wide
    gated = (4096 + 14336) * 3
    assert adapter_parameters(LLAMA_8B, 16) == pytest.approx(16 * 32 * (attention + gated), rel=0.06)


def test_activations_by_hand() -> None:
    assert activations(LLAMA_8B, 4096) == 34 * 4096 * 4096 * 32
    assert activations(LLAMA_8B, 4096, SINGLE) == 2 * 34 * 4096 * 4096 * 32
    assert _need(LLAMA_8B, stage=3, tokens=100).activations == 34 * 100 * 4096 * 32  # no stage parts them


def test_a_usual_shape_has_the_parameters_it_was_made_for() -> None:
    usual = shape_of(8e9)
    assert (usual.layers, usual.width) == (34, 4428)
    assert 12 * usual.layers * usual.width**2 == pytest.approx(8e9, rel=1e-3)


def test_srm_plan_prints_the_same_numbers() -> None:
    told = ["plan", "--parameters", "8e9", "--gpus", "8", "--layers", "32", "--width", "4096"]
    shown = CliRunner().invoke(cli, told)
    assert shown.exit_code == 0, shown.output
    lines = {tuple(line.split()[:2]): line.split() for line in shown.stdout.splitlines() if "LoRA  " in line}
    assert lines["LoRA", "3"][2:] == ["2.02", "0.02", "0.04", "18.25", "20.33", "yes"]
    found = json.loads(CliRunner().invoke(cli, [*told, "--json"]).stdout)
    full = {row["zero"]: row["whole"] for row in found["bytes_a_gpu"] if row["trained"] == "full"}
    kept = 34 * 4096 * 4096 * 32
    assert full == {0: 128e9 + kept, 2: 30e9 + kept, 3: 16e9 + kept}
    small = CliRunner().invoke(cli, [*told, "--memory", "24"]).stdout
    assert "within 24 GB" in small
    assert [line.split()[-1] for line in small.splitlines() if line.split()[:1] == ["LoRA"]] == ["no", "no", "yes"]
