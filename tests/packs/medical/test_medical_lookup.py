"""Evidence for a free question: what the graph says of what it names, in the words of training, with real citations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from srm_knowledge.store import FolderKnowledge
from srm_pack_medical.drugs import load_drugs
from srm_pack_medical.graph import triples
from srm_pack_medical.icd import load_icd
from srm_pack_medical.lookup import evidence_for, terms_in
from srm_pack_medical.problems import code_hierarchy, drug_class, lay_term_code
from srm_pack_medical.scope import Scope, scope_of

from srm_core.config import PackConfig
from srm_core.records import ChoiceKey, Problem

SMOKE = PackConfig(max_documents=100)


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FolderKnowledge]:
    opened = FolderKnowledge(tmp_path_factory.mktemp("graph") / "knowledge.cache")
    opened.add([], triples(SMOKE))
    yield opened
    opened.close()


def asked(text: str) -> Problem:
    return Problem(kind="ask", question=text, answer="?", anchor=text, key=ChoiceKey(index=0))


@pytest.mark.parametrize("kind", [code_hierarchy, lay_term_code, drug_class])
def test_the_facts_a_training_problem_needs_are_found_in_its_own_words(
    kind: object, knowledge: FolderKnowledge
) -> None:
    scope = scope_of(SMOKE)
    table = load_drugs(scope) if kind is drug_class else load_icd(scope)
    problems = [problem for problem, _ in zip(kind.generate(table, 0), range(40), strict=False)]  # type: ignore[attr-defined]
    found = 0
    for problem in problems:
        bare = problem.revised(evidence=())
        texts = {item.text for item in evidence_for(bare, knowledge)}
        needed = {item.text for item in problem.evidence if set(item.cites) & set(problem.facts)}
        steps = {text for text in needed if text.removesuffix(".") in problem.solution}
        found += steps <= texts
    assert found >= 0.9 * len(problems)


def test_every_citation_is_a_fact_of_the_graph(knowledge: FolderKnowledge) -> None:
    code = next(c.name for c in load_icd(Scope(chapters=scope_of(SMOKE).chapters)).of_level("subcategory"))
    found = list(evidence_for(asked(f"Which block holds code {code}?"), knowledge))
    assert found[-1].text.startswith(f"{code[:3]} is in ")
    known = {fact.id for item in found for fact in knowledge.facts(subject=f"icd10cm:{item.text.split()[0]}")}
    assert {cite for item in found for cite in item.cites} <= known


def test_a_question_that_names_nothing_known_finds_nothing(knowledge: FolderKnowledge) -> None:
    assert list(evidence_for(asked("What is the weather like in Q99.99?"), knowledge)) == []


def test_terms_are_quoted_or_stand_behind_a_colon() -> None:
    assert terms_in("Which code is used for 'Sundowning'?") == ["Sundowning"]
    assert terms_in('Which code is used for "Sundowning"?') == ["Sundowning"]
    assert terms_in("Give the code for this term: Anal fissure") == ["Anal fissure"]
    assert terms_in("Which block holds code E11.6?") == []
