from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from srm_knowledge.glossary import glossary, term_curie
from srm_knowledge.grading import verify
from srm_knowledge.hooks import srm_problems, srm_rewards, srm_triples
from srm_knowledge.problems import KINDS
from srm_knowledge.rewards import grounded
from srm_knowledge.store import FolderKnowledge

from srm_core.config import Corpus, PackConfig
from srm_core.records import Evidence, GraphKey, Problem, Trace
from srm_core.traces import parse_trace


@pytest.fixture
def posed(knowledge: FolderKnowledge, glossary_file: Corpus) -> list[Problem]:
    knowledge.add([], srm_triples(PackConfig(corpus=(glossary_file,))))
    return list(srm_problems(knowledge, PackConfig()))


def test_a_glossary_is_concepts_with_label_definition_and_module(glossary_file: Corpus, terms: dict[str, str]) -> None:
    facts = list(glossary(glossary_file))
    assert Counter(fact.predicate for fact in facts) == {
        "skos:prefLabel": len(terms),
        "skos:definition": len(terms),
        "skos:inScheme": len(terms),
    }
    assert {fact.subject for fact in facts} == {term_curie(term) for term in terms}
    assert all(fact.source.licence == "CC0-1.0" for fact in facts)


def test_two_spellings_are_one_concept_with_one_label(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"term": "AIDS", "definition": "a"}\n{"term": "Aids", "definition": "b"}\n')
    facts = list(glossary(Corpus(path=str(tmp_path), licence="CC0-1.0")))
    assert [fact.object for fact in facts if fact.predicate == "skos:prefLabel"] == ["AIDS"]
    assert [fact.object for fact in facts if fact.predicate == "skos:altLabel"] == ["Aids"]
    assert [fact.object for fact in facts if fact.predicate == "skos:definition"] == ["a", "b"]


def test_the_gold_of_a_term_is_what_its_sparql_returns(knowledge: FolderKnowledge, posed: list[Problem]) -> None:
    asked = [problem for problem in posed if problem.kind == "term_definition"]
    assert asked
    for problem in asked:
        assert isinstance(problem.key, GraphKey)
        assert knowledge.query(problem.key.query, problem.key.bindings) == [{"answer": problem.answer}]


def test_every_worked_solution_is_correct_and_grounded(posed: list[Problem], knowledge: FolderKnowledge) -> None:
    assert {problem.kind for problem in posed} == {kind.name for kind in KINDS}
    for problem in posed:
        trace = parse_trace(problem.solution)
        verdict = verify(problem, trace)
        assert verdict
        assert verdict.correct
        assert grounded(problem, trace, problem.evidence) == 1.0
        assert len(problem.evidence) == 4 == len({item.text for item in problem.evidence})
        assert all(knowledge.source_of(cite) for item in problem.evidence for cite in item.cites)
        assert set(problem.facts) <= {cite for item in problem.evidence for cite in item.cites}


def test_the_seed_fixes_the_problems_and_kinds_and_number_are_kept(
    knowledge: FolderKnowledge, posed: list[Problem]
) -> None:
    assert list(srm_problems(knowledge, PackConfig())) == posed
    assert list(srm_problems(knowledge, PackConfig(seed=1))) != posed
    few = list(srm_problems(knowledge, PackConfig(kinds=("definition_of", "other"), per_kind=2)))
    assert [problem.kind for problem in few] == ["definition_of"] * 2
    assert list(srm_problems(knowledge, PackConfig(kinds=("other",)))) == []


def test_without_a_glossary_there_are_no_problems(knowledge: FolderKnowledge) -> None:
    assert list(srm_problems(knowledge, PackConfig())) == []


def test_usual_spellings_of_a_term_are_accepted_and_near_misses_are_not(posed: list[Problem]) -> None:
    problem = next(item for item in posed if item.kind == "term_definition" and "BMI" in item.answer)

    def correct(answer: str) -> bool | None:
        verdict = verify(problem, Trace(text="", reasoning="", answer=answer))
        assert verdict is not None
        return verdict.correct

    for answer in ("body mass index (BMI)", "BMI", "the Body Mass Index.", '"body mass index"'):
        assert correct(answer) is True, answer
    for answer in ("body mass", "diarthrosis", "body mass index or joint cavity", "", "(((", "\u202e"):
        assert correct(answer) is False, answer


def test_an_option_is_accepted_by_letter_or_text_and_another_is_not(posed: list[Problem]) -> None:
    problem = next(item for item in posed if item.kind == "definition_of")
    right, wrong = problem.answer, "ABCD".replace(problem.answer, "")[0]
    text, other = (problem.choices["ABCD".index(letter)] for letter in (right, wrong))

    def correct(answer: str) -> bool | None:
        verdict = verify(problem, Trace(text="", reasoning="", answer=answer))
        assert verdict is not None
        return verdict.correct

    assert all(correct(answer) for answer in (right, f"({right})", right.lower(), f"{right}. {text}", text))
    assert not any(correct(answer) for answer in (wrong, f"{right}. {other}", other, f"{right} {wrong}", "Z", "none"))


def test_a_kind_of_another_plugin_is_left_to_it(posed: list[Problem]) -> None:
    other = Problem.model_validate({**posed[0].model_dump(exclude={"id", "content"}), "kind": "other"})
    assert verify(other, parse_trace(posed[0].solution)) is None


EVIDENCE = (
    Evidence(text="diarthrosis: freely mobile joint", cites=("a",)),
    Evidence(text="synarthrosis: immobile joint", cites=("b",)),
    Evidence(text="kidney: organ that makes urine", cites=("c",)),
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('[1] defines it as "freely mobile".\nAnswer: diarthrosis', 1.0),
        ("It moves freely.\nAnswer: diarthrosis", 0.0),  # no citation
        ("[9] says freely mobile.\nAnswer: diarthrosis", 0.0),  # not shown
        ("[0] says so.\nAnswer: diarthrosis", 0.0),
        ("[2] says immobile.\nAnswer: diarthrosis", 0.0),  # does not support the answer
        ("[1] says freely mobile.", 0.0),  # no answer
        ("[1] freely mobile [2] [3]\nAnswer: diarthrosis", 0.333333),  # [2] and [3] are not used
        ("[1]\n[3]\nAnswer: diarthrosis", 0.0),  # cited without a word of them
        ("[1] freely mobile.\nAnswer: diarthrosis syndrome", 0.5),
    ],
)
def test_grounded_pays_citations_that_were_shown_are_used_and_support_the_answer(text: str, value: float) -> None:
    problem = Problem(
        kind="any", question="Which?", answer="diarthrosis", anchor="x", key=GraphKey(query="SELECT ?answer {}")
    )
    assert grounded(problem, parse_trace(text), EVIDENCE) == value
    (reward,) = srm_rewards(problem, parse_trace(text), EVIDENCE)
    assert (reward.name, reward.value, reward.low, reward.high) == ("grounded", value, 0.0, 1.0)


def test_without_evidence_there_is_nothing_to_pay(posed: list[Problem]) -> None:
    assert list(srm_rewards(posed[0], parse_trace(posed[0].solution), ())) == []


def test_the_openstax_glossary_is_read_whole(shared_corpora: Path, knowledge: FolderKnowledge) -> None:
    facts = list(glossary(Corpus(path=str(shared_corpora / "medical"), licence="CC-BY-4.0")))
    counts = Counter(fact.predicate for fact in facts)
    assert counts["skos:inScheme"] == 3190  # every entry: its term in its module
    assert counts["skos:definition"] == 3174  # 16 entries repeat a definition word for word
    knowledge.add([], facts)
    problems = list(srm_problems(knowledge, PackConfig(per_kind=300)))
    assert Counter(problem.kind for problem in problems) == {"term_definition": 300, "definition_of": 300}
    assert len({problem.id for problem in problems}) == 600
