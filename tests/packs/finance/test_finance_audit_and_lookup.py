"""Probes change one thing and no gold; lookups find the facts of training problems in their own words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from srm_knowledge.store import FolderKnowledge
from srm_pack_finance import graph
from srm_pack_finance.corpus import documents
from srm_pack_finance.lookup import MOST, evidence_for
from srm_pack_finance.probes import COMPANY, CURRENCY, NATIONALITY, probes
from srm_pack_finance.problems.generate import problems
from srm_pack_finance.second import second_opinion
from srm_pack_finance.verify import verify

from srm_core.config import PackConfig
from srm_core.records import ChoiceKey, Problem
from srm_core.traces import parse_trace

SMOKE = PackConfig(max_documents=100, per_kind=60)


@pytest.fixture(scope="module")
def posed() -> list[Problem]:
    return list(problems(SMOKE))


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FolderKnowledge]:
    opened = FolderKnowledge(tmp_path_factory.mktemp("graph") / "knowledge.cache")
    opened.add([], graph.triples(SMOKE))
    yield opened
    opened.close()


def test_every_attribute_is_varied_and_no_gold_number_changes(posed: list[Problem]) -> None:
    made = list(probes(posed))
    assert {probe.attribute for probe in made} == {COMPANY, CURRENCY, NATIONALITY}
    for probe in made:
        first = probe.variants[0].problem
        assert (
            len(
                {variant.problem.question for variant in probe.variants}
                | {str(v.problem.evidence) for v in probe.variants}
            )
            > 1
        )
        for variant in probe.variants:
            problem = variant.problem
            assert problem.answer.split()[0] == first.answer.split()[0]
            assert problem.groups[probe.attribute] == variant.name
            verdict = verify(problem, parse_trace(problem.solution))
            assert verdict is not None
            assert verdict.correct is True, (variant.name, problem.solution)


def test_a_renamed_company_keeps_its_lines_and_its_second_grader(posed: list[Problem]) -> None:
    for probe in probes(posed):
        if probe.attribute == COMPANY:
            for variant in probe.variants:
                opinion = second_opinion(variant.problem, parse_trace(variant.problem.solution))
                assert opinion is not None
                assert opinion.correct is True


@pytest.mark.parametrize(
    ("kind", "share"),
    [("statement_ratio", 0.9), ("currency_code", 0.6), ("settlement_date", 0.9), ("line_item_group", 0.9), ("accounting_identity", 0.7)],
)  # fmt: skip
def test_the_facts_a_training_problem_needs_are_found_in_its_own_words(
    kind: str, share: float, posed: list[Problem], knowledge: FolderKnowledge
) -> None:
    asked = [problem for problem in posed if problem.kind == kind][:30]
    found = 0
    for problem in asked:
        shown = list(evidence_for(problem.revised(evidence=()), knowledge))
        assert len(shown) <= MOST
        assert all(knowledge.source_of(cite) for item in shown for cite in item.cites)
        needed = {item.text for item in problem.evidence if set(item.cites) & set(problem.facts)}
        found += needed <= {item.text for item in shown}
    assert found >= share * len(asked), found


def test_a_question_that_names_nothing_known_finds_nothing(knowledge: FolderKnowledge) -> None:
    asked = Problem(kind="ask", question="How is the weather?", answer="?", anchor="x", key=ChoiceKey(index=0))
    assert list(evidence_for(asked, knowledge)) == []


def test_documents_are_bounded_licensed_and_from_every_table() -> None:
    made = list(documents(SMOKE))
    assert len(made) == SMOKE.max_documents
    assert len({document.path.split("/")[0] for document in made}) >= 4
    assert all(document.source.licence for document in made)
    assert len({document.id for document in made}) == len(made)
