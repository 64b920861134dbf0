"""Any record can be walked back to its licensed sources, and forward to every number it touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from srm_core.cli import cli
from srm_core.errors import ArtifactError
from srm_core.records import (
    Attempt,
    AuditFinding,
    AuditItem,
    Chunk,
    Completion,
    Document,
    Evidence,
    GraphKey,
    Probe,
    Problem,
    Record,
    Sampling,
    Score,
    Source,
    TrainingRow,
    Triple,
    Variant,
    Verdict,
)
from srm_core.reports.lineage import closing, find, reach, read_graph, tree
from srm_core.store import write_records, write_rows

SOURCE = Source(name="ICD-10-CM", licence="public domain", version="2025")
OWN = Source(name="own corpus", licence="CC-BY-4.0")


def _attempt(problem: Problem, **changes) -> Attempt:
    fields = {
        "problem": problem.id,
        "model": "solver:",
        "arm": "teacher",
        "sampling": Sampling(),
        "completion": Completion(text="Answer: \x1b[31mE11", finished=True, tokens=4),
        "evidence": problem.evidence,
        "verdict": Verdict(correct=True),
    }
    return Attempt(**(fields | changes))


@pytest.fixture
def chain(tmp_path: Path) -> dict[str, Record]:
    """Write one record of every kind into a store, each made from the one before; return them by what they are."""
    document = Document(text="E11 is type 2 diabetes.", source=OWN)
    chunk = Chunk(document=document.id, start=0, end=23, text=document.text, source=OWN, parents=(document.id,))
    triple = Triple(subject="ICD:E11", predicate="rdfs:label", object="type 2 diabetes", source=SOURCE)
    evidence = (Evidence(text="E11 ...", cites=(chunk.id, triple.id)),)
    key = GraphKey(query="SELECT ?answer {}")
    question = {
        "kind": "codes",
        "answer": "E11",
        "anchor": "ICD:E11",
        "facts": (triple.id,),
        "evidence": evidence,
        "key": key,
    }
    problem = Problem(question="Which code?", **question)
    attempt = _attempt(problem)
    row = TrainingRow(attempt=attempt.id, ids=(1, 2), mask=(False, True))
    answered = _attempt(problem, arm="rl", model="dir:student")
    score = Score(
        suite="held-out", kind="codes", arm="rl", decoding="greedy", metric="accuracy", value=0.5, low=0.1, high=0.9, n=1,
        attempts=(answered.id,),
    )  # fmt: skip
    twin = Problem(question="Which code, madam?", parents=(problem.id,), **question)
    probe = Probe(
        measure="flip", attribute="sex", harm="allocation", variants=(Variant(name="plain", problem=problem), Variant(name="female", problem=twin))
    )  # fmt: skip
    item = AuditItem(
        probe=probe.id, variant="female", role="student", completion=answered.completion, verdict=Verdict(correct=None)
    )
    finding = AuditFinding(
        measure="flip", attribute="sex", groups=("female",), role="student", harm="allocation", effect=0.0, low=-0.1, high=0.1,
        n=1, outcome="inconclusive", items=(item.id,),
    )  # fmt: skip
    files = {
        "ingest/k1/documents.jsonl": [document],
        "ground/k2/chunks.jsonl": [chunk],
        "ground/k2/triples.jsonl": [triple],
        "pose/k3/problems.jsonl": [problem],
        "distill/k4/attempts.jsonl": [attempt],
        "train/k5/rows.jsonl": [row],
        "evaluate/k6/attempts.jsonl": [answered],
        "evaluate/k6/scores.jsonl": [score],
        "audit/k7/probes.jsonl": [probe],
        "audit/k7/items.jsonl": [item],
        "audit/k7/findings.jsonl": [finding],
    }
    for name, records in files.items():
        path = tmp_path / "store" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_records(path, records)
    (tmp_path / "store" / "train" / "k5" / "sft").mkdir()
    write_rows(tmp_path / "store" / "train" / "k5" / "sft" / "log.jsonl", [{"step": 1, "loss": 2.0}])
    return {
        "document": document, "chunk": chunk, "triple": triple, "problem": problem, "attempt": attempt, "row": row,
        "answered": answered, "score": score, "twin": twin, "probe": probe, "item": item, "finding": finding,
    }  # fmt: skip


@pytest.mark.parametrize("end", ["score", "finding", "row"])
def test_every_end_stands_on_the_document_and_the_triple(chain, tmp_path, end):
    graph = read_graph(tmp_path / "store")
    found = reach(graph, chain[end].id)
    assert {chain[name].id for name in ("problem", "chunk", "document", "triple")} <= found
    assert closing(graph, chain[end].id).endswith("sources: ICD-10-CM 2025 (public domain); own corpus (CC-BY-4.0)")


def test_forward_from_a_triple_reaches_every_number_it_touched(chain, tmp_path):
    graph = read_graph(tmp_path / "store")
    later = {
        chain[name].id
        for name in ("problem", "attempt", "row", "answered", "score", "twin", "probe", "item", "finding")
    }
    assert reach(graph, chain["triple"].id, forward=True) == later
    assert "1 score" in closing(graph, chain["triple"].id, forward=True)


def test_the_tree_is_drawn_with_places_and_opens_nothing_twice(chain, tmp_path):
    lines = tree(read_graph(tmp_path / "store"), chain["score"].id)
    assert lines[0].startswith(
        f"{chain['score'].id}  accuracy of rl on codes: 0.500 [0.100, 0.900] n 1  [evaluate/k6/scores"
    )
    assert lines[1].startswith(f"└─ {chain['answered'].id}  rl by dir:student: correct: Answer: [31mE11")
    assert sum("source: own corpus (CC-BY-4.0)" in line for line in lines) <= 2
    opened = [line for line in lines if chain["chunk"].id in line]
    assert len(opened) == 2
    assert opened[1].endswith("(opened above)")


def test_wide_records_say_how_many_branches_are_left_out(chain, tmp_path):
    lines = tree(read_graph(tmp_path / "store"), chain["triple"].id, forward=True, width=1)
    assert any(line.strip().endswith("... and 3 more") for line in lines)


def test_the_beginning_of_an_id_is_enough_if_it_is_the_only_one(chain, tmp_path):
    graph = read_graph(tmp_path / "store")
    assert find(graph, "scor").id == chain["score"].id
    with pytest.raises(ArtifactError, match="2 records begin with 'attempt-'"):
        find(graph, "attempt-")
    with pytest.raises(ArtifactError, match="the store has no record 'nothing'"):
        find(graph, "nothing")


def test_a_parent_that_is_not_here_is_named_as_such(tmp_path):
    folder = tmp_path / "store" / "ground" / "k"
    folder.mkdir(parents=True)
    write_records(folder / "chunks.jsonl", [Chunk(document="document-gone", start=0, end=1, text="x", source=OWN)])
    graph = read_graph(tmp_path / "store")
    assert "document-gone  (not in this store)" in "\n".join(tree(graph, find(graph, "chunk-").id))


def test_unfinished_artifacts_are_not_read_and_torn_lines_are_refused(tmp_path):
    part = tmp_path / "store" / "pose" / ".part-k"
    part.mkdir(parents=True)
    (part / "problems.jsonl").write_text('{"id": ')
    assert not read_graph(tmp_path / "store").nodes
    part.rename(part.with_name("k"))
    with pytest.raises(ArtifactError, match=r"problems\.jsonl, line 1 is no JSON"):
        read_graph(tmp_path / "store")


def test_srm_trace_prints_the_tree_and_the_sources(chain, tmp_path):
    back = CliRunner().invoke(cli, ["trace", chain["row"].id, "--workspace", str(tmp_path)])
    assert back.exit_code == 0, back.output
    assert back.stdout.splitlines()[-1].startswith(
        "it stands on 1 attempt, 1 chunk, 1 document, 1 problem, 1 triple; sources:"
    )
    forward = CliRunner().invoke(cli, ["trace", chain["document"].id, "--forward", "--workspace", str(tmp_path)])
    assert forward.stdout.splitlines()[-1].endswith("stand on it")
    assert chain["score"].id in forward.stdout
