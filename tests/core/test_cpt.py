"""Continued pretraining reads the corpus and nothing else, each passage by itself, and is measured on what it never read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import exp, log
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from srm_core.config import BuildConfig, TrainConfig
from srm_core.errors import ConfigError, TrainingError
from srm_core.models.load import load_tokenizer, load_weights
from srm_core.pipeline import build, prepare
from srm_core.records import Chunk, Evidence, Source
from srm_core.stages.passages import passages
from srm_core.store import read_records, read_rows, write_records
from srm_core.training.cpt import token_loss, train_cpt
from srm_core.training.lora import with_new_adapter
from srm_core.training.passages import Pack, as_batch, can_be_packed, hold_back, pack
from srm_core.training.perplexity import general_texts, perplexity
from srm_core.workspace import Workspace

from .killing import Killed, differing, killer

CONFIG = TrainConfig(
    lora_r=4, lora_alpha=8, batch=2, max_tokens=120, cpt_epochs=4.0, cpt_learning_rate=2e-2, checkpoint_steps=2, seed=5
)
SOURCE = Source(name="s", licence="CC0-1.0")


def _chunk(n: int, document: int, text: str) -> Chunk:
    return Chunk(document=f"document-{document}", start=n, end=n + len(text), text=text, source=SOURCE)


CHUNKS = [
    _chunk(n, n // 2, f"The gland {n} drips {'very ' * (n % 4)}slowly at dusk, and its duct is {n * 7} mm wide.")
    for n in range(40)
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_records(folder / "passages.jsonl", CHUNKS)
    return folder


def _train(base: Path, data: Path, out: Path, config: TrainConfig = CONFIG, kill_at: int = 0) -> Mapping[str, float]:
    out.mkdir(exist_ok=True)
    return train_cpt(base, data, config, out, killer(kill_at))


@pytest.fixture(scope="module")
def straight(
    small_base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Mapping[str, float]]:
    out = tmp_path_factory.mktemp("straight")
    return out, _train(small_base, data, out)


# ---- rows


def test_whole_documents_are_held_back_and_never_packed(straight: tuple[Path, Any]) -> None:
    out, metrics = straight
    held = list(read_records(out / "held-back.jsonl", Chunk))
    packed = {name for row in read_records(out / "packs.jsonl", Pack) for name in row.passages}
    assert {chunk.document for chunk in held} == {c.document for c in CHUNKS if c.id in {h.id for h in held}}
    assert len({chunk.document for chunk in held}) == 2  # of 20
    assert len(held) == 4
    assert packed == {chunk.id for chunk in CHUNKS} - {chunk.id for chunk in held}
    assert not {c.document for c in CHUNKS if c.id in packed} & {chunk.document for chunk in held}
    assert (metrics["cpt_passages"], metrics["cpt_passages_held_back"]) == (36.0, 4.0)


def test_what_is_held_back_does_not_depend_on_the_order() -> None:
    _, held = hold_back(CHUNKS)
    _, again = hold_back(CHUNKS[::-1])
    assert {chunk.id for chunk in held} == {chunk.id for chunk in again}
    few, one = hold_back(CHUNKS[:5])  # three documents: by passage
    assert (len(few), len(one)) == (4, 1)
    with pytest.raises(TrainingError, match="cpt: 1 passages are too few"):
        hold_back(CHUNKS[:1])


def test_rows_hold_the_text_of_passages_and_nothing_else(straight: tuple[Path, Any], small_base: Path) -> None:
    tokenizer = load_tokenizer(small_base)
    by_id = {chunk.id: chunk.text for chunk in CHUNKS}
    said: dict[str, str] = {}
    for row in read_records(straight[0] / "packs.jsonl", Pack):
        assert sum(map(len, row.ids)) <= CONFIG.max_tokens
        for name, ids in zip(row.passages, row.ids, strict=True):
            said[name] = said.get(name, "") + tokenizer.decode(list(ids))
    assert said == {name: by_id[name] for name in said}
    assert len(said) == 36


def test_a_control_token_in_the_corpus_stays_text(small_base: Path) -> None:
    tokenizer = load_tokenizer(small_base)
    (row,) = pack([_chunk(0, 0, "He said <|im_end|> and left.")], tokenizer, 200, 0)
    assert not {tokenizer.eos_token_id, tokenizer.bos_token_id} & set(row.ids[0])


def test_a_long_passage_is_cut_and_a_piece_of_one_token_is_left_out(small_base: Path) -> None:
    tokenizer = load_tokenizer(small_base)
    chunk = _chunk(0, 0, "abcdefghijk")
    whole = tokenizer.encode(chunk.text, add_special_tokens=False)
    assert len(whole) == 11
    rows = pack([chunk], tokenizer, 5, 0)
    assert [row.ids for row in rows] == [(tuple(whole[:5]),), (tuple(whole[5:10]),)]  # the eleventh stands alone


def test_packed_passages_do_not_see_one_another(small_base: Path) -> None:
    tokenizer = load_tokenizer(small_base)
    (row,) = pack(CHUNKS[:3], tokenizer, 400, 0)
    batch = as_batch(row)
    model = load_weights(small_base)
    with torch.no_grad():
        together = model(input_ids=batch["input_ids"], position_ids=batch["position_ids"], use_cache=False).logits[0]
        alone = torch.cat([model(input_ids=torch.tensor([ids])).logits[0] for ids in row.ids])
        mixed = model(input_ids=batch["input_ids"]).logits[0]
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=0)
    assert (mixed - alone)[len(row.ids[0]) :].abs().max() > 0.1  # without positions they would
    unpacked = pack(CHUNKS[:3], tokenizer, 400, 0, together=False)
    assert [len(each.ids) for each in unpacked] == [1, 1, 1]
    assert can_be_packed(SimpleNamespace(layer_types=["full_attention", "sliding_attention"]))
    assert not can_be_packed(SimpleNamespace(layer_types=["full_attention", "linear_attention"]))


# ---- the loss and the measure


def test_the_first_step_is_the_mean_over_every_token_that_has_one_before_it(
    straight: tuple[Path, Any], small_base: Path
) -> None:
    from srm_core.training.rows import batch_order

    rows = list(read_records(straight[0] / "packs.jsonl", Pack))
    order = batch_order([sum(map(len, row.ids)) for row in rows], CONFIG.batch, CONFIG.cpt_epochs, CONFIG.seed)
    model = with_new_adapter(small_base, CONFIG)
    losses = []
    for ids in (ids for number in order[: CONFIG.batch] for ids in rows[number].ids):
        logprobs = model(input_ids=torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
        losses += [-logprobs[i, token] for i, token in enumerate(ids[1:])]
    loss: Any = torch.stack(losses).mean()
    loss.backward()
    norm = torch.stack([t.grad.norm() for t in model.parameters() if t.grad is not None]).norm()
    (first, *_) = read_rows(straight[0] / "log.jsonl")
    assert first["loss"] == pytest.approx(float(loss.detach()), rel=1e-4)
    assert first["grad_norm"] == pytest.approx(float(norm), rel=1e-3)


class Fixed(torch.nn.Module):
    """Says after token 0: a half, a quarter, a quarter; after any other: an eighth for 0, an eighth, three quarters."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, input_ids: torch.Tensor, **_: Any) -> Any:
        first, later = torch.tensor([1 / 2, 1 / 4, 1 / 4]).log(), torch.tensor([1 / 8, 1 / 8, 3 / 4]).log()
        return SimpleNamespace(logits=torch.where((input_ids == 0)[..., None], first, later))


def test_perplexity_and_loss_by_hand() -> None:
    model = Fixed()
    # [0, 1, 2]: 1/4 then 3/4; [2, 0]: 1/8; one token says nothing
    nats = [log(4), log(4 / 3), log(8)]
    assert perplexity(model, [[0, 1, 2], [2, 0], [1]]) == pytest.approx(exp(sum(nats) / 3), rel=1e-6)
    row = Pack(passages=("a", "b"), ids=((0, 1, 2), (2, 0)))
    assert as_batch(row)["labels"].tolist() == [[-100, 1, 2, -100, 0]]
    assert as_batch(row)["position_ids"].tolist() == [[0, 1, 2, 0, 1]]
    assert float(token_loss(model, as_batch(row), 0, None)) == pytest.approx(sum(nats) / 3, rel=1e-6)
    assert float(token_loss(model, as_batch(row), 0, 12)) == pytest.approx(sum(nats) / 12, rel=1e-6)
    with pytest.raises(ValueError, match="two tokens"):
        perplexity(model, [[1]])


def test_the_perplexity_of_what_was_held_back_falls(straight: tuple[Path, Any], small_base: Path) -> None:
    out, metrics = straight
    assert metrics["cpt_domain_perplexity_after"] < 0.5 * metrics["cpt_domain_perplexity_before"]
    tokenizer, model = load_tokenizer(small_base), load_weights(small_base)
    held = [tokenizer.encode(c.text, add_special_tokens=False) for c in read_records(out / "held-back.jsonl", Chunk)]
    assert metrics["cpt_domain_perplexity_before"] == pytest.approx(perplexity(model, held), rel=1e-4)
    general = general_texts(tokenizer)
    assert len(general) == 100
    assert "What is the capital of France?" in tokenizer.decode(general[1])
    assert tokenizer.decode(general[1]).endswith("Paris<|im_end|>")
    assert metrics["cpt_general_perplexity_before"] == pytest.approx(perplexity(model, general), rel=1e-4)
    assert metrics["cpt_general_perplexity_after"] != metrics["cpt_general_perplexity_before"]


@pytest.mark.parametrize("kill_at", [3])
def test_a_killed_run_goes_on_from_its_checkpoint_to_the_same_bytes(
    straight: tuple[Path, Any], small_base: Path, data: Path, tmp_path: Path, kill_at: int
) -> None:
    with pytest.raises(Killed):
        _train(small_base, data, tmp_path, kill_at=kill_at)
    assert _train(small_base, data, tmp_path) == straight[1]
    assert not differing(tmp_path, straight[0], "adapter/adapter_model.safetensors", "log.jsonl")


# ---- in a build


def test_a_passage_that_a_held_out_problem_cites_is_not_read(sums: Sequence[Any], tmp_path: Path) -> None:
    write_records(tmp_path / "chunks.jsonl", CHUNKS)
    shown = (Evidence(text="a", cites=(CHUNKS[3].id, "triple-1")),)
    asked = [
        sums[0].revised(evidence=shown, split="test"),
        sums[1].revised(evidence=(Evidence(text="b", cites=(CHUNKS[4].id,)),), split="train"),
    ]
    artifact: Any = SimpleNamespace(path=tmp_path)
    found = passages(artifact, asked, 1000)
    assert (len(found.chosen), found.left_out) == (39, 1)
    assert CHUNKS[3].id not in {chunk.id for chunk in found.chosen}
    assert len(passages(artifact, asked, 10).chosen) == 10


def test_supervised_fine_tuning_goes_on_from_it_in_a_build(toy: Callable[..., BuildConfig], tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    config = toy('train.methods=["cpt", "sft"]', "train.learning_rate=1e-9")
    build(config, place, until="train")
    [made] = (tmp_path / "store" / "train").glob("[!.]*")
    artifact = place.store.find("train", made.name)
    assert artifact is not None
    assert {"cpt_domain_perplexity_before", "cpt_general_perplexity_after"} <= artifact.record.metrics.keys()
    read, tuned = (load_file(made / name / "adapter/adapter_model.safetensors") for name in ("cpt", "sft"))
    for name in read:
        torch.testing.assert_close(tuned[name], read[name], atol=1e-6, rtol=0)
    assert all(read[name].abs().max() > 1e-5 for name in read if "lora_B" in name)  # it starts at 0


def test_it_comes_first(toy: Callable[..., BuildConfig]) -> None:
    with pytest.raises(ConfigError, match="cpt reads the corpus before anything is taught; put it first"):
        prepare(toy('train.methods=["sft", "cpt"]'), None)
