"""Every kernel is compiled to the machine code of a GPU, at the widths of real models; no GPU is needed for that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from srm_core.inference.kernels.gpu import attention, experts, four_bit, gating, norms, rotary
from srm_core.inference.kernels.gpu.language import INTERPRETED, triton

KERNELS = {norms: "_normed", rotary: "_placed", attention: "_attended", gating: "_gated", experts: "_grouped"}
KERNELS[four_bit] = "_product"
CAPABILITIES = {80: 163 << 10, 90: 227 << 10}  # bytes of shared memory a program may have
TYPES = {
    torch.float32: "*fp32",
    torch.float16: "*fp16",
    torch.bfloat16: "*bf16",
    torch.int32: "*i32",
    torch.int64: "*i64",
    torch.uint8: "*u8",
}
Launch = tuple[Any, dict[str, str], dict[str, Any]]  # a kernel, the types of its arguments, its settings

pytestmark = [
    pytest.mark.skipif(triton is None, reason="triton is not installed (extra `gpu`)"),
    pytest.mark.skipif(INTERPRETED, reason="interpreted kernels are not compiled"),
    pytest.mark.filterwarnings("ignore:TRITON_DEFAULT_FP_FUSION is unset"),
]


class Watched:
    """Stands for a kernel, and writes down what it is launched with."""

    def __init__(self, kernel: Any, launches: list[Launch]) -> None:
        self.kernel, self.launches = kernel, launches

    def __getitem__(self, grid: Any) -> Callable[..., None]:
        def launch(*given: Any, **settings: Any) -> None:
            types = {name: _type(value) for name, value in zip(self.kernel.arg_names, given, strict=False)}
            self.launches.append((self.kernel, types | dict.fromkeys(settings, "constexpr"), settings))

        return launch


def _type(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return TYPES[value.dtype]
    return "fp32" if isinstance(value, float) else "i32"


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> list[Launch]:
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    found: list[Launch] = []
    for module, name in KERNELS.items():
        monkeypatch.setattr(module, name, Watched(getattr(module, name), found))
    return found


@pytest.mark.parametrize(
    ("dtype", "capability"),
    [
        (torch.bfloat16, 90),
        pytest.param(torch.bfloat16, 80, marks=pytest.mark.slow),
        pytest.param(torch.float32, 80, marks=pytest.mark.slow),
    ],
)
def test_every_kernel_becomes_machine_code(
    launches: list[Launch], paged: Any, shape_of: Any, dtype: Any, capability: int
) -> None:
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, compile  # noqa: A004

    x, weight = torch.zeros(2, 4096, dtype=dtype), torch.zeros(4096, dtype=dtype)
    norms.normed(x, weight, 1e-5, 0.0)
    norms.normed(x, weight, 1e-5, 1.0, x)
    gating.gated(x, x, False)
    gating.gated(x, x, True)
    four_bit.product(x, four_bit.packed(torch.zeros(16, 4096)))
    shares, chosen = torch.full((2, 2), 0.5), torch.tensor([[0, 1], [1, 0]])
    experts.mixed_by_tiles(x[:, :64].contiguous(), shares, chosen, *_experts(dtype), False)
    many = torch.zeros(200, 64, dtype=dtype)
    experts.mixed_by_tiles(many, shares.repeat(100, 1), chosen.repeat(100, 1), *_experts(dtype), False)
    for changes in ({}, {"score_cap": 50.0, "clip": 1.0, "rotates": (False, False), "head_width": 256}):
        shape = shape_of(**({"heads": 32, "kv_heads": 8, "head_width": 128} | changes))
        for runs in ([(0, 1)], [(0, 20)]):
            batch = paged(shape, runs, dtype=dtype)
            q, k = (torch.zeros(runs[0][1], heads, shape.head_width, dtype=dtype) for heads in (32, 8))
            turns = (torch.zeros(shape.context, shape.head_width // 2),) * 2
            rotary.placed(q, k, k, turns, batch, 1, shape)
            attention.attended(q, batch, 1, shape)
    assert {kernel.__name__ for kernel, _, _ in launches} == set(KERNELS.values())
    for kernel, types, settings in launches:
        made = compile(ASTSource(kernel, types, settings), target=GPUTarget("cuda", capability, 32))
        assert len(made.asm["cubin"]) > 1000
        assert made.metadata.shared <= CAPABILITIES[capability], (kernel.__name__, settings)


def _experts(dtype: Any) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.zeros(2, 64, 64, dtype=dtype), torch.zeros(2, 64, 32, dtype=dtype)
