"""Open a model for the kernels, and compare what they compute with transformers before the first token."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from ...architecture import Architecture, Unknown, architecture_of
from ...pages import BLOCK
from ..batch import Batch
from ..compiling import NoKernels
from ..drift import logits_of, off_by, short_text
from .decoder import TritonDecoder

FORMS: Mapping[str, tuple[torch.dtype | None, bool]] = {  # how the weights are held: their type, and whether 4 bits
    "float32": (None, False),  # as the model has them
    "bfloat16": (torch.bfloat16, False),
    "int4": (None, True),
}
AT_ONCE = 23  # tokens of the text that are read in one pass


def opened(model: Any, weights: str, bound: float, rounded: float) -> TritonDecoder:
    """Return a decoder for a transformers model; ``weights`` is one of `FORMS`.

    With the weights as they are its logits are within ``bound`` of the model's own (`error_of`), and with weights that
    are held otherwise within ``rounded`` in the mean.

    Raises:
        Unknown: the engine does not know the model, or computes something else than transformers.
        NoKernels: the kernels are not here, or cannot be compiled or run on this device.
    """
    shape = architecture_of(model)
    decoder = TritonDecoder(model, shape)
    _check(decoder, model, bound)
    dtype, four_bit = FORMS[weights]
    if dtype is not None or four_bit:
        decoder = TritonDecoder(model, shape, dtype=dtype, four_bit=four_bit)
        _check(decoder, model, rounded, mean=True)
    return decoder


def _check(decoder: TritonDecoder, model: Any, bound: float, *, mean: bool = False) -> None:
    try:
        off = error_of(decoder, model, decoder.shape, mean=mean)
    except Exception as error:  # a compiler and a driver raise many kinds; to the user they are one: no kernels
        raise NoKernels(f"{type(error).__name__}: {(str(error).strip().splitlines() or ['no message'])[0]}") from error
    if not off < bound:
        raise Unknown(f"this model well enough: its logits are off by {off:.2g}")


@torch.inference_mode()
def error_of(decoder: TritonDecoder, model: Any, shape: Architecture, *, mean: bool = False) -> float:
    """Return the largest difference of a logit from transformers' own, as a share of their spread, on one short text.

    With ``mean`` the root mean square of the differences instead. Its first tokens are read in one pass, the others
    one by one, as they are when text is generated.
    """
    ids = short_text(shape.vocabulary)
    pool = decoder.pool()
    tables = np.array([[pool.take() for _ in range(-(-len(ids) // BLOCK))]], np.int32)
    cuts = [0, *range(AT_ONCE, len(ids) + 1)]
    ours = torch.cat([decoder.forward(_piece(ids, a, b, tables), pool.slabs).clone() for a, b in pairwise(cuts)])
    return off_by(ours, logits_of(model, ids), mean=mean)


def _piece(ids: np.ndarray, start: int, end: int, tables: np.ndarray) -> Batch:
    places = np.arange(end - start, dtype=np.int32)
    return Batch(ids[start:end].copy(), places + np.int32(start), np.zeros_like(places), tables, places)
