"""Whether what an answer cites was shown and decides the question."""

from __future__ import annotations

from collections.abc import Sequence

from srm_core.records import Evidence, Problem, Trace

from .problems.kinds import CITED


def objection(problem: Problem, trace: Trace, evidence: Sequence[Evidence]) -> str:
    """Return why the citations do not carry the answer, or "".

    Asked of the kinds in `CITED` where evidence is shown: every number cited must be one of its pieces, one of them
    must hold a fact that decides the problem, and pieces that decide nothing may not be in the majority, so that
    citing everything does not pay.
    """
    if problem.kind not in CITED or not evidence:
        return ""
    strange = [number for number in trace.cites if not 1 <= number <= len(evidence)]
    if strange or not trace.cites:
        return f"[{strange[0]}] was not shown" if strange else "the answer cites nothing"
    facts = set(problem.facts)
    deciding = {number for number, piece in enumerate(evidence, 1) if facts & set(piece.cites)}
    if not deciding:
        return "none of the facts shown decides the question"
    right = [number for number in trace.cites if number in deciding]
    if not right:
        return f"[{trace.cites[0]}] does not decide the question"
    if len(trace.cites) > 2 * len(right):
        return "most of what is cited does not decide the question"
    return ""
