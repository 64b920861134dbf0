"""The teacher ``solver:``: the worked solutions that problems bring, exact, free and offline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from srm_core.records import Attempt, Completion, Evidence, Problem, Sampling

from .one_pass import attempt_of

REF = "solver:"


def solve(problems: Sequence[Problem], evidence: Mapping[str, Sequence[Evidence]]) -> Iterator[Attempt]:
    """Yield one unjudged attempt for each problem that has a worked solution, in order.

    The others are left out; the caller counts them as ``len(problems)`` less the attempts. ``tokens`` is 0, because
    no model generated them. ``evidence`` is what the training prompt will show, by problem id.
    """
    for problem in problems:
        if problem.solution.strip():
            completion = Completion(text=problem.solution, finished=True, tokens=0)
            yield attempt_of(problem, evidence.get(problem.id, ()), completion, model=REF, sampling=Sampling())
