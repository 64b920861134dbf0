"""Products of rounded weights: what torch computes from the same rounding, whatever the shape, the machine, the company."""

from __future__ import annotations

import ctypes
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

from srm_core.inference.kernels.alone import PackedMatrix
from srm_core.inference.kernels.compiled import FORMATS
from srm_core.inference.kernels.compiling import FLAGS, SOURCES, library
from srm_core.inference.kernels.rounding import rounded, rounded_rows
from srm_core.records import Weights

WHOLE: tuple[Weights, ...] = ("int8", "int4")
SHAPES = [
    (1, 1, 1),
    (3, 31, 2),
    (33, 32, 7),
    (70, 100, 13),
    (131, 577, 33),
    (64, 1536, 40),
    (96, 200, 101),
]  # outputs, inputs, rows
SETS = {"-march=haswell": "avx2", "-march=skylake-avx512": "avx512bw", "-march=x86-64": "sse2"}  # flag: what it needs


@pytest.fixture(scope="module", params=["native", "portable"])
def kernels(request: pytest.FixtureRequest) -> ctypes.CDLL:
    return library(request.param)


def drawn(outputs: int, inputs: int, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a matrix and rows; some inputs are far larger than the rest, as activations have them."""
    torch.manual_seed(outputs * inputs + rows)
    w, x = torch.randn(outputs, inputs) / inputs**0.5, torch.randn(rows, inputs)
    x[:, :: max(1, inputs // 3)] *= 20
    return w, x


def within(found: torch.Tensor, wanted: torch.Tensor, w: torch.Tensor, x: torch.Tensor) -> bool:
    """Compare with what may be lost by adding up in float32."""
    most = x.abs().double() @ w.abs().double().T
    return bool(((found.double() - wanted).abs() <= 1e-5 * most + 1e-30).all())


# ---- the rounding, by hand


def test_int4_is_sixteen_steps_from_a_least_value_on_for_each_group() -> None:
    steps = [-1 + code / 4 for code in range(16)] * 2  # exactly representable
    # the last group is short. From its least to its most, 1/8 + (0, 1, 14, 15) are off by 0, 1/4, 1/4, 0; the line of least
    # squares is 0, 1, 14, 15, off by 1/8 each: what is added to that line, 1/8 (1, -1, -1, 1), is orthogonal to it:
    # 1 - 1 - 1 + 1 = 0 and 0 * 1 - 1 * 1 - 14 * 1 + 15 * 1 = 0
    short = [0.125, 0.875, 13.875, 15.125]
    assert rounded("int4", torch.tensor([[*steps, *short]]))[0].tolist() == [*steps, 0.0, 1.0, 14.0, 15.0]


def test_an_int4_group_of_one_value_is_that_value_in_bfloat16() -> None:
    made = rounded("int4", torch.tensor([[0.3] * 33, [0.0] * 33]))
    assert made.tolist() == [[154 / 128 / 4] * 33, [0.0] * 33]  # 0.3 = 1.2 / 4, and 1.2 = 153.6 / 128


def test_int8_is_255_steps_of_a_scale_for_each_output() -> None:
    made = rounded("int8", torch.tensor([[127.0, -3.4], [0.0, 0.0]]))
    assert made.tolist() == [[127.0, -3.0], [0.0, 0.0]]


def test_activations_are_rounded_by_groups_of_each_row() -> None:
    row = [2.0, -1.0, 0.3, *[0.0] * 29, 254.0, 3.0]  # the second group is short, and has a scale of its own
    made = rounded_rows(torch.tensor([row, [0.0] * 34]))
    first = [127, -64, 19, *[0] * 29]  # times 127 / 2: 127, -63.5 (halves to the even one), 19.05
    assert made[0].tolist() == pytest.approx([*(q * 2 / 127 for q in first), 127 * 2.0, 2 * 2.0])  # 3 / 2 = 1.5 is 2
    assert made[1].tolist() == [0.0] * 34


def test_the_error_of_each_format_on_normal_weights() -> None:
    w = torch.randn(64, 576, generator=torch.Generator().manual_seed(0))
    off = {f: float((rounded(f, w) - w).pow(2).mean().sqrt()) for f in FORMATS}
    assert off["float32"] == 0
    assert 0.0005 < off["bfloat16"] < 0.002 < off["int8"] < 0.01 < 0.06 < off["int4"] < 0.08


# ---- the kernels


@pytest.mark.parametrize("weights", FORMATS)
@pytest.mark.parametrize(("outputs", "inputs", "rows"), SHAPES)
def test_a_packed_matrix_is_the_rounded_one(
    kernels: ctypes.CDLL, weights: Weights, outputs: int, inputs: int, rows: int
) -> None:
    w, _ = drawn(outputs, inputs, rows)
    found = PackedMatrix(w, weights, kernels).times(torch.eye(inputs)).T
    torch.testing.assert_close(found, rounded(weights, w), rtol=2e-6, atol=1e-6 * float(w.abs().max()))


@pytest.mark.parametrize("weights", WHOLE)
@pytest.mark.parametrize(("outputs", "inputs", "rows"), SHAPES)
def test_a_product_is_that_of_rounded_weights_and_rounded_rows(
    kernels: ctypes.CDLL, weights: Weights, outputs: int, inputs: int, rows: int
) -> None:
    w, x = drawn(outputs, inputs, rows)
    wanted = rounded_rows(x).double() @ rounded(weights, w).double().T
    assert within(PackedMatrix(w, weights, kernels).times(x), wanted, w, x)


@pytest.mark.parametrize("weights", FORMATS)
@pytest.mark.parametrize(("outputs", "inputs", "rows"), SHAPES)
def test_a_row_is_multiplied_the_same_alone_and_in_any_company(
    kernels: ctypes.CDLL, weights: Weights, outputs: int, inputs: int, rows: int
) -> None:
    w, x = drawn(outputs, inputs, rows)
    packed = PackedMatrix(w, weights, kernels)
    together = packed.times(x)
    assert torch.equal(torch.cat([packed.times(x[i : i + 1]) for i in range(rows)]), together)
    for size in range(2, 14):  # every width of a tile
        pieces = [packed.times(x[start : start + size]) for start in range(0, rows, size)]
        assert torch.equal(torch.cat(pieces), together)


@pytest.mark.parametrize("weights", WHOLE)
def test_rounding_the_rows_adds_less_than_rounding_the_weights(kernels: ctypes.CDLL, weights: Weights) -> None:
    w, x = torch.randn(200, 576), torch.randn(16, 576)
    exact = x @ w.T
    off = (PackedMatrix(w, weights, kernels).times(x) - exact).pow(2).mean().sqrt() / exact.std()
    by_weights = (x @ rounded(weights, w).T - exact).pow(2).mean().sqrt() / exact.std()
    assert by_weights < off < 1.25 * by_weights
    assert off < {"int8": 0.015, "int4": 0.1}[weights]


@pytest.mark.parametrize("weights", WHOLE)
@pytest.mark.parametrize("strange", [float("nan"), float("inf")])
def test_what_is_no_number_stays_none_and_harms_no_other_row(
    kernels: ctypes.CDLL, weights: Weights, strange: float
) -> None:
    w, x = drawn(40, 100, 5)
    packed = PackedMatrix(w, weights, kernels)
    before = packed.times(x)
    x[3, 77] = strange
    after = packed.times(x)
    assert not after[3].isfinite().any()
    others = [0, 1, 2, 4]
    assert torch.equal(after[others], before[others])


@pytest.mark.parametrize("weights", WHOLE)
def test_rows_of_almost_nothing_are_nothing(kernels: ctypes.CDLL, weights: Weights) -> None:
    w, _ = drawn(40, 100, 1)
    tiny = torch.full((1, 100), 1e-38)
    assert torch.equal(PackedMatrix(w, weights, kernels).times(tiny), torch.zeros(1, 40))


@pytest.mark.parametrize("flag", SETS)
def test_every_instruction_set_computes_the_same(flag: str, tmp_path: Path) -> None:
    kernels = compiled_for(flag, tmp_path)
    for weights in FORMATS:
        for outputs, inputs, rows in SHAPES[1:5]:
            w, x = drawn(outputs, inputs, rows)
            theirs, ours = (PackedMatrix(w, weights, c).times(x) for c in (kernels, library()))
            assert within(theirs, ours.double(), w, x)


def compiled_for(flag: str, folder: Path) -> Any:
    """Return the products compiled for other machines than this one, which can run what they are compiled to."""
    compiler = shutil.which("c++") or shutil.which("g++")
    info = Path("/proc/cpuinfo")
    if platform.machine() != "x86_64" or compiler is None or SETS[flag] not in info.read_text(encoding="utf-8"):
        pytest.skip(f"this machine cannot run {flag}")
    source, made = folder / "alone.cpp", folder / "alone.so"
    source.write_text(f'#include "{SOURCES / "alone.h"}"\n', encoding="utf-8")
    subprocess.run([compiler, *FLAGS, flag, "-shared", str(source), "-o", str(made)], check=True, timeout=120)
    return ctypes.CDLL(str(made))
