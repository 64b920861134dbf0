"""A second decoder says tokens ahead: fewer passes of the model, and not another token in what is said."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from srm_core import hosting
from srm_core.cli import cli
from srm_core.errors import ModelError
from srm_core.inference import drafter as drafter_module
from srm_core.inference import paged
from srm_core.inference.architecture import architecture_of
from srm_core.inference.drafter import LONGEST, Drafter, Wish
from srm_core.inference.engines import VARIABLE, decoder_for, drafting_decoder
from srm_core.inference.kernels.batch import MOST_TOKENS
from srm_core.inference.kernels.compiled import CompiledDecoder
from srm_core.inference.local import TransformersModel, open_local
from srm_core.inference.paged import PagedEngine
from srm_core.inference.readings import Reading
from srm_core.inference.tokens import encode_text
from srm_core.records import Sampling
from srm_core.training.lora import merged
from srm_core.workspace import open_workspace

from .test_adapters import written
from .test_architectures import model_of
from .test_drafts import Counted

TEXTS = ("potassium 4.1 chloride", "What is 4 + 3?", "x", "sodium is 140 and " * 12)


@pytest.fixture
def always_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let drafts be as long as they may: a random model is sure of nothing."""
    monkeypatch.setattr(drafter_module, "SURE", -math.inf)


def pair(decoder: Any, drafting: Any, tokenizer: Any, rows: int = 64) -> tuple[Counted, Counted]:
    """Return an engine that ``drafting`` drafts for, and one without drafts."""
    ahead, plain = Counted(decoder, tokenizer, draft_rows=rows), Counted(decoder, tokenizer, draft_rows=0)
    ahead.draft_by(drafting, rows)
    return ahead, plain


def same(ahead: Counted, plain: Counted, prompts: list[list[int]], sampling: Sampling) -> None:
    """Let both say the same, bit for bit, and leave nothing behind."""
    for one, other in zip(ahead.generate(prompts, sampling), plain.generate(prompts, sampling), strict=True):
        assert one == other
    assert ahead.drafter is not None
    assert ahead.pool.used == ahead.drafter.pool.used == 0


@pytest.mark.usefixtures("always_sure")
@pytest.mark.parametrize("temperature", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("who", ["itself", "itself in int8", "another"])
def test_what_is_said_is_the_same_whoever_drafts(who: str, temperature: float, small_model: Any) -> None:
    decoder, tokenizer = decoder_for(small_model.model), small_model.tokenizer
    shape = architecture_of(small_model.model)
    drafting: Any = decoder if who == "itself" else CompiledDecoder(small_model.model, shape, weights="int8")
    if who == "another":
        torch.manual_seed(9)
        other = open_local(small_model.ref)
        assert other is not None
        for tensor in other.model.parameters():
            tensor.data.normal_(std=0.3)
        drafting = decoder_for(other.model)
    ahead, plain = pair(decoder, drafting, tokenizer)
    prompts = [encode_text(tokenizer, text) for text in TEXTS]
    same(ahead, plain, prompts, Sampling(n=2 if temperature else 1, max_tokens=40, temperature=temperature, seed=5))
    assert ahead.drafted > 0
    if who == "itself":
        assert ahead.passes < plain.passes / 3
    if who == "another":
        assert ahead.kept < ahead.drafted / 4
    assert ahead.passes <= plain.passes


@pytest.mark.usefixtures("always_sure")
def test_all_that_the_model_itself_drafts_is_kept(small_model: Any) -> None:
    decoder, tokenizer = decoder_for(small_model.model), small_model.tokenizer
    ahead, plain = pair(decoder, decoder, tokenizer)
    ahead.writer.end = plain.writer.end = set()
    ahead.draft_by(decoder)
    most = 1 + 3 * (LONGEST + 1)
    same(ahead, plain, [encode_text(tokenizer, "one two")], Sampling(max_tokens=most, calculator=False))
    assert (ahead.drafted, ahead.kept, ahead.passes) == (3 * LONGEST, 3 * LONGEST, 4)


def test_a_decoder_that_is_not_sure_drafts_nothing(small_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = decoder_for(small_model.model)
    monkeypatch.setattr(drafter_module, "SURE", 0.1)  # a log-probability is never above 0
    ahead, plain = pair(decoder, decoder, small_model.tokenizer)
    same(ahead, plain, [[70, 71]], Sampling(max_tokens=10))
    assert ahead.drafted == 0
    assert ahead.passes == plain.passes


@pytest.mark.usefixtures("always_sure")
def test_long_prompts_are_caught_up_with_in_pieces_and_equal_beginnings_are_read_once(small_model: Any) -> None:
    decoder, tokenizer = decoder_for(small_model.model), small_model.tokenizer
    ahead, plain = pair(decoder, decoder, tokenizer)
    beginning = [60 + n % 50 for n in range(MOST_TOKENS + 90)]
    prompts = [[*beginning, 70 + k] for k in range(4)]
    same(ahead, plain, prompts, Sampling(max_tokens=12))
    read = []
    ahead.drafter.decoder = Watched(decoder, lambda batch: read.append(len(batch.ids)))  # type: ignore[union-attr]
    ahead.generate([[*beginning, 90]], Sampling(max_tokens=12))
    assert sum(read) < 60  # the beginning is found


class Watched:
    """A decoder whose passes are told of."""

    def __init__(self, decoder: Any, tell: Any) -> None:
        self.decoder, self.tell = decoder, tell
        self.shape, self.choose = decoder.shape, decoder.choose

    def forward(self, batch: Any, slabs: Any) -> Any:
        self.tell(batch)
        return self.decoder.forward(batch, slabs)


def wish(model: Any, ids: list[int], most: int = 9) -> Wish:
    engine = PagedEngine(decoder_for(model.model), model.tokenizer)
    job = engine.submit(ids, Sampling(max_tokens=30))
    engine.step()
    return Wish(job.rows[0], ids, most, Reading(ids))


@pytest.mark.usefixtures("always_sure")
def test_no_draft_goes_beyond_what_is_wanted_known_or_has_room(small_model: Any) -> None:
    decoder = decoder_for(small_model.model)
    end, size = small_model.engine.writer.end, decoder.shape.vocabulary
    wanted = wish(small_model, [70, 71, 72])
    [free] = Drafter(decoder, set(), size).drafts([wanted])
    assert len(free) == LONGEST
    [three] = Drafter(decoder, set(), size).drafts([wish(small_model, [70, 71, 72], most=3)])
    assert three == free[:3]
    assert Drafter(decoder, set(), size).drafts([wish(small_model, [70, 71, 72], most=0)]) == [[]]
    assert Drafter(decoder, {free[0]}, size).drafts([wanted]) == [[]]  # nothing comes after an end token
    assert Drafter(decoder, end, free[0]).drafts([wanted]) == [[]]  # a token that the model which checks does not have
    context = decoder.shape.context
    full = wish(small_model, [70] * (context - 40))
    full.ids.extend([70] * 38)
    assert len(Drafter(decoder, set(), size).drafts([full])[0]) == 2


def test_ids_that_the_drafting_decoder_does_not_have_are_not_read() -> None:
    small = model_of("llama")  # 131 tokens
    decoder = CompiledDecoder(small, architecture_of(small), "float32")

    drafts = Drafter(decoder, set(), 500)
    own = Reading([5, 400, 7])
    assert drafts.drafts([Wish(None, [5, 400, 7], 5, own)]) == [[]]  # type: ignore[arg-type]
    drafts.forget(own)
    assert drafts.pool.used == 0


@pytest.mark.usefixtures("always_sure")
def test_a_cancelled_row_gives_its_pages_back(small_model: Any) -> None:
    decoder = decoder_for(small_model.model)
    engine = PagedEngine(decoder, small_model.tokenizer)
    engine.draft_by(decoder)
    engine.writer.end = set()
    job = engine.submit([70, 71], Sampling(max_tokens=60))
    for _ in range(3):
        engine.step()
    assert engine.drafter is not None
    assert engine.drafter.pool.used > 0
    engine.cancel(job)
    assert engine.pool.used == engine.drafter.pool.used == 0


# ---- put to a model


def test_a_model_drafts_for_itself_and_keeps_its_weights(small_base: Path, tmp_path: Path, small_model: Any) -> None:
    folder = written(small_base, tmp_path / "learned", 3)
    student = TransformersModel("student", merged(small_base, folder), small_model.tokenizer)
    prompts = [[70, 71, 72], list(range(60, 90))]
    sampling = Sampling(max_tokens=30)
    before = {name: tensor.clone() for name, tensor in student.model.state_dict().items()}
    plain = student.engine.generate(prompts, sampling)
    student.draft_with("int8", within=_within(folder, student))
    assert student.engine.generate(prompts, sampling) == plain
    assert all(torch.equal(tensor, before[name]) for name, tensor in student.model.state_dict().items())
    assert student.engine.drafter.decoder.weights == "int8"  # type: ignore[attr-defined]
    assert student.engine.drafter.decoder.adapter.ref == str(folder)  # type: ignore[attr-defined]


def _within(folder: Path, student: TransformersModel) -> Any:
    from srm_core.inference.adapters import adapter_within

    return adapter_within(folder, student.model)


def test_an_adapter_beside_the_model_drafts_too(small_base: Path, tmp_path: Path) -> None:
    folder = written(small_base, tmp_path / "learned", 3)
    model = open_local(f"dir:{small_base}", adapter=folder)
    assert model is not None
    model.draft_with("bfloat16")
    assert model.engine.drafter.decoder.adapter.ref == str(folder)  # type: ignore[attr-defined]


def test_who_cannot_draft_is_refused(small_base: Path, small_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = open_local("tiny:0")
    assert tiny is not None
    model, rounded = open_local(f"dir:{small_base}"), open_local(f"dir:{small_base}", weights="bfloat16")
    assert model is not None
    assert rounded is not None
    with pytest.raises(ModelError, match=r"tiny:0 cannot draft for dir:.*: its tokens are others"):
        model.draft_with(tiny)
    with pytest.raises(ModelError, match="not run by compiled kernels in float32, which drafts in int4 are for"):
        rounded.draft_with("int4")
    with pytest.raises(ModelError, match="what it learned may be lost"):
        drafting_decoder(model.model, "int4")
    rounded.draft_with(model)  # but another model drafts for any
    monkeypatch.setenv(VARIABLE, "transformers")
    other = open_local(f"dir:{small_base}")
    assert other is not None
    with pytest.raises(ModelError, match="takes no drafts here"):
        other.draft_with(model)
    with pytest.raises(ModelError, match="cannot draft: the engine does not know this kind of model"):
        model.draft_with(other)


def test_the_server_drafts_by_a_precision_or_a_small_model(
    small_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Any] = []
    monkeypatch.setattr(hosting, "run_service", lambda service, *_: served.append(service.worker.engine))
    for draft in ("int8", f"dir:{small_base}"):
        arguments = ["serve", f"dir:{small_base}", "--draft", draft, "--workspace", str(tmp_path)]
        done = CliRunner().invoke(cli, arguments)
        assert done.exit_code == 0, done.output
    assert [engine.drafter.decoder.weights for engine in served] == ["int8", "float32"]
    with pytest.raises(ModelError, match="--draft int5: it is int4, int8, bfloat16, or the reference of a small model"):
        hosting.open_service(f"dir:{small_base}", open_workspace(tmp_path), draft="int5")


@pytest.mark.usefixtures("always_sure")
def test_with_more_rows_than_it_pays_for_and_where_the_text_repeats_it_is_not_asked(
    small_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder, tokenizer = decoder_for(small_model.model), small_model.tokenizer
    asked: list[int] = []
    drafts = Drafter.drafts
    monkeypatch.setattr(Drafter, "drafts", lambda self, wishes: asked.append(len(wishes)) or drafts(self, wishes))
    engine = PagedEngine(decoder, tokenizer, draft_rows=64)
    engine.draft_by(decoder)
    engine.writer.end = set()
    sampling = Sampling(max_tokens=6, calculator=False)
    engine.generate([[70, 71, 72 + k] for k in range(3)], sampling)
    assert not asked
    engine.generate([[70, 71, 72 + k] for k in range(2)], sampling)
    assert asked[0] == 2
    asked.clear()
    matches: list[tuple[int, ...]] = []
    monkeypatch.setattr(paged, "drafted", lambda ids, most, wanted: matches.append(wanted) or [9][:most])
    engine.generate([[70, 71, 72]], sampling)
    assert set(asked) == {0}  # all was looked up
    assert set(matches) == {(4,)}
