"""Which engine runs a model: compiled or Triton kernels, the same in plain torch, or transformers itself; and why."""

from __future__ import annotations

import logging
import os
from typing import Any, Literal, Protocol

import numpy as np
import torch

from ..errors import ConfigError, ModelError
from ..records import Completion, Sampling, Weights
from .adapters import Adapter, take_out
from .architecture import Architecture, Unknown, architecture_of
from .kernels.batch import Batch, Decoder
from .kernels.compiled import CompiledDecoder
from .kernels.compiling import NoKernels
from .kernels.drift import logits_of, off_by, short_text
from .kernels.reference import ReferenceDecoder
from .padded import PaddedEngine
from .paged import PagedEngine
from .pages import BLOCK, PagePool

log = logging.getLogger(__name__)
Tier = Literal["native", "portable", "reference", "transformers"]
TIERS: tuple[Tier, ...] = ("native", "portable", "reference", "transformers")
ON_GPU = "triton"  # one more tier, for models on a CUDA device
VARIABLE = "SRM_ENGINE"  # asks for a tier; the best that works, if it is not set
TOLERANCE = 1e-3  # logits that differ by more from transformers' own are wrong
HALF_TOLERANCE = 0.5  # the same where transformers itself computes in half precision
ROUNDED: dict[Weights, float] = {"float32": 0.0, "bfloat16": 0.05, "int8": 0.25, "int4": 0.4}  # by rounding, rms


class Engine(Protocol):
    """Generates and scores token ids."""

    def generate(self, prompts: Any, sampling: Sampling, rows: int = 48) -> list[list[Completion]]:
        """Return ``sampling.n`` completions for each prompt, in order."""
        ...

    def score(self, prompts: Any, answers: Any) -> list[list[float]]:
        """Return the log-probability (nats) of each token of each answer after its prompt."""
        ...

    def update(self, names: set[str]) -> None:
        """Take the weights ``names`` anew from the model in memory."""
        ...

    def update_adapter(self, adapter: Adapter | None) -> None:
        """Put an adapter beside the weights, instead of the one before; None takes it off."""
        ...


def engine_for(
    ref: str, model: Any, tokenizer: Any, weights: Weights = "float32", within: Adapter | None = None
) -> Engine:
    """Return the fastest engine that computes what transformers computes with ``model``; a fallback is logged.

    ``within``: the adapter that was merged into the model. In lower precision it is taken out of its weights, which are
    rounded without it, and stands beside them: what was learned may be less than a step of theirs.

    Raises:
        ModelError: lower precision was asked for, and the compiled kernels, which alone have it, cannot run the model.
    """
    tier = os.environ.get(VARIABLE, "native")
    if tier not in (*TIERS, ON_GPU):
        raise ConfigError(f"{VARIABLE}={tier}: it is one of {', '.join((*TIERS, ON_GPU))}")
    on_cuda = next(model.parameters()).device.type == "cuda"
    if tier == ON_GPU or (on_cuda and VARIABLE not in os.environ):
        return _on_gpu(ref, model, tokenizer, weights, within)
    if weights != "float32" and on_cuda:
        raise ModelError(f"{ref}: {weights} weights on a GPU need Triton kernels; {VARIABLE}={tier} leaves them out")
    if weights != "float32":
        return PagedEngine(_rounded(ref, model, weights, tier, within), tokenizer)
    if tier == "transformers" or next(model.parameters()).device.type != "cpu":
        return PaddedEngine(model, tokenizer)
    try:
        decoder = decoder_for(model, tier)
    except Unknown as what:
        log.warning("%s: the engine does not know %s; transformers generates instead, slower", ref, what)
        return PaddedEngine(model, tokenizer)
    return PagedEngine(decoder, tokenizer)


def _on_gpu(ref: str, model: Any, tokenizer: Any, weights: Weights, within: Adapter | None) -> Engine:
    """Return the engine on Triton kernels; without them transformers generates, and the log says why."""
    from .kernels.gpu.opening import FORMS, opened

    beside = within if weights != "float32" else None
    if beside is not None:
        take_out(beside, model)
    try:
        if weights not in FORMS:
            raise NoKernels(f"they hold weights as {', '.join(FORMS)}")
        exact = next(model.parameters()).dtype == torch.float32
        decoder = opened(model, weights, TOLERANCE if exact else HALF_TOLERANCE, ROUNDED[weights])
    except (Unknown, NoKernels) as why:
        if weights != "float32":
            raise ModelError(f"{ref} cannot run with {weights} weights on Triton kernels: {why}") from None
        log.warning("%s: no Triton kernels for it (%s); transformers generates instead", ref, why)
        return PaddedEngine(model, tokenizer)
    engine = PagedEngine(decoder, tokenizer)
    engine.pool = decoder.pool()
    engine.update_adapter(beside)
    return engine


def _rounded(ref: str, model: Any, weights: Weights, tier: str, within: Adapter | None) -> Decoder:
    if tier not in ("native", "portable"):
        raise ModelError(f"{ref}: {weights} weights need the compiled kernels; {VARIABLE}={tier} leaves them out")
    try:
        shape = architecture_of(model)
        whole = logits_of(model, short_text(shape.vocabulary))
        if within is not None:
            take_out(within, model)
        decoder = CompiledDecoder(model, shape, weights=weights, tier=tier)
        decoder.adapt(within)
    except (Unknown, NoKernels) as why:
        raise ModelError(f"{ref} cannot run with {weights} weights: {why}") from None
    off = off_by(_said(decoder, shape), whole, mean=True)
    if not off < ROUNDED[weights]:
        raise ModelError(
            f"{ref}: with {weights} weights its logits are off by {off:.2g} of their spread (root mean square; at most "
            f"{ROUNDED[weights]}), so what it learned may be lost in the rounding; take int8, or bfloat16"
        )
    return decoder


def drafting_decoder(model: Any, weights: Weights, within: Adapter | None = None) -> Decoder:
    """Return a decoder of the model in lower precision, to draft for it; the model itself stays as it is.

    ``within``: as in `engine_for`.

    Raises:
        ModelError: the compiled kernels are not here or cannot run the model, or too little is left of it.
    """
    state = model.state_dict()
    whole = {name: state[name].clone() for name in (within.names if within else ())}
    try:
        return _rounded("the draft", model, weights, os.environ.get(VARIABLE, "native"), within)
    finally:
        for name, weight in whole.items():
            state[name].copy_(weight)


def decoder_for(model: Any, tier: str = "native") -> Decoder:
    """Return a decoder for a transformers model on the CPU, its logits compared with the model's own.

    Raises:
        Unknown: the engine does not know the model, or computes something else than transformers.
    """
    shape = architecture_of(model)
    decoder: Decoder
    if tier == "reference":
        decoder = ReferenceDecoder(model, shape)
    else:
        try:
            decoder = CompiledDecoder(model, shape, tier=tier)
        except NoKernels as reason:
            log.warning("no compiled kernels (%s); generation is slow", reason)
            decoder = ReferenceDecoder(model, shape)
    off = error_of(decoder, model, shape)
    if not off < TOLERANCE:
        raise Unknown(f"this model well enough: its logits are off by {off:.2g}")
    return decoder


@torch.inference_mode()
def error_of(decoder: Decoder, model: Any, shape: Architecture, *, mean: bool = False) -> float:
    """Return the largest difference of a logit from transformers' own, as a share of their spread, on one short text.

    With ``mean`` the root mean square of the differences instead.
    """
    return off_by(_said(decoder, shape), logits_of(model, short_text(shape.vocabulary)), mean=mean)


def _said(decoder: Decoder, shape: Architecture) -> torch.Tensor:
    """Return the logits (T, V) of a decoder on the short text."""
    ids = short_text(shape.vocabulary)
    pool = PagePool(shape)
    tables = np.array([[pool.take() for _ in range(-(-len(ids) // BLOCK))]], np.int32)
    places = np.arange(len(ids), dtype=np.int32)
    return decoder.forward(Batch(ids, places, np.zeros_like(places), tables, places), pool.slabs)
