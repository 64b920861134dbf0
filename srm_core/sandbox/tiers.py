"""How well this machine can hold code that a model wrote, and why it cannot if so."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

from . import kernel

Mode = Literal["strong", "sealed", "unsafe"]


@dataclass(frozen=True)
class Tier:
    """``strong``: Landlock and seccomp; ``sealed``: seccomp alone; ``none``: code is not run. ``reason`` says why."""

    name: Literal["strong", "sealed", "none"]
    reason: str
    landlock: int = 0  # ABI

    @property
    def holds(self) -> bool:
        """Whether code may be run."""
        return self.name != "none"


@functools.cache
def tier() -> Tier:
    """Return the tier of this machine, for `srm doctor` and for whoever is about to run code."""
    layers = kernel.probe()
    if not layers.seccomp:
        return Tier("none", f"{layers.why}; code is not run without --unsafe-code")
    if not layers.landlock:
        return Tier("sealed", "the kernel has no Landlock; seccomp alone refuses every file, process and socket")
    return Tier("strong", f"Landlock ABI {layers.landlock} and seccomp on {layers.machine}", layers.landlock)
