"""Triton, if it is here: the one place that imports it, so that the plain torch beside each kernel loads without it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch

try:
    import triton
    import triton.language as tl
except ImportError:
    triton = tl = None

__all__ = ["INTERPRETED", "jit", "missing", "power_of_two", "tl", "triton"]

INTERPRETED = triton is not None and os.environ.get("TRITON_INTERPRET") == "1"  # kernels run as Python, on the CPU


def jit(kernel: Callable[..., Any]) -> Any:
    """Return the kernel as Triton launches it; without Triton, as it stands, never to be called."""
    return kernel if triton is None else triton.jit(kernel)


def missing(device: torch.device) -> str:
    """Return why the kernels cannot run on tensors of ``device``; nothing if they can."""
    if triton is None:
        return "triton is not installed: pip install 'srm-sdk[gpu]'"
    if device.type != "cuda" and not INTERPRETED:
        return f"Triton's kernels need a CUDA device, and the model is on {device.type}"
    return ""


def power_of_two(least: int) -> int:
    """Return the smallest power of two that is at least ``least``: what the blocks of a kernel must be."""
    return 1 << max(0, least - 1).bit_length()
