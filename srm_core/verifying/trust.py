"""How often the verifiers accept near misses of some problems: what training and the gate must know, and no more."""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random

from srm_core.host import Host
from srm_core.records import Problem, digest

from .cases import Case
from .judging import Judge, in_process
from .measuring import code_of
from .near_misses import near_misses
from .rates import exact_rate
from .records import Error, GarbageCheck, KindCard, VerifierCard

ONLY = "only near misses were tried here: `srm verifier card` measures golds and garbage too"


def trust_card(host: Host, problems: Sequence[Problem], most: int) -> VerifierCard:
    """Return a card with the false accepts of every kind among ``problems``, on at most ``most`` near misses each.

    Golds and garbage are not tried, so no kind is said to pass or fail.
    """
    begun = time.monotonic()
    kinds: dict[str, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault(problem.kind, []).append(problem)
    judge = in_process(host)
    return VerifierCard(
        pack=host.pack().name,
        version=host.pack().version,
        code=code_of(host),
        kinds=tuple(_kind(kind, group, judge, most) for kind, group in sorted(kinds.items())),
        seconds=time.monotonic() - begun,
    )


def _kind(kind: str, problems: Sequence[Problem], judge: Judge, most: int) -> KindCard:
    tried = abstained = 0
    errors: list[Error] = []
    for place, problem in enumerate(problems):
        share = -(-(most - tried) // (len(problems) - place))  # what is left, evenly over the problems that are left
        cases = _drawn(problem, near_misses(problem, problems), share)
        for case, verdict in zip(cases, judge(problem, [case.text for case in cases]), strict=True):
            tried += 1
            abstained += verdict.correct is None
            if verdict.correct is True:
                errors.append(
                    Error(
                        problem=problem.id,
                        gold=problem.answer,
                        family=case.family,
                        text=case.text,
                        why=case.why,
                        reason=verdict.reason,
                    )
                )
    return KindCard(
        kind=kind,
        verdict="not measured",
        problems=len(problems),
        false_accepts=exact_rate(len(errors), tried),
        false_rejects=exact_rate(0, 0),
        abstained=abstained,
        touched=len({each.problem for each in errors}),
        garbage=GarbageCheck(n=0, accepted=0, failed=0, slowest=0.0),
        blind_spots=(ONLY,),
        accepted_wrongly=tuple(errors),
    )


def _drawn(problem: Problem, cases: list[Case], share: int) -> list[Case]:
    rng = Random(int(digest(problem.id)[:12], 16))
    return cases if len(cases) <= share else rng.sample(cases, share)
