"""How a problem with a number as its gold is put together from facts that are no statement lines."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from srm_core.composing import Fact, arranged
from srm_core.records import ChoiceKey, FormulaKey, Problem


def numbered(
    *,
    kind: str,
    rng: Random,
    question: str,
    answer: str,
    anchor: str,
    needed: Sequence[Fact],
    key: FormulaKey | ChoiceKey,
    working: str,
    distractors: Sequence[Fact] = (),
    accept: tuple[str, ...] = (),
    choices: tuple[str, ...] = (),
    groups: dict[str, str] | None = None,
) -> Problem:
    """Return the problem: facts in random order, and a solution whose ``{0}``, ``{1}`` are the places of ``needed``."""
    evidence, cites = arranged(rng, needed, distractors)
    own = tuple(cite for fact in needed if not fact.shared for cite in fact.cites)
    return Problem(
        kind=kind,
        question=question,
        answer=answer,
        accept=accept,
        choices=choices,
        anchor=anchor,
        facts=own,
        parents=own,
        evidence=evidence,
        key=key,
        solution=working.format(*cites),
        groups=groups or {},
    )
