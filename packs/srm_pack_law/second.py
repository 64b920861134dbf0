"""Independent graders, by kind. None shares code with the graph, the gold or the verifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from srm_core.records import Problem, Trace, Verdict

from .second_citations import (
    edition_agrees,
    normal_agrees,
    parent_agrees,
    reporter_agrees,
    statute_agrees,
    string_agrees,
    year_agrees,
)
from .second_dates import agrees as date_agrees
from .second_licences import category_agrees, equivalence_agrees, policy_agrees, spdx_agrees
from .second_tax import dollars_agree, rate_agrees

LONGEST = 2000  # characters of an answer that are read


def second_opinion(problem: Problem, trace: Trace) -> Verdict | None:
    """Return the second grader's verdict, or None for kinds that have none."""
    grader = _GRADERS.get(problem.kind)
    if grader is None or trace.answer is None:
        return None
    if len(trace.answer) > LONGEST:
        return Verdict(correct=False, reason="too long for an answer")
    correct = grader(problem, trace.answer)
    return Verdict(correct=correct, reason="" if correct else "the second grader disagrees")


_GRADERS: Mapping[str, Callable[[Problem, str], bool]] = {
    "reporter_name": reporter_agrees,
    "reporter_edition_year": year_agrees,
    "edition_for_year": edition_agrees,
    "citation_normalize": normal_agrees,
    "court_citation_string": string_agrees,
    "parent_court": parent_agrees,
    "statute_parts": statute_agrees,
    "deadline_days": date_agrees,
    "deadline_backward": date_agrees,
    "tax_due": dollars_agree,
    "standard_deduction": dollars_agree,
    "marginal_rate": rate_agrees,
    "spdx_equivalence": equivalence_agrees,
    "licence_spdx_id": spdx_agrees,
    "licence_category": category_agrees,
    "licence_compatibility": policy_agrees,
}
