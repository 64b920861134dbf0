"""Problems whose answer is a number that shown facts decide: a formula key with a band, and a short worked solution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from srm_core.calculator import call, format_number
from srm_core.composing import Fact, arranged
from srm_core.records import FormulaKey, Problem


def numeric(
    *,
    kind: str,
    rng: Random,
    question: str,
    anchor: str,
    needed: Sequence[tuple[Fact, str]],
    distractors: Sequence[Fact] = (),
    formula: str,
    inputs: Mapping[str, float | str],
    gold: float,
    unit: str,
    tolerance: float,
    expression: str,
    between: str = ", ",
    accept: tuple[str, ...] = (),
    tags: Mapping[str, str] | None = None,
) -> Problem:
    """Return the problem; each needed fact comes with the words that the solution repeats before its citation.

    These stand in their order, ``between`` two of them; in the order of ``expression`` they are easiest to copy.
    ``expression`` is what the calculator computes for the answer; ``gold`` was computed apart from it.
    """
    evidence, cites = arranged(rng, [fact for fact, _ in needed], distractors)
    cited = between.join(f"{words} {cite}" for (_, words), cite in zip(needed, cites, strict=True))
    facts = tuple(dict.fromkeys(cite for fact, _ in needed if not fact.shared for cite in fact.cites))
    width = abs(gold) * tolerance
    return Problem(
        kind=kind,
        question=question,
        answer=f"{format_number(gold)} {unit}".rstrip(),
        accept=accept,
        anchor=anchor,
        facts=facts,
        parents=facts,
        evidence=evidence,
        key=FormulaKey(formula=formula, inputs=dict(inputs), unit=unit, low=gold - width, high=gold + width),
        solution=f"{cited}\nAnswer: {call(expression)} {unit}".rstrip(),
        tags=dict(tags or {}),
    )


def signed(value: float) -> str:
    """Return a number for an expression, in brackets if it is negative."""
    text = format_number(value)
    return f"({text})" if text.startswith("-") else text
