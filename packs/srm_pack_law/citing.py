"""Answers that must cite: the gold carries the number of the piece of evidence that decides it."""

from __future__ import annotations

from typing import Any

from srm_core.composing import Fact
from srm_core.records import GraphKey, Problem

PLACE = "{cite}"  # in a query: what stands behind the answer, e.g. " [3]"


def cited(problem: Problem, deciding: Fact) -> Problem:
    """Return ``problem`` with " [n]" behind its answer, n being the place of ``deciding`` in its evidence."""
    place = 1 + [piece.cites for piece in problem.evidence].index(deciding.cites)
    return cited_at(problem, place)


def cited_at(problem: Problem, place: int, **changes: Any) -> Problem:
    """Return ``problem`` with " [place]" behind its answer, its accepted forms and its solution, and ``changes``."""
    mark = f" [{place}]"
    key = problem.key
    if isinstance(key, GraphKey):
        key = GraphKey(query=key.query.replace(PLACE, mark), bindings=key.bindings, answer=key.answer)
    fields = {name: getattr(problem, name) for name in Problem.model_fields if name not in ("id", "content")}
    fields |= {
        "answer": problem.answer + mark,
        "accept": tuple(form + mark for form in problem.accept),
        "solution": problem.solution + mark,
        "key": key,
    }
    return Problem(**(fields | changes))
