"""How weights and activations are rounded, in plain torch: what the compiled kernels are tested against."""

# O outputs, I inputs, N rows, G groups of GROUP inputs

from __future__ import annotations

import torch

from ...records import Weights

GROUP = 32  # inputs that share the scale of int4 weights, and of rounded activations


def rounded(weights: Weights, w_OI: torch.Tensor) -> torch.Tensor:
    """Return the float32 matrix (O, I) that ``weights`` keep of another."""
    if weights == "bfloat16":
        return w_OI.bfloat16().float()
    if weights == "int8":
        return _int8(w_OI)
    return _int4(w_OI) if weights == "int4" else w_OI


def rounded_rows(x_NI: torch.Tensor) -> torch.Tensor:
    """Return what products with int8 and int4 weights take rows of activations for.

    Each group of a row is a scale times whole numbers from -127 to 127; a row is rounded by itself.
    """
    x_NGK = _grouped(x_NI.float(), 0.0)
    most_NG1 = x_NGK.abs().amax(dim=-1, keepdim=True)
    inverse_NG1 = torch.where(most_NG1 < 1e-30, 0.0, 127 / most_NG1)
    return ((x_NGK * inverse_NG1).round() * (most_NG1 / 127)).flatten(1)[:, : x_NI.shape[1]]


def _int8(w_OI: torch.Tensor) -> torch.Tensor:
    """Round to 255 steps, one scale for each output."""
    most_O1 = w_OI.abs().amax(dim=1, keepdim=True)
    scale_O1 = torch.where(most_O1 > 0, most_O1 / 127, 1.0)
    return (w_OI / scale_O1).round() * scale_O1


def _int4(w_OI: torch.Tensor) -> torch.Tensor:
    """Round each group of an output to 16 values, a least one and equal steps from it, both bfloat16.

    They go from the least to the most of the weights, or, if it is nearer to them, along the line of least squares
    through their codes, found by turns of codes and line.
    """
    w_OGK = _grouped(w_OI, 0.0)
    there_OGK = _grouped(torch.ones_like(w_OI), 0.0)
    low, high = (_grouped(w_OI, missing) for missing in (torch.inf, -torch.inf))
    least, most = (ends.double() for ends in (low.amin(-1, keepdim=True), high.amax(-1, keepdim=True)))
    step = (most - least) / 15
    whole = _stepped(w_OGK, least, step)
    for _ in range(3):
        codes = _codes(w_OGK.double(), least, step) * there_OGK
        count, mass, squares, sums, products = (
            part.sum(-1, keepdim=True, dtype=torch.float64)
            for part in (there_OGK, codes, codes**2, w_OGK, codes * w_OGK)
        )
        spread = count * squares - mass**2
        step = torch.where(spread > 0, (count * products - mass * sums) / spread, 0.0)
        least = (sums - step * mass) / count
    line = _stepped(w_OGK, least, step)
    off_line, off_whole = ((((made - w_OGK.double()) * there_OGK) ** 2).sum(-1, keepdim=True) for made in (line, whole))
    return torch.where(off_line < off_whole, line, whole).float().flatten(1)[:, : w_OI.shape[1]]


def _stepped(w_OGK: torch.Tensor, least: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    """Return the nearest values on a line (least and step (O, G, 1) become bfloat16), in float64."""
    least, step = (part.float().bfloat16().float() for part in (least, step))
    return least.double() + _codes(w_OGK, least, step).double() * step.double()


def _codes(w_OGK: torch.Tensor, least: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    codes_OGK = ((w_OGK - least) / torch.where(step > 0, step, 1.0)).clamp(0, 15).round()
    return torch.where(step > 0, codes_OGK, 0.0)


def _grouped(w_OI: torch.Tensor, missing: float) -> torch.Tensor:
    """Return (O, G, GROUP), the last group filled up with ``missing``."""
    short = -w_OI.shape[1] % GROUP
    return torch.nn.functional.pad(w_OI, (0, short), value=missing).view(len(w_OI), -1, GROUP)
