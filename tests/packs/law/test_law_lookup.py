"""Evidence for a free question: what the graph says of what it names, in the words of training."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from srm_knowledge.store import FolderKnowledge
from srm_pack_law.graph import triples
from srm_pack_law.lookup import MOST, evidence_for
from srm_pack_law.problems.generate import problems
from srm_pack_law.problems.kinds import CITED, OWN
from srm_pack_law.verify import verify

from srm_core.config import PackConfig
from srm_core.records import ChoiceKey, Evidence, Problem
from srm_core.traces import parse_trace

SMOKE = PackConfig(per_kind=20)


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FolderKnowledge]:
    opened = FolderKnowledge(tmp_path_factory.mktemp("graph") / "knowledge.cache")
    opened.add([], triples(SMOKE))
    yield opened
    opened.close()


def asked(text: str) -> Problem:
    return Problem(kind="ask", question=text, answer="?", anchor=text, key=ChoiceKey(index=0))


def holds_what_is_needed(problem: Problem, found: list[Evidence]) -> bool:
    if problem.kind in ("tax_due", "standard_deduction"):  # either wording of the line will do
        return any(set(piece.cites) & set(problem.facts) for piece in found)
    needed = {piece.text for piece in problem.evidence if piece.text.removesuffix(".") in problem.solution}
    return needed <= {piece.text for piece in found}


@pytest.mark.parametrize("kind", [kind.name for kind in OWN])
def test_the_facts_a_training_problem_needs_are_found_in_its_own_words(kind: str, knowledge: FolderKnowledge) -> None:
    posed = list(problems(SMOKE.model_copy(update={"kinds": (kind,)})))
    found = [list(evidence_for(problem.revised(evidence=()), knowledge)) for problem in posed]
    assert all(len(pieces) <= MOST for pieces in found)
    right = sum(holds_what_is_needed(problem, pieces) for problem, pieces in zip(posed, found, strict=True))
    assert right >= 0.9 * len(posed)


@pytest.mark.parametrize("kind", sorted(CITED))
def test_a_right_answer_that_cites_what_was_retrieved_counts(kind: str, knowledge: FolderKnowledge) -> None:
    right = 0
    posed = list(problems(SMOKE.model_copy(update={"kinds": (kind,)})))
    for problem in posed:
        found = list(evidence_for(problem.revised(evidence=()), knowledge))
        place = next((n for n, e in enumerate(found, 1) if set(e.cites) & set(problem.facts)), 0)
        bare = problem.answer.split(" [")[0]
        verdict = verify(problem, parse_trace(f"Answer: {bare} [{place}]"), found)
        assert verdict is not None
        right += bool(verdict.correct)
    assert right >= 0.9 * len(posed)


def test_every_citation_is_a_fact_of_the_graph(knowledge: FolderKnowledge) -> None:
    for text in (
        "Can 5 F.2d 10 (1980) exist?",
        "Served on 2024-06-03, 30 days to answer.",
        "Is MIT AND Zlib the same as",
    ):
        found = list(evidence_for(asked(text), knowledge))
        assert found
        assert all(knowledge.source_of(cite) is not None for piece in found for cite in piece.cites)


def test_questions_that_name_nothing_known_find_nothing(knowledge: FolderKnowledge) -> None:
    for text in ("what is the weather like?", "x" * 100_000, "9999-99-99 and 30 days", "[" * 5000, "\u202e\x00"):
        assert list(evidence_for(asked(text), knowledge)) == []
