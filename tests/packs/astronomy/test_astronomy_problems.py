"""Problems of the pack: golds from the graph, splits, evidence, counts, speed, the second grader."""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict

import pytest
from srm_knowledge.graph import Graph
from srm_pack_astronomy import graph
from srm_pack_astronomy.problems.generate import problems
from srm_pack_astronomy.problems.kinds import FORMULAS, OWN, OWN_NAMES
from srm_pack_astronomy.second import second_opinion
from srm_pack_astronomy.verify import verify

from srm_core.calculator import recompute
from srm_core.config import PackConfig
from srm_core.prompts import user_turn
from srm_core.records import GraphKey, Problem, Trace, Triple, split_of
from srm_core.traces import parse_trace

SMOKE = PackConfig(max_documents=100, per_kind=50)
KINDS = tuple(kind.name for kind in OWN)


@pytest.fixture(scope="module")
def posed() -> dict[str, list[Problem]]:
    found: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems(SMOKE):
        found[problem.kind].append(problem)
    return found


@pytest.fixture(scope="module")
def triples() -> list[Triple]:
    return list(graph.triples(SMOKE))


@pytest.fixture(scope="module")
def store(triples: list[Triple], tmp_path_factory: pytest.TempPathFactory) -> Graph:
    opened = Graph(tmp_path_factory.mktemp("graph"), writable=True)
    opened.add(triples)
    return opened


def say(problem: Problem, answer: str) -> bool | None:
    verdict = verify(problem, Trace(text="", reasoning="", answer=answer))
    assert verdict is not None
    return verdict.correct


def every(posed: dict[str, list[Problem]]) -> list[Problem]:
    return [problem for found in posed.values() for problem in found]


def test_every_kind_is_posed_in_full(posed: dict[str, list[Problem]]) -> None:
    assert {kind: len(found) for kind, found in posed.items()} == dict.fromkeys(KINDS, 50)


@pytest.mark.parametrize("kind", KINDS)
def test_the_worked_solution_is_accepted_cites_its_facts_and_is_short(
    posed: dict[str, list[Problem]], kind: str
) -> None:
    for problem in posed[kind]:
        trace = parse_trace(problem.solution)
        verdict = verify(problem, trace)
        assert verdict is not None
        assert verdict.correct is True, (problem, verdict)
        assert recompute(problem.solution) == problem.solution
        assert all(1 <= cite <= len(problem.evidence) for cite in trace.cites)
        cited = {cite for place in trace.cites for cite in problem.evidence[place - 1].cites}
        assert not problem.evidence or set(problem.facts) <= cited
        assert len(user_turn(problem, problem.evidence)) + len(problem.solution) < 1100
        assert len(problem.question.split()) < 60
        assert len(problem.evidence) <= 6


@pytest.mark.parametrize("kind", sorted(OWN_NAMES - FORMULAS - {"separation"}))
def test_the_gold_is_exactly_what_the_query_returns(posed: dict[str, list[Problem]], store: Graph, kind: str) -> None:
    for problem in posed[kind][:25]:
        assert isinstance(problem.key, GraphKey)
        rows = store.query(problem.key.query, problem.key.bindings)
        assert {row["answer"] for row in rows} == {problem.answer}, problem


@pytest.mark.parametrize("kind", KINDS)
def test_other_answers_lists_and_hedges_are_rejected(posed: dict[str, list[Problem]], kind: str) -> None:
    found = posed[kind]
    for problem in found:
        wrong = next((other.answer for other in found if say(problem, other.answer) is False), None)
        assert wrong is not None, problem
        gold = problem.answer
        for answer in (
            "",
            "?",
            f"{gold} or {wrong}",
            f"{wrong} and {gold}",
            f"not {gold}",
            f"{gold}, {wrong}",
            f"{wrong} {gold}",
        ):
            assert say(problem, answer) is False, (gold, answer)


def test_every_cited_fact_is_in_the_graph(posed: dict[str, list[Problem]], triples: list[Triple]) -> None:
    ids = {triple.id for triple in triples}
    assert len(ids) == len(triples)
    assert all(triple.source.licence for triple in triples)
    assert {t.source.licence for t in triples if t.subject.startswith("ongc:")} == {"CC-BY-SA-4.0"}
    for problem in every(posed):
        cited = {cite for evidence in problem.evidence for cite in evidence.cites}
        assert cited | set(problem.facts) <= ids


def test_no_fact_of_a_test_problem_decides_a_training_problem_of_its_kind(posed: dict[str, list[Problem]]) -> None:
    for kind, found in posed.items():
        if kind in FORMULAS:  # formulas are shared on purpose
            continue
        decisive = {fact for problem in found if problem.split == "test" for fact in problem.facts}
        assert decisive, kind
        for problem in found:
            if problem.split == "train":
                assert not decisive & set(problem.facts)


def test_the_split_follows_from_the_anchor_and_every_kind_has_all_three(posed: dict[str, list[Problem]]) -> None:
    for kind, found in posed.items():
        splits = {problem.split for problem in found}
        assert splits >= ({"train", "test"} if kind in FORMULAS else {"train", "dev", "test"}), kind
        for problem in found:
            assert problem.split == ("test" if problem.tags.get("formula") == "unseen" else split_of(problem.anchor))


def test_ids_are_the_same_on_a_second_pass_and_others_with_another_seed(posed: dict[str, list[Problem]]) -> None:
    ids = [problem.id for problem in every(posed)]
    assert len(set(ids)) == len(ids)
    assert [problem.id for problem in problems(SMOKE)] == ids
    assert set(ids) - {problem.id for problem in problems(SMOKE.model_copy(update={"seed": 1}))}


def test_questions_are_phrased_in_four_ways_or_more(posed: dict[str, list[Problem]]) -> None:
    for kind, found in posed.items():
        assert len({" ".join(problem.question.split()[:2]) for problem in found}) >= 4, kind


def test_the_second_grader_accepts_a_thousand_golds_and_refuses_other_answers(posed: dict[str, list[Problem]]) -> None:
    asked = every(posed)
    assert len(asked) == 1000
    disagreements = []
    for n, problem in enumerate(asked):
        opinion = second_opinion(problem, parse_trace(f"Answer: {problem.answer}"))
        assert opinion is not None, problem.kind
        if opinion.correct is not True:
            disagreements.append((problem.kind, problem.question, problem.answer))
        if n % 4:
            continue
        other = next(each.answer for each in posed[problem.kind] if say(problem, each.answer) is False)
        refused = second_opinion(problem, parse_trace(f"Answer: {other}"))
        assert refused is not None
        assert refused.correct is False, (problem, other)
    assert disagreements == []


def test_every_kind_has_a_thousand_distinct_problems_and_they_are_made_fast(capsys: pytest.CaptureFixture[str]) -> None:
    list(problems(PackConfig(per_kind=1)))  # the sources are loaded
    counts: Counter[str] = Counter()
    started = time.process_time()
    ids = set()
    for problem in problems(PackConfig(per_kind=1000)):
        counts[problem.kind] += 1
        ids.add(problem.id)
    rate = len(ids) / (time.process_time() - started)
    with capsys.disabled():
        sys.stdout.write(f"\n{rate:.0f} problems/s of processor time: {dict(counts)}\n")
    assert len(ids) == sum(counts.values())
    assert {kind for kind in KINDS if counts[kind] < 1000} == set()
    assert rate > 250
