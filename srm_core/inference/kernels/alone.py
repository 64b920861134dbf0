"""One weight matrix as the kernels keep it, by itself: for tests and measurements of the products alone."""

from __future__ import annotations

import ctypes

import torch

from ...records import Weights
from .compiled import FORMATS, row_bytes
from .compiling import library


class PackedMatrix:
    """A matrix (outputs, inputs), packed; ``kernels`` are the compiled ones of a tier, or others to compare."""

    def __init__(self, w_OI: torch.Tensor, weights: Weights, kernels: ctypes.CDLL | None = None) -> None:
        self.shape = (w_OI.shape[0], w_OI.shape[1])
        self.size = self.shape[0] * row_bytes(weights, self.shape[1])  # bytes
        self.c = kernels or library()
        self.c.srm_alone.restype = ctypes.c_void_p
        given = w_OI.float().contiguous()
        self.handle = ctypes.c_void_p(
            self.c.srm_alone(FORMATS.index(weights), ctypes.c_void_p(given.data_ptr()), *self.shape)
        )

    def __del__(self) -> None:
        if "handle" in self.__dict__:
            self.c.srm_alone_free(self.handle)

    def times(self, x_NI: torch.Tensor) -> torch.Tensor:
        """Return ``x`` times the transposed matrix (rows, outputs), computed on one thread."""
        given = x_NI.float().contiguous()
        assert given.shape[1] == self.shape[1]
        made = torch.empty(len(given), self.shape[0])
        addresses = (ctypes.c_void_p(given.data_ptr()), len(given), ctypes.c_void_p(made.data_ptr()))
        self.c.srm_alone_times(self.handle, *addresses)
        return made
