from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from srm_knowledge.graph import Graph
from srm_pack_medical import graph
from srm_pack_medical.hpo import data_folder
from srm_pack_medical.problems.generate import problems
from srm_pack_medical.problems.kinds import FROM_DRUGS, FROM_HPO, FROM_ICD, OWN
from srm_pack_medical.second import second_opinion
from srm_pack_medical.verify import CODES, verify

from srm_core.config import PackConfig
from srm_core.errors import MissingExtra
from srm_core.prompts import user_turn
from srm_core.records import GraphKey, Problem, Trace, Triple, split_of
from srm_core.traces import parse_trace

KINDS = (*FROM_ICD, *FROM_DRUGS, *(FROM_HPO if data_folder() else ()))
SMOKE = PackConfig(max_documents=100, per_kind=60, kinds=KINDS)


@pytest.fixture(scope="module")
def posed(tmp_path_factory: pytest.TempPathFactory) -> list[Problem]:
    return list(problems(SMOKE.model_copy(update={"cache": str(tmp_path_factory.mktemp("cache"))})))


@pytest.fixture(scope="module")
def triples(tmp_path_factory: pytest.TempPathFactory) -> list[Triple]:
    return list(graph.triples(SMOKE.model_copy(update={"cache": str(tmp_path_factory.mktemp("cache"))})))


@pytest.fixture(scope="module")
def store(triples: list[Triple], tmp_path_factory: pytest.TempPathFactory) -> Graph:
    opened = Graph(tmp_path_factory.mktemp("graph"), writable=True)
    opened.add(triples)
    return opened


def of_kind(posed: list[Problem], kind: str) -> list[Problem]:
    found = [problem for problem in posed if problem.kind == kind]
    assert found, kind
    return found


def say(problem: Problem, answer: str) -> bool | None:
    verdict = verify(problem, Trace(text="", reasoning="", answer=answer))
    assert verdict is not None
    return verdict.correct


@pytest.mark.parametrize("kind", KINDS)
def test_the_worked_solution_of_every_problem_is_accepted(posed: list[Problem], kind: str) -> None:
    for problem in of_kind(posed, kind):
        trace = parse_trace(problem.solution)
        verdict = verify(problem, trace)
        assert verdict is not None
        assert verdict.correct is True, (problem, verdict)
        assert all(1 <= cite <= len(problem.evidence) for cite in trace.cites)


@pytest.mark.parametrize("kind", KINDS)
def test_the_gold_is_exactly_what_the_query_returns(posed: list[Problem], store: Graph, kind: str) -> None:
    for problem in of_kind(posed, kind)[:25]:
        assert isinstance(problem.key, GraphKey)
        rows = store.query(problem.key.query, problem.key.bindings)
        assert {row["answer"] for row in rows} == {problem.answer}, problem


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_of_another_problem_is_rejected(posed: list[Problem], kind: str) -> None:
    found = of_kind(posed, kind)
    for problem in found:
        for other in found[:12]:
            if other.answer != problem.answer and other.answer not in problem.accept:
                assert say(problem, other.answer) is False


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_lists_or_hedges_its_way_to_the_gold(posed: list[Problem], kind: str) -> None:
    for problem in of_kind(posed, kind):
        wrong = {"yes": "no", "no": "yes"}.get(problem.answer, "E11.9")
        for answer in (
            "",
            "?",
            f"{problem.answer} or {wrong}",
            f"{wrong} and {problem.answer}",
            f"maybe {problem.answer}",
            f"not {problem.answer}",
            f"{problem.answer}, {wrong}",
            f"{problem.answer} {wrong}",
        ):
            assert say(problem, answer) is False, (problem.answer, answer)


@pytest.mark.parametrize("kind", KINDS)
def test_the_independent_grader_agrees_with_the_gold_and_not_with_another(posed: list[Problem], kind: str) -> None:
    named = next(one for one in OWN if one.name == kind).second_grader
    found = of_kind(posed, kind)
    for n, problem in enumerate(found):
        opinion = second_opinion(problem, parse_trace(problem.solution))
        assert (opinion is not None) == bool(named)
        if opinion is None:
            continue
        assert opinion.correct is True, problem
        other = next((p.answer for p in found[n:] + found if p.answer not in (problem.answer, *problem.accept)), "")
        if kind in CODES or kind == "coded_together":
            assert second_opinion(problem, Trace(text="", reasoning="", answer=other)).correct is False  # type: ignore[union-attr]


def test_every_cited_fact_is_in_the_graph(posed: list[Problem], triples: list[Triple]) -> None:
    ids = {triple.id for triple in triples}
    assert len(ids) == len(triples)
    for problem in posed:
        cited = {cite for evidence in problem.evidence for cite in evidence.cites}
        assert cited <= ids
        assert set(problem.facts) <= ids
        assert problem.evidence == () or set(problem.facts) <= cited


def test_no_fact_of_a_test_problem_is_shown_in_a_training_problem(posed: list[Problem]) -> None:
    decisive = {fact for problem in posed if problem.split == "test" for fact in problem.facts}
    assert decisive
    for problem in posed:
        if problem.split == "train":
            assert not decisive & set(problem.facts)
            assert not decisive & {cite for evidence in problem.evidence for cite in evidence.cites}


def test_ids_are_unique_and_the_same_on_a_second_pass(posed: list[Problem]) -> None:
    ids = [problem.id for problem in posed]
    assert len(set(ids)) == len(ids)
    assert [problem.id for problem in problems(SMOKE)] == ids
    other = [problem.id for problem in problems(SMOKE.model_copy(update={"seed": 1}))]
    assert other != ids


def test_the_split_follows_from_the_anchor_and_every_kind_has_test_problems(posed: list[Problem]) -> None:
    assert all(problem.split == split_of(problem.anchor) for problem in posed)
    held_out = Counter(problem.kind for problem in posed if problem.split == "test")
    assert set(held_out) == set(KINDS)


def test_prompts_are_short_and_phrased_in_several_ways(posed: list[Problem]) -> None:
    for kind in KINDS:
        found = of_kind(posed, kind)
        assert max(len(user_turn(problem, problem.evidence)) for problem in found) < 700
        assert len({problem.question.split(" ")[0] for problem in found}) > 1


def test_yes_and_no_are_balanced(posed: list[Problem]) -> None:
    counts = Counter(problem.answer for problem in of_kind(posed, "coded_together"))
    assert abs(counts["yes"] - counts["no"]) <= 3


def test_a_kind_that_needs_a_missing_package_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("srm_pack_medical.problems.generate.data_folder", lambda: None)
    with pytest.raises(MissingExtra, match="medical-hpo"):
        list(problems(PackConfig(max_documents=100, kinds=("hpo_parent",))))
    assert list(problems(PackConfig(max_documents=100, per_kind=1, kinds=("code_first",))))


@pytest.mark.slow
def test_every_kind_has_a_thousand_distinct_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = PackConfig(per_kind=3000, kinds=KINDS, cache=str(tmp_path))
    list(problems(config.model_copy(update={"per_kind": 1})))  # the tables are loaded
    started = time.monotonic()
    made = list(problems(config))
    rate = len(made) / (time.monotonic() - started)
    counts = Counter(problem.kind for problem in made)
    with capsys.disabled():
        sys.stdout.write(f"\n{rate:.0f} problems/s: {dict(counts)}\n")
    assert len({problem.id for problem in made}) == len(made)
    assert min(counts.values()) >= 1000
    assert rate > 300
