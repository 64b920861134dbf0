"""Which engine runs where Triton is asked for: its kernels, or transformers with a notice."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from srm_core.errors import ConfigError, ModelError
from srm_core.inference.engines import ON_GPU, TIERS, VARIABLE, engine_for
from srm_core.inference.kernels.gpu import language, opening
from srm_core.inference.kernels.gpu.decoder import TritonDecoder
from srm_core.inference.padded import PaddedEngine
from srm_core.inference.paged import PagedEngine
from srm_core.models.load import load_tokenizer, load_weights
from srm_core.records import Sampling

PROMPTS = [[70, 71, 72], [5] * 20]
GREEDY = Sampling(max_tokens=4, calculator=False)


@pytest.fixture(scope="module")
def small(small_base: Path) -> Any:
    """The checkpoint `small_base` without an engine: a model on the CPU and its tokenizer."""
    return SimpleNamespace(model=load_weights(small_base).cpu(), tokenizer=load_tokenizer(small_base))


@pytest.fixture
def _asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, ON_GPU)


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "triton", None)


@pytest.mark.usefixtures("_asked")
def test_kernels_generate_and_score_what_transformers_does(kernels: Any, small: Any) -> None:
    ours = engine_for("small", small.model, small.tokenizer)
    assert isinstance(ours, PagedEngine)
    assert isinstance(ours.decoder, TritonDecoder)
    theirs = PaddedEngine(small.model, small.tokenizer)
    said = [c for (c,) in ours.generate(PROMPTS, GREEDY)]
    for one, (other,) in zip(said, theirs.generate(PROMPTS, GREEDY), strict=True):
        assert one.token_ids == other.token_ids
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)
    assert ours.score(PROMPTS[:1], [said[0].token_ids])[0] == pytest.approx(said[0].logprobs, abs=1e-4)
    assert ours.pool.used == 0
    assert ours.pool.slabs[0].dtype == torch.float32


@pytest.mark.usefixtures("_asked", "absent")
def test_without_triton_transformers_generates_and_the_log_says_why(
    small: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        engine = engine_for("small", small.model, small.tokenizer)
    assert isinstance(engine, PaddedEngine)
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "small: no Triton kernels for it (triton is not installed: pip install 'srm-sdk[gpu]'); "
        "transformers generates instead"
    ]


@pytest.mark.usefixtures("_asked", "absent")
def test_without_triton_rounded_weights_are_refused(small: Any) -> None:
    with pytest.raises(ModelError, match=r"bfloat16 weights on Triton kernels: triton is not installed"):
        engine_for("small", small.model, small.tokenizer, "bfloat16")


@pytest.mark.usefixtures("_asked")
def test_weights_that_no_triton_kernel_reads_are_refused(small: Any) -> None:
    with pytest.raises(ModelError, match="they hold weights as float32, bfloat16, int4"):
        engine_for("small", small.model, small.tokenizer, "int8")


@pytest.mark.usefixtures("_asked")
@pytest.mark.parametrize("error", [RuntimeError("ptxas fatal: no such target\nmore"), ValueError("")])
def test_a_compiler_that_fails_leaves_the_model_to_transformers(
    small: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: Any, **__: Any) -> float:
        raise error

    monkeypatch.setattr(opening, "error_of", fails)
    monkeypatch.setattr("srm_core.inference.kernels.gpu.decoder.missing", lambda device: "")
    with caplog.at_level(logging.WARNING):
        engine = engine_for("small", small.model, small.tokenizer)
    assert isinstance(engine, PaddedEngine)
    assert f"({type(error).__name__}: {str(error).partition(chr(10))[0] or 'no message'})" in caplog.text


@pytest.mark.usefixtures("_asked")
def test_kernels_that_are_wrong_leave_the_model_to_transformers(
    small: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "error_of", lambda *_, **__: float("nan"))
    monkeypatch.setattr("srm_core.inference.kernels.gpu.decoder.missing", lambda device: "")
    with caplog.at_level(logging.WARNING):
        assert isinstance(engine_for("small", small.model, small.tokenizer), PaddedEngine)
    assert "this model well enough: its logits are off by nan" in caplog.text


def test_the_comparison_sees_a_wrong_pass_and_a_wrong_step(small: Any) -> None:
    from srm_core.inference.architecture import architecture_of
    from srm_core.inference.kernels.gpu.operations import PLAIN

    model = small.model
    shape = architecture_of(model)
    decoder = TritonDecoder(model, shape, operations=PLAIN)
    assert opening.error_of(decoder, model, shape) < 2e-5
    right = decoder.forward
    for wrong_step in (True, False):

        def wrong(batch: Any, slabs: Any, wrong_step: bool = wrong_step) -> torch.Tensor:
            return right(batch, slabs) * (1.1 if (len(batch.ids) == 1) is wrong_step else 1.0)

        decoder.forward = wrong  # type: ignore[method-assign]
        assert opening.error_of(decoder, model, shape) > 1e-2


def test_a_tier_that_there_is_not_is_refused_with_all_names(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "cuda")
    with pytest.raises(ConfigError, match=rf"SRM_ENGINE=cuda: it is one of {', '.join(TIERS)}, {ON_GPU}"):
        engine_for("small", small.model, small.tokenizer)
