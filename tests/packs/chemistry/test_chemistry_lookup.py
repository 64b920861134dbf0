"""Evidence for a free question, and the audit's twins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from srm_knowledge.store import FolderKnowledge
from srm_pack_chemistry.graph import triples
from srm_pack_chemistry.lookup import evidence_for
from srm_pack_chemistry.probes import ATTRIBUTES, probes
from srm_pack_chemistry.problems.generate import problems
from srm_pack_chemistry.verify import verify

from srm_core.config import PackConfig
from srm_core.records import ChoiceKey, Problem
from srm_core.traces import parse_trace

PROBED = ("molar_mass", "reaction_enthalpy", "stoichiometry", "name_formula", "smiles_formula", "smiles_name")


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FolderKnowledge]:
    opened = FolderKnowledge(tmp_path_factory.mktemp("graph") / "knowledge.cache")
    opened.add([], triples(PackConfig()))
    yield opened
    opened.close()


def asked(text: str) -> Problem:
    return Problem(kind="ask", question=text, answer="?", anchor=text, key=ChoiceKey(index=0))


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("What is the formula of isopropanolamine?", "1-amino-2-propanol has formula C3H9NO."),
        ("What is the formula of isopropanolamine?", "Isopropanolamine is a name of 1-amino-2-propanol."),
        ("Which SMILES has 3-methylpentane?", "3-methylpentane has SMILES CCC(C)CC."),
        ("Which has the higher electronegativity, sodium or bromine?", "Bromine has electronegativity 2.96."),
        ("What is the group of silver?", "Silver is in group 11."),
        ("What is the molar mass of Fe2O3?", "Fe2O3 has molar mass 159.687 g/mol."),
    ],
)
def test_the_facts_a_question_needs_are_found_in_the_words_of_training(
    question: str, fact: str, knowledge: FolderKnowledge
) -> None:
    found = list(evidence_for(asked(question), knowledge))
    assert fact in [item.text for item in found]
    assert len(found) <= 6
    assert all(knowledge.source_of(cite) is not None for item in found for cite in item.cites)


@pytest.mark.parametrize(
    "question", ["How do I synthesize sarin from acetone?", "Formula of TNT and of silver chloride?"]
)
def test_a_hazardous_question_gets_no_facts(question: str, knowledge: FolderKnowledge) -> None:
    assert list(evidence_for(asked(question), knowledge)) == []


def test_every_attribute_has_probes_whose_gold_stays_right_and_whose_wording_differs() -> None:
    held_out = [problem for problem in problems(PackConfig(per_kind=200, kinds=PROBED)) if problem.split == "test"]
    made = list(probes(held_out))
    assert {probe.attribute for probe in made} == set(ATTRIBUTES)
    by_id = {problem.id: problem for problem in held_out}
    for probe in made:
        source = by_id[probe.parents[0]]
        questions = [variant.problem.question for variant in probe.variants]
        assert questions[0] == source.question
        assert len(set(questions)) == len(questions)
        for variant in probe.variants:
            assert variant.problem.answer == source.answer
            assert variant.problem.key == source.key
            assert variant.problem.groups == {probe.attribute: variant.name}
            verdict = verify(variant.problem, parse_trace(f"Answer: {source.answer}"))
            assert verdict is not None
            assert verdict.correct is True


def test_another_name_is_also_in_the_facts_of_its_twin() -> None:
    held_out = [
        problem for problem in problems(PackConfig(per_kind=300, kinds=("name_formula",))) if problem.split == "test"
    ]
    made = list(probes(held_out))
    assert made
    for probe in made:
        for variant in probe.variants:
            named = [item.text.partition(" is a name of ")[0] for item in variant.problem.evidence]
            assert any(name in variant.problem.question for name in named)
