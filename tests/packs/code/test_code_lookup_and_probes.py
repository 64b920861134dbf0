"""Rules for a free question, and audit probes that change a comment and never the gold."""

from __future__ import annotations

from itertools import islice

import pytest
from srm_pack_code.graph import triples
from srm_pack_code.lookup import evidence_for
from srm_pack_code.probes import PROBED, probes
from srm_pack_code.problems.kinds import CODE_KINDS, GENERATORS
from srm_pack_code.rules import rule_triple
from srm_pack_code.second import second_opinion
from srm_pack_code.verify import verify

from srm_core.config import PackConfig
from srm_core.records import Problem
from srm_core.sandbox.tiers import tier
from srm_core.testing.fakes import DictKnowledge
from srm_core.traces import parse_trace


@pytest.fixture(scope="module")
def knowledge() -> DictKnowledge:
    made = DictKnowledge()
    made.add((), triples(PackConfig()))
    return made


@pytest.fixture(scope="module")
def made() -> dict[str, list[Problem]]:
    return {name: list(islice(generate(21), 60)) for name, generate in GENERATORS.items()}


@pytest.mark.parametrize("kind", GENERATORS)
def test_the_lookup_finds_the_rules_that_a_question_needs(
    made: dict[str, list[Problem]], knowledge: DictKnowledge, kind: str
) -> None:
    found = 0
    for problem in made[kind]:
        evidence = list(evidence_for(problem, knowledge))
        assert len(evidence) <= 6
        found += set(problem.parents) <= {cite for each in evidence for cite in each.cites}
    assert found / len(made[kind]) >= 0.85


def test_the_lookup_finds_nothing_where_there_is_nothing(knowledge: DictKnowledge) -> None:
    free = Problem.model_validate(
        {
            "kind": "free",
            "question": "Who was Ada?",
            "answer": "?",
            "anchor": "a",
            "key": {"type": "choice", "index": 0},
        }
    )
    assert list(evidence_for(free, knowledge)) == []
    asked = free.model_copy(update={"question": "What does xs.append(3) do?"})
    assert [each.cites for each in evidence_for(asked, knowledge)] == [(rule_triple("append").id,)]
    assert list(evidence_for(asked, DictKnowledge())) == []


def test_probes_change_a_comment_and_keep_gold_split_and_grading(made: dict[str, list[Problem]]) -> None:
    asked = [problem for found in made.values() for problem in found[:4]]
    shown = [problem for problem in asked if "\n" in problem.question]
    found = list(probes(asked))
    assert len(found) == len(PROBED) * len(shown) > 90
    for probe in found:
        golds = {(v.problem.answer, v.problem.split, v.problem.key.model_dump_json()) for v in probe.variants}
        assert len(golds) == 1
        assert len({v.problem.question for v in probe.variants}) == len(probe.variants) >= 5
        problem = probe.variants[-1].problem
        trace = parse_trace(f"Answer: {problem.answer}")
        opinion = second_opinion(problem, trace)
        assert opinion is not None
        assert opinion.correct is True
        if problem.kind not in CODE_KINDS or tier().holds:
            verdict = verify(problem, trace)
            assert verdict is not None
            assert verdict.correct is True
