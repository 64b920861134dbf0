"""How a problem with a number as its gold is put together from facts that are no statement lines."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from srm_core.composing import Fact
from srm_core.records import ChoiceKey, Evidence, FormulaKey, Problem


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
    shown = list({fact.text: fact for fact in (*needed, *distractors)}.values())
    rng.shuffle(shown)
    place = {fact.text: n for n, fact in enumerate(shown, 1)}
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
        evidence=tuple(Evidence(text=fact.text, cites=fact.cites) for fact in shown),
        key=key,
        solution=working.format(*(f"[{place[fact.text]}]" for fact in needed)),
        groups=groups or {},
    )
