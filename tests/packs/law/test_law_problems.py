"""What every kind of problem keeps: gold, graph, citations, splits, balance, number and rate."""

from __future__ import annotations

import sys
import time
from collections import Counter

import pytest
from srm_knowledge.graph import Graph
from srm_pack_law import graph
from srm_pack_law.problems.generate import problems
from srm_pack_law.problems.kinds import CITED, FROM_FORMULAS, OWN
from srm_pack_law.second import second_opinion
from srm_pack_law.verify import verify

from srm_core.config import PackConfig
from srm_core.prompts import user_turn
from srm_core.records import GraphKey, Problem, Trace, Triple, split_of
from srm_core.traces import parse_trace

KINDS = tuple(kind.name for kind in OWN)
SMOKE = PackConfig(per_kind=40)
YES_NO = ("reporter_edition_year", "court_reporter", "spdx_equivalence", "licence_compatibility")


@pytest.fixture(scope="module")
def posed() -> list[Problem]:
    return list(problems(SMOKE))


@pytest.fixture(scope="module")
def triples() -> list[Triple]:
    return list(graph.triples(SMOKE))


@pytest.fixture(scope="module")
def store(triples: list[Triple], tmp_path_factory: pytest.TempPathFactory) -> Graph:
    opened = Graph(tmp_path_factory.mktemp("graph"), writable=True)
    opened.add(triples)
    return opened


def of_kind(posed: list[Problem], kind: str) -> list[Problem]:
    found = [problem for problem in posed if problem.kind == kind]
    assert found, kind
    return found


def say(problem: Problem, text: str) -> bool | None:
    trace = parse_trace(text)
    if trace.answer is None:
        return False
    verdict = verify(problem, trace, problem.evidence)
    assert verdict is not None
    return verdict.correct


@pytest.mark.parametrize("kind", KINDS)
def test_the_worked_solution_is_accepted_and_cites_what_was_shown(posed: list[Problem], kind: str) -> None:
    for problem in of_kind(posed, kind):
        trace = parse_trace(problem.solution)
        verdict = verify(problem, trace, problem.evidence)
        assert verdict is not None
        assert verdict.correct is True, (problem, verdict)
        assert trace.cites
        assert all(1 <= cite <= len(problem.evidence) for cite in trace.cites)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in FROM_FORMULAS])
def test_the_gold_is_exactly_what_the_query_returns(posed: list[Problem], store: Graph, kind: str) -> None:
    for problem in of_kind(posed, kind)[:15]:
        assert isinstance(problem.key, GraphKey)
        rows = store.query(problem.key.query, problem.key.bindings)
        assert {row["answer"] for row in rows} == {problem.answer}, problem


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_of_another_problem_and_hedges_are_rejected(posed: list[Problem], kind: str) -> None:
    found = of_kind(posed, kind)
    for problem in found:
        bare = problem.answer.split(" [")[0]
        cite = problem.answer[len(bare) :]
        for other in found[:12]:
            wrong = other.answer.split(" [")[0]
            if wrong != bare:
                for text in (wrong, f"{bare} or {wrong}", f"{wrong}, {bare}", f"{bare} and {wrong}", f"not {bare}"):
                    assert say(problem, f"Answer: {text}{cite}") is False, (problem.question, text)
        for text in ("", "?", f"maybe {bare}", "I do not know", "unknown"):
            assert say(problem, f"Answer: {text}{cite}") is False, (problem.question, text)


@pytest.mark.parametrize("kind", sorted(CITED))
def test_a_right_answer_without_the_provision_that_decides_it_is_wrong(posed: list[Problem], kind: str) -> None:
    for problem in of_kind(posed, kind):
        bare = problem.answer.split(" [")[0]
        deciding = [n for n, e in enumerate(problem.evidence, 1) if set(e.cites) & set(problem.facts)]
        strange = [n for n in range(1, len(problem.evidence) + 1) if n not in deciding]
        assert deciding, problem
        assert say(problem, f"Answer: {bare}") is False
        assert say(problem, f"Answer: {bare} [99]") is False
        assert say(problem, f"It follows [{deciding[0]}].\nAnswer: {bare}") is True
        assert say(problem, f"Answer: {bare} [{deciding[0]}] [77]") is False
        for place in strange:
            assert say(problem, f"See [{place}].\nAnswer: {bare} [{place}]") is False
        if len(strange) > len(deciding):
            everything = "".join(f"[{n}]" for n in range(1, len(problem.evidence) + 1))
            assert say(problem, f"{everything}\nAnswer: {bare}") is False
        shown = [piece for n, piece in enumerate(problem.evidence, 1) if n in strange]
        verdict = verify(problem, parse_trace(f"Answer: {bare} [1]"), shown)
        assert verdict is not None
        assert verdict.correct is (not shown)


def test_where_no_facts_are_shown_no_citation_is_asked(posed: list[Problem]) -> None:
    for problem in posed:
        bare = problem.answer.split(" [")[0]
        verdict = verify(problem, parse_trace(f"Answer: {bare}"), ())
        assert verdict is not None
        assert verdict.correct is True, problem


def test_every_cited_fact_is_in_the_graph_once(posed: list[Problem], triples: list[Triple]) -> None:
    ids = {triple.id for triple in triples}
    assert len(ids) == len(triples)
    for problem in posed:
        assert {cite for evidence in problem.evidence for cite in evidence.cites} <= ids
        assert set(problem.facts) <= ids
        assert problem.facts


def test_no_fact_of_a_test_problem_is_shown_in_a_training_problem_of_an_open_kind(posed: list[Problem]) -> None:
    opened = {kind.name for kind in OWN if kind.book == "open"}
    decisive = {fact for p in posed if p.split == "test" and p.kind in opened for fact in p.facts}
    assert decisive
    for problem in posed:
        if problem.split == "train" and problem.kind in opened:
            assert not decisive & {cite for evidence in problem.evidence for cite in evidence.cites}, problem


def test_splits_follow_anchors_or_held_out_formulas_and_are_disjoint(posed: list[Problem]) -> None:
    homes: dict[tuple[str, str], str] = {}
    for problem in posed:
        assert problem.split == (split_of(problem.anchor) if problem.tags.get("formula") != "unseen" else "test")
        assert homes.setdefault((problem.kind, problem.anchor), problem.split) == problem.split
    assert {p.kind for p in posed if p.split == "test"} == set(KINDS)


def test_a_second_pass_is_the_same_and_another_seed_is_not(posed: list[Problem]) -> None:
    ids = [problem.id for problem in posed]
    assert len(set(ids)) == len(ids)
    assert [problem.id for problem in problems(SMOKE)] == ids
    assert [problem.id for problem in problems(SMOKE.model_copy(update={"seed": 1}))] != ids


def test_prompts_are_short_and_phrased_in_several_ways(posed: list[Problem]) -> None:
    for kind in KINDS:
        found = of_kind(posed, kind)
        assert max(len(user_turn(p, p.evidence)) + len(p.solution) for p in found) < 1200, kind
        assert max(len(p.evidence) for p in found) <= 6
        assert len({p.question.split(" ")[0] for p in found}) > 1


def test_yes_and_no_are_balanced_and_deadlines_move_half_of_the_time(posed: list[Problem]) -> None:
    for kind in YES_NO:
        counts = Counter(p.answer.split(" ")[0] for p in of_kind(posed, kind))
        assert abs(counts["yes"] - counts["no"]) <= 12, (kind, counts)
    for kind in ("deadline_days", "deadline_backward"):
        counts = Counter(p.tags["moved"] for p in of_kind(posed, kind))
        assert min(counts["yes"], counts["no"]) >= 15


@pytest.fixture(scope="module")
def many() -> tuple[list[Problem], float]:
    config = PackConfig(per_kind=1000)
    list(problems(config.model_copy(update={"per_kind": 1})))  # the tables are loaded
    started = time.process_time()
    made = list(problems(config))
    return made, len(made) / (time.process_time() - started)


def test_every_kind_has_a_thousand_distinct_problems_quickly(
    many: tuple[list[Problem], float], capsys: pytest.CaptureFixture[str]
) -> None:
    made, rate = many
    counts = Counter(problem.kind for problem in made)
    with capsys.disabled():
        sys.stdout.write(f"\nlaw: {rate:.0f} problems/s, {dict(counts)}\n")
    assert len({(p.question, p.choices) for p in made}) == len(made)
    assert set(counts) == set(KINDS)
    assert min(counts.values()) >= 1000
    assert rate > 250


def test_the_second_graders_agree_on_a_thousand_problems_and_more(many: tuple[list[Problem], float]) -> None:
    made, _ = many
    graded = {kind.name for kind in OWN if kind.second_grader}
    slow = {"court_citation_string": 25}  # courts_db searches by thousands of regular expressions
    asked: Counter[str] = Counter()
    for problem in made:
        if problem.kind in graded and asked[problem.kind] < slow.get(problem.kind, 70):
            asked[problem.kind] += 1
            opinion = second_opinion(problem, parse_trace(problem.solution))
            assert opinion is not None
            assert opinion.correct is True, problem
        elif problem.kind not in graded:
            assert second_opinion(problem, parse_trace(problem.solution)) is None
    assert sum(asked.values()) >= 1000
    assert set(asked) == graded


def test_the_second_graders_reject_the_answer_of_another_problem(posed: list[Problem]) -> None:
    graded = [kind.name for kind in OWN if kind.second_grader]
    for kind in graded:
        found = of_kind(posed, kind)
        for problem in found[:6]:
            bare = problem.answer.split(" [")[0]
            wrong = next(p.answer for p in found if p.answer.split(" [")[0] != bare)
            opinion = second_opinion(problem, Trace(text="", reasoning="", answer=wrong))
            assert opinion is not None
            assert opinion.correct is False, (problem.question, wrong)
