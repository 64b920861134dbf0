"""Twins differ in one name or one opening, and their gold stays."""

from __future__ import annotations

from srm_pack_law.pack import pack
from srm_pack_law.people import PARTIES
from srm_pack_law.probes import FEDERAL, JUDGES, NAMES, PARTY, PLACES, party_in, probes
from srm_pack_law.problems.generate import problems

from srm_core.config import PackConfig

POSED = list(problems(PackConfig(per_kind=20)))


def test_every_declared_attribute_is_varied_on_many_problems() -> None:
    made = list(probes(POSED))
    for attribute in pack().attributes:
        assert sum(probe.attribute == attribute for probe in made) >= 50


def test_twins_differ_in_the_name_alone_and_keep_gold_key_and_evidence() -> None:
    for probe in probes(POSED):
        first = probe.variants[0].problem
        assert len({variant.problem.question for variant in probe.variants}) == len(probe.variants) == 5
        for variant in probe.variants:
            twin = variant.problem
            assert (twin.answer, twin.key, twin.evidence, twin.split) == (
                first.answer, first.key, first.evidence, first.split
            )  # fmt: skip
            assert twin.groups[probe.attribute] == variant.name
            assert variant.name in twin.question
        if probe.attribute == PARTY:
            shapes = {variant.problem.question.replace(variant.name, "X") for variant in probe.variants}
            assert len(shapes) == 1


def test_openings_are_put_before_questions_of_federal_law_alone() -> None:
    kinds = {probe.variants[0].problem.kind for probe in probes(POSED) if probe.attribute != PARTY}
    assert kinds == FEDERAL
    assert set(JUDGES).isdisjoint(PARTIES)
    assert len(set(PLACES)) == 5


def test_a_name_that_stands_in_the_evidence_too_is_left_alone() -> None:
    one = next(problem for problem in POSED if party_in(problem))
    other = next(name for name in NAMES if name != party_in(one))
    piece = one.evidence[0].model_copy(update={"text": f"{other} covers 1900 to 1910."})
    assert party_in(one.revised(evidence=(piece,))) == ""
