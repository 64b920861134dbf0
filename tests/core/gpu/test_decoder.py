"""Whole passes: the decoder made of kernels, and of the plain torch beside them, says what the reference says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from srm_core.inference.adapters import Adapter, Part
from srm_core.inference.architecture import DENSE_INNER, architecture_of
from srm_core.inference.kernels.batch import Batch
from srm_core.inference.kernels.compiling import NoKernels
from srm_core.inference.kernels.gpu.decoder import TritonDecoder
from srm_core.inference.kernels.gpu.device_batch import DecodeBuffers, is_decode, pieces
from srm_core.inference.kernels.gpu.four_bit import packed, unpacked
from srm_core.inference.kernels.gpu.graphs import SIZES, DecodeGraphs
from srm_core.inference.kernels.gpu.operations import KERNELS, PLAIN
from srm_core.inference.kernels.reference import ReferenceDecoder
from srm_core.inference.pages import PagePool

from ..test_architectures import KINDS, model_of

INTERPRETED = ("llama", "qwen3", "mistral", "gemma2", "mixtral", "qwen2-moe", "olmoe")
LENGTHS = (15, 3)  # the longer one goes on in another page
STEPS = 2


@pytest.fixture
def small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A random model of two layers and a kind in `KINDS`."""
    return _model(request.param, monkeypatch)


@pytest.fixture
def llama(monkeypatch: pytest.MonkeyPatch) -> Any:
    return _model("llama", monkeypatch)


def _model(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    kind, settings = KINDS[name]
    fewer = {"num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "hidden_size": 32}
    if {"layer_types", "mlp_only_layers", "no_rope_layers", "num_key_value_heads"} & set(settings):
        fewer = {}
    monkeypatch.setitem(KINDS, "small", (kind, fewer | settings))
    return model_of("small")


def _said(decoder: Any, pool: PagePool) -> torch.Tensor:
    """Return the logits of all tokens: two prompts in one pass, the longer one's last piece in another, then steps."""
    torch.manual_seed(0)
    pages = [pool.take() for _ in range(6)]
    tables = np.array([[pages[5], pages[0], pages[3]], [pages[4], pages[1], pages[2]]], np.int32)  # out of order
    ids = [np.arange(40, dtype=np.int32) * n % 131 for n in (13, 7)]
    first = [(0, 0, LENGTHS[0] - 4), (1, 0, LENGTHS[1])]
    passes = [first, [(0, LENGTHS[0] - 4, LENGTHS[0])]]
    passes += [[(row, length + step, length + step + 1) for row, length in enumerate(LENGTHS)] for step in range(STEPS)]
    found = []
    for runs in passes:
        rows = [np.arange(start, end, dtype=np.int32) for _, start, end in runs]
        batch = Batch(
            np.concatenate([ids[row][start:end] for row, start, end in runs]),
            np.concatenate(rows),
            np.concatenate([np.full(end - start, n, np.int32) for n, (_, start, end) in enumerate(runs)]),
            np.ascontiguousarray(tables[[row for row, _, _ in runs]]),
            np.arange(sum(map(len, rows)), dtype=np.int32),
        )
        assert is_decode(batch) == (len(batch.ids) == 2)
        found.append(decoder.forward(batch, pool.slabs).clone())
    return torch.cat(found)


def _off(decoder: TritonDecoder, reference: ReferenceDecoder, pool: PagePool | None = None) -> float:
    ours, theirs = _said(decoder, pool or decoder.pool()), _said(reference, PagePool(reference.shape))
    assert ours.dtype == torch.float32
    return float((ours - theirs).abs().max() / theirs.std())


@pytest.mark.parametrize("small", KINDS, indirect=True)
def test_in_plain_torch_every_kind_of_model_is_the_reference(small: Any) -> None:
    shape = architecture_of(small)
    assert _off(TritonDecoder(small, shape, operations=PLAIN), ReferenceDecoder(small, shape)) < 2e-5


@pytest.mark.parametrize("small", INTERPRETED, indirect=True)
def test_in_kernels_dense_models_and_mixtures_are_the_reference(kernels: Any, small: Any) -> None:
    shape = architecture_of(small)
    decoder = TritonDecoder(small, shape, operations=kernels)
    assert decoder.graphs is None  # there is no CUDA device
    assert _off(decoder, ReferenceDecoder(small, shape)) < 2e-5


@pytest.mark.parametrize("small", ["llama", "mixtral"], indirect=True)
def test_in_half_precision_they_are_near(operations: Any, small: Any) -> None:
    shape = architecture_of(small)
    half = torch.bfloat16 if operations is PLAIN else torch.float16  # the interpreter multiplies none of the former
    decoder = TritonDecoder(small, shape, dtype=half, operations=operations)
    pool = decoder.pool()
    assert 1e-4 < _off(decoder, ReferenceDecoder(small, shape), pool) < 0.2
    assert pool.slabs[0].dtype == half
    assert decoder.size == TritonDecoder(small, shape, operations=operations).size // 2


def test_in_4_bits_it_is_the_reference_with_rounded_weights(operations: Any, llama: Any) -> None:
    shape = architecture_of(llama)
    decoder = TritonDecoder(llama, shape, four_bit=True, operations=operations)
    assert decoder.size < TritonDecoder(llama, shape, operations=operations).size / 2
    exact = _said(ReferenceDecoder(llama, shape), PagePool(shape))
    with torch.no_grad():
        for name, weight in llama.state_dict().items():
            if any(f".{layer}.weight" in name for layer in DENSE_INNER) or "self_attn" in name:
                weight.copy_(unpacked(packed(weight)))
    rounded = ReferenceDecoder(llama, shape)
    assert (_said(rounded, PagePool(shape)) - exact).abs().max() > 1e-2 * exact.std()
    assert _off(decoder, rounded) < 2e-5


def test_adapters_are_put_beside_the_weights_and_taken_off(llama: Any) -> None:
    shape, name = architecture_of(llama), "model.layers.1.self_attn.k_proj"
    decoder, reference = TritonDecoder(llama, shape, operations=PLAIN), ReferenceDecoder(llama, shape)
    adapter = Adapter("here", {name: Part(torch.randn(2, 32), torch.randn(16, 2), 0.5)})
    decoder.adapt(adapter)
    assert _off(decoder, reference) > 1e-3
    reference.adapt(adapter)
    assert _off(decoder, reference) < 2e-5
    decoder.adapt(None)
    reference.adapt(None)
    assert _off(decoder, reference) < 2e-5


def test_new_weights_are_used_at_once_or_when_they_are_taken(llama: Any) -> None:
    shape, name = architecture_of(llama), "model.layers.1.mlp.up_proj.weight"
    where_they_lie = TritonDecoder(llama, shape, operations=PLAIN)
    for settings in ({"dtype": torch.bfloat16}, {"four_bit": True}):
        copied = TritonDecoder(llama, shape, operations=PLAIN, **settings)
        before = _said(copied, copied.pool())
        with torch.no_grad():
            llama.state_dict()[name].mul_(2)
        assert _off(where_they_lie, ReferenceDecoder(llama, shape)) < 2e-5
        assert torch.equal(_said(copied, copied.pool()), before)
        copied.update({name})
        anew = TritonDecoder(llama, shape, operations=PLAIN, **settings)
        assert torch.equal(_said(copied, copied.pool()), _said(anew, anew.pool()))


def test_without_triton_or_a_device_the_reason_is_said(llama: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from srm_core.inference.kernels.gpu import language

    monkeypatch.setattr(language, "INTERPRETED", False)
    monkeypatch.setattr(language, "triton", object())
    with pytest.raises(NoKernels, match="need a CUDA device, and the model is on cpu"):
        TritonDecoder(llama, architecture_of(llama), operations=KERNELS)
    monkeypatch.setattr(language, "triton", None)
    with pytest.raises(NoKernels, match=r"pip install 'srm-sdk\[gpu\]'"):
        TritonDecoder(llama, architecture_of(llama))


def test_experts_are_not_held_in_4_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    mixture = _model("mixtral", monkeypatch)
    with pytest.raises(NoKernels, match="experts are not held in 4 bits"):
        TritonDecoder(mixture, architecture_of(mixture), four_bit=True, operations=PLAIN)


# ---- decode steps in buffers that stay where they are


@pytest.mark.parametrize(
    ("small", "operations"), [("llama", "plain"), ("mixtral", "plain"), ("llama", "kernels")], indirect=True
)
def test_steps_padded_to_a_size_and_replayed_say_the_same(operations: Any, small: Any) -> None:
    shape = architecture_of(small)
    decoder = TritonDecoder(small, shape, operations=operations)
    recorded = []

    def record(step: Any) -> Any:  # what a CUDA graph does: one recording, many replays of the same buffers
        recorded.append(step())
        return step

    decoder.graphs = DecodeGraphs(decoder._run, -(-shape.context // 16), decoder.addresses, record)
    pool = decoder.pool()
    assert _off(decoder, ReferenceDecoder(small, shape), pool) < 2e-5
    assert [len(logits) for logits in recorded] == [2]
    assert not recorded[0].isnan().any()  # rows that are nobody's
    three = Batch(*(np.zeros(3, np.int32) for _ in range(2)), *_rows(3))
    for row in three.tables:
        row[0] = pool.take()
    logits = decoder.forward(three, pool.slabs).clone()
    assert [len(each) for each in recorded] == [2, 4]
    assert logits.shape == (3, 131)
    torch.testing.assert_close(logits[0], logits[2])
    with torch.no_grad():
        small.state_dict()["model.layers.0.self_attn.o_proj.weight"].mul_(2)
    decoder.update({"model.layers.0.self_attn.o_proj.weight"})
    assert _off(decoder, ReferenceDecoder(small, shape), pool) < 2e-5
    assert [len(each) for each in recorded] == [2, 4]  # weights change where they are
    decoder.adapt(None)
    decoder.forward(three, pool.slabs)
    assert [len(each) for each in recorded] == [2, 4, 4]


def _rows(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.arange(count, dtype=np.int32), np.zeros((count, 1), np.int32), np.arange(count, dtype=np.int32)


def test_nobody_s_rows_write_nothing(operations: Any, llama: Any) -> None:
    decoder = TritonDecoder(llama, architecture_of(llama), operations=operations)
    pool = decoder.pool()
    page = pool.take()
    pool.slabs[0].fill_(3.0)
    buffers = DecodeBuffers(4, 2, pool.slabs, decoder.addresses)
    decoder.addresses.follow(pool.slabs)
    decoder._run(buffers.batch)
    assert (pool.slabs[0] == 3.0).all()
    one = Batch(np.array([9], np.int32), np.array([0], np.int32), *_rows(1))
    one.tables[:] = page
    buffers.fill(one)
    decoder._run(buffers.batch)
    changed = (pool.slabs[0] != 3.0).flatten(2).any(dim=2)
    assert changed.nonzero().tolist() == [[0, page], [1, page]]  # one page in both layers


def test_the_largest_step_of_the_scheduler_has_a_size() -> None:
    from srm_core.inference.kernels.batch import MOST_OUTPUTS

    assert SIZES[-1] >= MOST_OUTPUTS
    assert list(SIZES) == sorted(set(SIZES))


def test_pieces_are_runs_of_one_sequence() -> None:
    sequence = np.array([0, 0, 0, 1, 1, 2, 2], np.int32)
    positions = np.array([4, 5, 6, 0, 1, 7, 9], np.int32)
    batch = Batch(sequence, positions, sequence, np.zeros((3, 1), np.int32), positions)
    assert pieces(batch, 2) == ([0, 2, 3, 5, 6], [2, 1, 2, 1, 1])
    assert pieces(batch, 64) == ([0, 3, 5, 6], [3, 2, 1, 1])
