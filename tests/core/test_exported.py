"""What is measured on exported files, and how the verifiers are tried before training: each fires, and each does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from srm_core.host import Host
from srm_core.records import Document, Problem, Source, StageRecord, Triple, Verdict, digest
from srm_core.stages.release.exported import finite_weights, measure_exported, same_tokens
from srm_core.stages.release.materials import materials
from srm_core.store import Artifact, sha256, write_records
from srm_core.verifying.trust import trust_card

TOY = Path(__file__).parents[1] / "external_pack"


def test_finite_weights_are_counted_and_one_nan_or_infinity_is_named(tmp_path: Path) -> None:
    file = tmp_path / "merged" / "model.safetensors"
    file.parent.mkdir()
    tensors = {"a": torch.ones(3, 4), "b": torch.zeros(5)}
    save_file(tensors, file)
    assert finite_weights([file]) == {"tensors": 2, "not_finite": 0, "named": [], "parameters": {"merged": 17}}
    for bad in (float("nan"), float("inf"), -float("inf")):
        tensors["b"][4] = bad
        save_file(tensors, file)
        found = finite_weights([file])
        assert (found["not_finite"], found["named"]) == (1, ["merged/model.safetensors: b"])
    assert finite_weights([])["tensors"] == 0


def test_half_precision_is_read_too(tmp_path: Path) -> None:
    save_file({"a": torch.tensor([1.0, float("nan")], dtype=torch.bfloat16)}, tmp_path / "m.safetensors")
    assert finite_weights([tmp_path / "m.safetensors"])["not_finite"] == 1


def test_the_same_tokenizer_gives_the_same_ids(small_base: Path, tmp_path: Path, sums: list[Problem]) -> None:
    copy = tmp_path / "merged"
    shutil.copytree(small_base, copy, ignore=shutil.ignore_patterns("*.safetensors"))
    assert same_tokens(copy, small_base, "You add.", sums) == {"problems": 12, "different": 0, "named": []}
    found = measure_exported(tmp_path, small_base, "You add.", sums)
    assert found["tokens"]["problems"] == 12
    assert found["weights"]["tensors"] == 0
    shutil.rmtree(copy)
    assert "tokens" not in measure_exported(tmp_path, small_base, "You add.", sums)


def test_another_merge_or_another_template_gives_other_ids(
    small_base: Path, tmp_path: Path, sums: list[Problem]
) -> None:
    copy = tmp_path / "merged"
    shutil.copytree(small_base, copy, ignore=shutil.ignore_patterns("*.safetensors"))
    saved = json.loads((copy / "tokenizer.json").read_text(encoding="utf-8"))
    saved["model"]["merges"] = saved["model"]["merges"][
        :-8
    ]  # the pieces stay in the vocabulary, nothing merges to them
    (copy / "tokenizer.json").write_text(json.dumps(saved), encoding="utf-8")
    assert same_tokens(copy, small_base, "You add.", sums)["different"] == 12
    shutil.copy(small_base / "tokenizer.json", copy)
    assert same_tokens(copy, small_base, "You add.", sums)["different"] == 0
    template = next(copy.glob("chat_template*"), None)
    if template is not None:
        template.write_text(template.read_text(encoding="utf-8").replace("user", "human") + " ")
    else:
        settings = json.loads((copy / "tokenizer_config.json").read_text(encoding="utf-8"))
        settings["chat_template"] += " "
        (copy / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    assert same_tokens(copy, small_base, "You add.", sums)["different"] == 12


# ---- materials


def stage(folder: Path, name: str, **settings: Any) -> Artifact:
    folder.mkdir(exist_ok=True)
    return Artifact(folder, StageRecord(stage=name, key="k", inputs={}, settings=settings, code="c", counts={}))


def test_base_corpus_and_sources_are_named_by_hash(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "config.json").write_text("{}")
    (base / "notes.bin").write_text("no part of a checkpoint")
    files = {"/home/someone/corpus:a.txt": "e" * 64, "/home/someone/corpus:big.txt": "300000000 bytes"}
    ingested = stage(tmp_path / "ingest", "ingest", files=files)
    grounded = stage(tmp_path / "ground", "ground")
    words = Source(name="words", licence="CC0-1.0", version="2")
    one = Document(text="one", source=words)
    fact = Triple(subject="a:b", predicate="a:c", object="a:d", source=words)
    write_records(ingested.path / "documents.jsonl", [one])
    write_records(grounded.path / "triples.jsonl", [fact])
    found = materials("dir:/home/someone/base", base, {"ingest": ingested, "ground": grounded})
    assert [(each.name, each.uri) for each in found] == [
        ("base: config.json", "srm:base/base/config.json"),
        ("corpus: a.txt", "srm:corpus/a.txt"),
        ("source: words 2", "srm:source/words-2"),
    ]
    assert found[0].sha256 == sha256(base / "config.json")
    assert found[2].sha256 == digest(sorted([one.content, fact.content]))
    assert found[2].media == "2 records"
    write_records(ingested.path / "documents.jsonl", [Document(text="two", source=words)])
    again = materials("dir:/home/someone/base", base, {"ingest": ingested, "ground": grounded})
    assert again[2].sha256 != found[2].sha256


# ---- verifiers


@pytest.fixture
def toy(srm_alone: None, srm_install: Callable[[Path], None]) -> Host:
    srm_install(TOY)
    return Host("toy")


@pytest.fixture
def doubles(toy: Host) -> list[Problem]:
    from srm_core.verifying.posing import posed

    with posed(toy, per_kind=60) as made:
        return [problem for problem in made.problems if problem.kind == "double" and problem.split == "train"]


def test_only_near_misses_are_tried_and_as_many_as_asked(toy: Host, doubles: list[Problem]) -> None:
    (kind,) = trust_card(toy, doubles[:20], 300).kinds
    assert (kind.kind, kind.problems, kind.false_accepts.n, kind.false_accepts.count) == ("double", 20, 300, 0)
    assert kind.false_accepts.limit == pytest.approx(1 - 0.05 ** (1 / 300))
    assert (kind.false_rejects.n, kind.garbage.n, kind.verdict) == (0, 0, "not measured")
    assert trust_card(toy, doubles[:20], 300).content == trust_card(toy, doubles[:20], 300).content
    assert trust_card(toy, [], 300).kinds == ()


def test_a_verifier_that_takes_whatever_holds_the_gold_is_counted(toy: Host, doubles: list[Problem]) -> None:
    lax: Any = SimpleNamespace(
        pack=toy.pack,
        plugins_digest=toy.plugins_digest,
        verify=lambda problem, text, evidence: Verdict(correct=problem.answer in text),
    )
    (kind,) = trust_card(lax, doubles[:10], 200).kinds
    assert kind.false_accepts.count == len(kind.accepted_wrongly) > 0
    assert kind.touched <= 10
    silent: Any = SimpleNamespace(**{**vars(lax), "verify": lambda *_: Verdict(correct=None)})
    (kind,) = trust_card(silent, doubles[:10], 200).kinds
    assert (kind.false_accepts.count, kind.abstained) == (0, kind.false_accepts.n)
