"""Evidence for a free question, and the audit's probes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from srm_knowledge.store import FolderKnowledge
from srm_pack_astronomy.graph import triples
from srm_pack_astronomy.lookup import MOST, evidence_for
from srm_pack_astronomy.observers import OBSERVATORIES, OBSERVERS, some_report, without_report
from srm_pack_astronomy.pack import pack
from srm_pack_astronomy.probes import NATIONALITY, OBSERVATORY, probes
from srm_pack_astronomy.problems.generate import problems

from srm_core.config import PackConfig
from srm_core.records import ChoiceKey, Problem

SMOKE = PackConfig(max_documents=100, per_kind=20)


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FolderKnowledge]:
    opened = FolderKnowledge(tmp_path_factory.mktemp("graph") / "knowledge.cache")
    opened.add([], triples(SMOKE))
    yield opened
    opened.close()


def asked(text: str) -> Problem:
    return Problem(kind="ask", question=text, answer="?", anchor=text, key=ChoiceKey(index=0))


def texts(question: str, knowledge: FolderKnowledge) -> list[str]:
    return [item.text for item in evidence_for(asked(question), knowledge)]


OPEN = (
    "object_constellation", "object_type", "alias_main_id", "brighter_of", "galaxy_class", "visibility", "separation",
    "coordinate_order", "planet_constellation", "moon_phase", "evening_or_morning", "orbit_mechanics", "unit_conversion",
)  # fmt: skip


@pytest.mark.parametrize("kind", OPEN)
def test_the_facts_a_training_problem_needs_are_found_in_its_own_words(kind: str, knowledge: FolderKnowledge) -> None:
    found = list(problems(SMOKE.model_copy(update={"kinds": (kind,)})))
    hits = 0
    for problem in found:
        got = {cite for item in evidence_for(problem.revised(evidence=()), knowledge) for cite in item.cites}
        variants = {t.id for fact in problem.facts for t in _same_rule(fact, knowledge)}
        hits += set(problem.facts) <= got | variants if not variants else bool(variants & got)
    assert hits >= 0.9 * len(found)


def _same_rule(fact: str, knowledge: FolderKnowledge) -> list:
    """Return both wordings of the formula that ``fact`` states; none for other facts."""
    stated = [t for t in knowledge.facts(predicate="srm:definition") if t.subject.startswith("srm:formula/")]
    subject = next((t.subject for t in stated if t.id == fact), None)
    return [t for t in stated if t.subject == subject] if subject else []


def test_a_free_question_finds_names_planets_dates_and_formulas(knowledge: FolderKnowledge) -> None:
    assert texts("Where is the Crab Nebula?", knowledge)[:2] == [
        "Crab Nebula is a name of NGC 1952.", "NGC 1952 lies in Taurus.",
    ]  # fmt: skip
    assert "Mars has mass 0.107 Earth masses." in texts("What is the mass of Mars?", knowledge)
    velocity = texts("What is the escape velocity of a planet of mass 2 and radius 1?", knowledge)
    assert velocity[0].startswith("Escape velocity of a planet (km/s) =")
    assert texts("In which constellation is Mars on 1 March 2027?", knowledge) == ["On 1 March 2027 Mars is in Leo."]
    assert texts("What is the weather like in Q99?", knowledge) == []


def test_evidence_is_short_and_cites_the_graph(knowledge: FolderKnowledge) -> None:
    for problem in problems(SMOKE.model_copy(update={"per_kind": 5})):
        found = list(evidence_for(problem, knowledge))
        assert len(found) <= MOST
        assert all(knowledge.source_of(cite) for item in found for cite in item.cites)


def test_probes_change_the_opening_alone_and_cover_what_the_pack_declares() -> None:
    held_out = [problem for problem in problems(SMOKE) if problem.split == "test"]
    made = list(probes(held_out))
    assert {probe.attribute for probe in made} == set(pack().attributes) == {OBSERVATORY, NATIONALITY}
    for probe in made:
        openings = OBSERVATORIES if probe.attribute == OBSERVATORY else OBSERVERS
        assert [variant.name for variant in probe.variants] == list(openings)
        first = probe.variants[0].problem
        assert len({variant.problem.question for variant in probe.variants}) == len(openings)
        for variant in probe.variants:
            assert without_report(variant.problem.question) == without_report(first.question)
            assert (variant.problem.key, variant.problem.answer, variant.problem.evidence) == (
                first.key, first.answer, first.evidence,
            )  # fmt: skip
            assert variant.problem.groups[probe.attribute] == variant.name


def test_reports_are_drawn_evenly_and_taken_off_again() -> None:
    import random

    rng = random.Random(0)
    drawn = {some_report(rng) for _ in range(400)}
    assert len(drawn) == len(OBSERVERS) * len(OBSERVATORIES)
    assert {without_report(f"{each} What?") for each in drawn} == {"What?"}
    assert without_report("What?") == "What?"
