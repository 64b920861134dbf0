"""Every kind: golds, solutions, second graders, splits, evidence, counts and speed."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
from srm_knowledge.graph import Graph
from srm_pack_finance import graph
from srm_pack_finance.pack import pack
from srm_pack_finance.problems.generate import MAKERS, problems
from srm_pack_finance.problems.kinds import AMOUNTS, OWN
from srm_pack_finance.second import second_opinion
from srm_pack_finance.statements.companies import ALL, companies
from srm_pack_finance.verify import verify

from srm_core.calculator import recompute
from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.formulas.near_misses import NEAREST
from srm_core.prompts import user_turn
from srm_core.records import GraphKey, Problem, Trace, Triple
from srm_core.traces import parse_trace
from srm_core.verify import verify_answer

FEWER = {"line_item_group": 800, "price_series": 60}  # what their sources give; everything else gives 1,000
PRICES = "date,close\n" + "\n".join(
    f"2024-{month:02d}-{day:02d},{100 + month * 3 + (day * 7) % 11 + day / 4:.2f}" for month in range(1, 13) for day in (2, 5, 9, 16, 23)
)  # fmt: skip


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> PackConfig:
    file = tmp_path_factory.mktemp("prices") / "acme.csv"
    file.write_text(PRICES, encoding="utf-8")
    return PackConfig(per_kind=250, max_documents=100, own={"prices": str(file)})


@pytest.fixture(scope="module")
def posed(config: PackConfig) -> list[Problem]:
    return list(problems(config))


@pytest.fixture(scope="module")
def triples(config: PackConfig) -> list[Triple]:
    return list(graph.triples(config))


def of(posed: list[Problem], kind: str) -> list[Problem]:
    found = [problem for problem in posed if problem.kind == kind]
    assert found
    return found


def grade(problem: Problem, text: str) -> bool | None:
    trace = parse_trace(text)
    if trace.answer is None:
        return False
    verdict = verify(problem, trace) or verify_answer(problem, trace)
    assert verdict is not None
    return verdict.correct


def test_every_kind_is_made_and_declared() -> None:
    assert set(MAKERS) == {kind.name for kind in OWN}
    assert len(OWN) >= 20
    assert sum(kind.core for kind in pack().kinds) >= 6


@pytest.mark.parametrize("kind", MAKERS)
def test_golds_further_forms_and_solutions_verify_with_both_graders(posed: list[Problem], kind: str) -> None:
    found = of(posed, kind)
    second = next(each for each in OWN if each.name == kind).second_grader
    for problem in found:
        for form in (problem.answer, *problem.accept):
            assert grade(problem, f"Answer: {form}") is True, (problem.question, form)
        assert grade(problem, problem.solution) is True, (problem.question, problem.solution)
        opinion = second_opinion(problem, parse_trace(problem.solution))
        assert (opinion is not None) == bool(second)
        assert opinion is None or opinion.correct is True, (problem.question, problem.solution, problem.answer)


@pytest.mark.parametrize("kind", MAKERS)
def test_the_gold_of_another_problem_a_list_and_a_refusal_are_wrong(posed: list[Problem], kind: str) -> None:
    found = of(posed, kind)
    for problem, other in pairwise(found[:120]):
        for text in ("", "?", "I do not know", "not given"):
            assert grade(problem, f"Answer: {text}") is False
        if grade(problem, f"Answer: {other.answer}"):
            continue  # the same value
        assert grade(problem, f"Answer: {problem.answer} or {other.answer}") is False
        assert grade(problem, f"Answer: {other.answer}, {problem.answer}") is False
        second = second_opinion(problem, Trace(text="", reasoning="", answer=other.answer))
        assert second is None or second.correct is False, (problem.question, other.answer)


@pytest.mark.parametrize("kind", sorted(AMOUNTS))
def test_an_amount_off_by_a_factor_a_sign_or_beyond_the_band_is_wrong(posed: list[Problem], kind: str) -> None:
    for problem in of(posed, kind)[:200]:
        number, _, unit = problem.answer.partition(" ")
        value = float(number)
        for wrong in (value * 1000, value / 10, -value, value * 1.03):
            assert grade(problem, f"Answer: {wrong:.6f} {unit}") is False, (problem.answer, wrong)


def test_where_the_scale_is_asked_for_a_bare_number_is_wrong(posed: list[Problem]) -> None:
    scaled = [problem for problem in posed if problem.answer.split()[1:2] in (["million"], ["thousand"])]
    assert len(scaled) > 200
    for problem in scaled:
        number, scale, currency = problem.answer.split()
        assert grade(problem, f"Answer: {number}") is False
        other = ("thousand", 1000) if scale == "million" else ("million", 0.001)
        assert grade(problem, f"Answer: {float(number) * other[1]:.6f} {other[0]} {currency}") is True


def test_two_hundred_pieces_of_garbage_neither_crash_nor_pass(posed: list[Problem]) -> None:
    garbage = [text * 20 for text in "([{<$€%.,;:-+*/\\|~^&#@!\"'`_=\x00\x1b\u202e\u200fØ中🙂"]
    garbage += [f"{left}{middle}{right}" for left in ("nan", "inf", "[[", "$$", "-", "(", "1e999", "0x1F", "\u202e7")
                for middle in ("", " ", "%", "million") for right in ("", "?", ")", "or", " USD")]  # fmt: skip
    garbage += ["9" * 1_000_000, "(" * 1_000_000, "1," * 500_000]
    assert len(garbage) >= 200
    firsts = {problem.kind: problem for problem in posed}
    for problem in firsts.values():
        for text in garbage:
            trace = Trace(text="", reasoning="", answer=text)
            verdict = verify(problem, trace) or verify_answer(problem, trace)
            assert verdict is not None
            assert verdict.correct is False, (problem.kind, text[:40])


def test_computed_values_are_the_calculators_and_citations_lie_in_the_evidence(posed: list[Problem]) -> None:
    for problem in posed:
        assert recompute(problem.solution) == problem.solution
        assert "?>>" not in problem.solution
        cites = parse_trace(problem.solution).cites
        assert cites
        assert max(cites) <= len(problem.evidence)
        shown = {cite for place in cites for cite in problem.evidence[place - 1].cites}
        assert set(problem.facts) & {c for item in problem.evidence for c in item.cites} <= shown | set(problem.facts)


def test_every_cited_fact_is_in_the_graph_once(posed: list[Problem], triples: list[Triple]) -> None:
    ids = {triple.id for triple in triples}
    assert len(ids) == len(triples)
    for problem in posed:
        assert set(problem.facts) <= ids
        assert {cite for item in problem.evidence for cite in item.cites} <= ids


def test_the_gold_is_exactly_what_the_query_returns(
    posed: list[Problem], triples: list[Triple], tmp_path: Path
) -> None:
    knowledge = Graph(tmp_path, writable=True)
    knowledge.add(triples)
    asked = 0
    for kind in ("settlement_date", "currency_code", "line_item_group"):
        for problem in of(posed, kind)[:25]:
            assert isinstance(problem.key, GraphKey)
            rows = knowledge.query(problem.key.query, problem.key.bindings)
            assert {row["answer"] for row in rows} == {problem.answer}, problem.question
            asked += 1
    assert asked == 75


def test_anchors_questions_and_deciding_facts_stay_in_one_split(posed: list[Problem]) -> None:
    homes: dict[tuple[str, str], str] = {}
    for problem in posed:
        for thing in ((problem.kind, problem.anchor), (problem.kind, problem.question)):
            assert homes.setdefault(thing, problem.split) == problem.split
    decisive = {
        fact
        for problem in posed
        if problem.split == "test" and problem.kind not in FORMULA_BOOK
        for fact in problem.facts
    }
    assert decisive
    for problem in posed:
        if problem.split == "train":
            assert not decisive & {cite for item in problem.evidence for cite in item.cites}


FORMULA_BOOK = {kind.name for kind in OWN if kind.book == "formula"}  # there a fact is a formula, shared on purpose


def test_held_out_formulas_are_in_the_test_split_alone(posed: list[Problem]) -> None:
    unseen = [problem for problem in posed if problem.tags.get("formula") == "unseen"]
    assert len(unseen) > 50
    assert {problem.split for problem in unseen} == {"test"}


def test_counts_speed_and_length(config: PackConfig, posed: list[Problem], capsys: pytest.CaptureFixture[str]) -> None:
    started = time.process_time()
    made = list(problems(config.model_copy(update={"per_kind": 1000, "max_documents": 1000})))
    rate = len(made) / (time.process_time() - started)
    counts = Counter(problem.kind for problem in made)
    with capsys.disabled():
        sys.stdout.write(f"\n{rate:.0f} problems/s: {dict(counts)}\n")
    assert rate > 250
    assert len({problem.id for problem in made}) == len(made)
    for kind, count in counts.items():
        assert count >= FEWER.get(kind, 1000), kind
    longest = max(posed, key=lambda problem: len(user_turn(problem, problem.evidence)) + len(problem.solution))
    assert len(user_turn(longest, longest.evidence)) + len(longest.solution) < 1500
    assert NEAREST >= 2


def test_the_seed_decides_the_order_and_the_kinds_do_not_disturb_each_other(config: PackConfig) -> None:
    small = config.model_copy(update={"per_kind": 20})
    first = [problem.content for problem in problems(small)]
    assert first == [problem.content for problem in problems(small)]
    assert first != [problem.content for problem in problems(small.model_copy(update={"seed": 1}))]
    alone = [problem.content for problem in problems(small.model_copy(update={"kinds": ("npv",)}))]
    assert set(alone) <= set(first)


def test_questions_come_in_four_wordings_or_more(posed: list[Problem]) -> None:
    for kind in MAKERS:
        assert len({" ".join(problem.question.split()[:2]) for problem in of(posed, kind)}) >= 4, kind


def test_customers_are_recorded_as_groups(posed: list[Problem]) -> None:
    people = [problem for problem in posed if problem.groups]
    assert len(people) > 150
    for problem in people:
        assert f"{problem.groups['age']}-year-old" in problem.question
        assert (problem.groups["sex"] == "female") == (" her " in problem.question)


def test_statements_balance_and_fit_the_calculator() -> None:
    for company in companies(ALL):
        for year, lines in company.tenths.items():
            assert lines["total_assets"] == lines["total_liabilities"] + lines["equity"]
            assert lines["cash"] == sum(lines[name] for name in ("opening_cash", "operating_cash_flow",
                                                                 "investing_cash_flow", "financing_cash_flow"))  # fmt: skip
            assert max(abs(company.value(year, name)) for name in lines) < 100_000


def test_without_a_price_file_the_kind_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert list(problems(PackConfig(per_kind=1, max_documents=100)))
    assert "price_series left out" in caplog.text
    with pytest.raises(ConfigError, match="own\\.prices"):
        list(problems(PackConfig(kinds=("price_series",))))


@pytest.mark.parametrize(
    ("text", "message"),
    [("day,close\n", "columns date and close"), ("date,close\n2024-01-02,abc\n", "line 2"),
     ("date,close\n2024-01-02,-4\n", "positive"), ("date,close\n2024-01-02,4\n", "at least 3")],
)  # fmt: skip
def test_a_wrong_price_file_is_refused_in_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        list(problems(PackConfig(kinds=("price_series",), own={"prices": str(file)})))


@pytest.mark.skipif(find_spec("stdnum") is None, reason="python-stdnum is not installed")
def test_identifiers_agree_with_a_third_implementation(posed: list[Problem]) -> None:
    from stdnum import iban, isin, luhn

    for problem in of(posed, "luhn_digit"):
        assert luhn.is_valid(problem.accept[0])
    for problem in of(posed, "isin_digit"):
        assert isin.calc_check_digit(problem.accept[0][:-1]) == problem.answer
    for problem in of(posed, "iban_digits"):
        assert iban.calc_check_digits(problem.accept[0]) == problem.answer


def test_nothing_of_a_problem_is_unreadable_as_json(posed: list[Problem]) -> None:
    assert all(json.loads(problem.model_dump_json())["id"] == problem.id for problem in posed[::50])
