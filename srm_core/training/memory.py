"""What training a large model needs of each GPU: weights, gradients, optimizer states, activations, under ZeRO.

Weights, gradients and optimizer: Rajbhandari et al. 2020 (ZeRO), section 3.1 (what a parameter needs) and section 5
with figure 1 (what each stage keeps in parts). Activations: Korthikanti et al. 2022 (Reducing Activation
Recomputation), eq. 1. Bytes are counted; buffers of the libraries, the logits and fragments come on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Trained = Literal["lora", "full"]
STAGES = (0, 2, 3)  # of ZeRO; 0: every GPU holds everything
HALF, SINGLE = 2, 4  # bytes of a number: bfloat16, float32
ADAM = 2 * SINGLE  # bytes of the two moments of a parameter
GB = 1e9


@dataclass(frozen=True)
class Shape:
    """A transformer as the formulas see it: parameters in all, layers, and the width of the hidden states."""

    parameters: float
    layers: int
    width: int


@dataclass(frozen=True)
class Need:
    """Bytes that one GPU holds while it trains."""

    weights: float
    gradients: float
    optimizer: float
    activations: float

    @property
    def whole(self) -> float:
        """Bytes in all."""
        return self.weights + self.gradients + self.optimizer + self.activations


def shape_of(parameters: float) -> Shape:
    """Return the usual shape of a model of this size: 12 width^2 parameters a layer, and 128 of width for each layer.

    Attention has 4 width^2 parameters and the gated half 8 width^2. Published models of 1 to 70 billion have 80 to 130
    of width a layer.
    """
    layers = max(1, round((parameters / (12 * 128**2)) ** (1 / 3)))
    return Shape(parameters, layers, round((parameters / (12 * layers)) ** 0.5))


def adapter_parameters(shape: Shape, rank: int) -> int:
    """Return the parameters of LoRA on every linear layer: rank x (inputs + outputs) of each (Hu et al. 2021, 4.1).

    Four matrices of attention are width x width; three of a gated layer are width x 8/3 width: 19 widths in all.
    """
    return 19 * rank * shape.width * shape.layers


def need(shape: Shape, *, trained: Trained, rank: int, stage: int, gpus: int, tokens: int, number: int = HALF) -> Need:
    """Return what one of ``gpus`` holds with ``tokens`` in a pass, under ZeRO's ``stage`` (0, 2 or 3).

    ``number`` is the bytes of a weight of the model, `HALF` or `SINGLE`. ``full``: 16 bytes a parameter; of half
    weights the optimizer keeps a float32 copy beside its moments. ``lora``: the frozen weights have no
    gradients; the adapter is float32, 4 bytes of weight, 4 of gradient and 8 of moments a parameter.
    """
    parts = gpus if stage >= 2 else 1  # of gradients and optimizer states
    pieces = gpus if stage == 3 else 1  # of weights
    if trained == "full":
        copy = SINGLE if number == HALF else 0
        weights = gradients = number * shape.parameters
        optimizer = (copy + ADAM) * shape.parameters
    else:
        own = adapter_parameters(shape, rank)
        weights, gradients, optimizer = number * shape.parameters + SINGLE * own, SINGLE * own, ADAM * own
    return Need(weights / pieces, gradients / parts, optimizer / parts, activations(shape, tokens, number))


def activations(shape: Shape, tokens: int, number: int = HALF) -> float:
    """Return the bytes of activations kept for the backward pass of ``tokens``.

    34 bytes a token, layer and unit of width at 16 bits, twice that at 32 (Korthikanti et al., eq. 1, without the
    scores of attention, which fused attention does not keep).
    """
    return 34 * number / HALF * tokens * shape.layers * shape.width
