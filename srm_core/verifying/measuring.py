"""Measure the verifiers of a pack on near misses, surface forms of the gold, and garbage."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from srm_core.codehash import code_digest
from srm_core.host import Host
from srm_core.records import Problem, Verdict, digest

from .blind_spots import blind_spots
from .cases import Case
from .forms import arguable_forms, gold_forms
from .garbage import garbage
from .judging import Judge, in_process
from .near_misses import Right, near_misses, nothing_further
from .rates import Rate, exact_rate
from .records import (
    LEAST_GOLDS,
    LEAST_NEAR_MISSES,
    MAX_FALSE_ACCEPTS,
    MAX_FALSE_REJECTS,
    Error,
    GarbageCheck,
    KindCard,
    VerifierCard,
)
from .truth import holds_right

MOST = 3000  # near misses of one kind; golds: as many
ARGUABLE = 40  # problems of a kind whose arguable forms are asked
_CODE = ("srm_core.verify", "srm_core.traces", "srm_core.calculator", "srm_core.formulas", "srm_core.verifying")
_READ = 500  # characters of a garbage text that are searched for a gold
_HOOKS = ("srm_verify",)


@dataclass(frozen=True)
class _Asked:
    problem: Problem
    case: Case
    verdict: Verdict


def measure(
    host: Host,
    problems: Iterable[Problem],
    *,
    judge: Judge | None = None,
    right: Right = nothing_further,
    kinds: Collection[str] = (),
    most: int = MOST,
    seconds_limit: float | None = None,
) -> VerifierCard:
    """Return the card of the pack's verifiers, measured on ``problems`` of the pack's ``kinds`` (empty: all).

    ``judge`` gives the verdicts (default: the host in this process), ``right`` further right answers of a problem,
    ``most`` bounds the near misses of a kind and its golds, each drawn evenly over the problems. The same problems give
    the same card but for seconds. A kind without problems is on the card as not measured.
    """
    begun = time.monotonic()
    by_kind: dict[str, list[Problem]] = {k.name: [] for k in host.pack().kinds if not kinds or k.name in kinds}
    for problem in problems:
        if problem.kind in by_kind:
            by_kind[problem.kind].append(problem)
    asked = judge or in_process(host)
    cards = tuple(_kind_card(kind, found, asked, right, most) for kind, found in by_kind.items())
    return VerifierCard(
        pack=host.pack().name,
        version=host.pack().version,
        code=code_of(host),
        seconds_limit=seconds_limit,
        kinds=cards,
        seconds=time.monotonic() - begun,
    )


def code_of(host: Host) -> str:
    """Return 16 hex digits over the code of every verifier, of what reads an answer for it, and of this measurement."""
    return digest([code_digest(_CODE), host.plugins_digest(_HOOKS)])[:16]


def _kind_card(kind: str, problems: Sequence[Problem], judge: Judge, right: Right, most: int) -> KindCard:
    wrong = _judged(judge, _drawn(problems, ((p, near_misses(p, problems, right)) for p in problems), most))
    golds = _judged(judge, _drawn(problems, ((p, gold_forms(p)) for p in problems), most))
    argued = _judged(judge, [(p, list(arguable_forms(p))) for p in problems[:ARGUABLE]])
    accepted = [each for each in wrong if each.verdict.correct is True]
    rejected = [each for each in golds if each.verdict.correct is not True]
    card = KindCard(
        kind=kind,
        verdict="not measured",
        problems=len(problems),
        false_accepts=exact_rate(len(accepted), len(wrong)),
        false_rejects=exact_rate(len(rejected), len(golds)),
        abstained=sum(each.verdict.correct is None for each in (*wrong, *golds)),
        touched=len({each.problem.id for each in accepted}),
        by_family=_rates(wrong, accepted),
        by_form=_rates(golds, rejected),
        arguable=_rates(argued, [each for each in argued if each.verdict.correct is True]),
        garbage=_garbage(judge, problems),
        accepted_wrongly=tuple(_error(each) for each in accepted),
        rejected_wrongly=tuple(_error(each) for each in rejected),
    )
    verdict = "not measured" if not problems else "pass" if _holds(card) else "fail"
    return card.model_copy(update={"verdict": verdict, "blind_spots": tuple(blind_spots(card, problems))})


def _holds(card: KindCard) -> bool:
    enough = card.false_accepts.n >= LEAST_NEAR_MISSES and card.false_rejects.n >= LEAST_GOLDS
    tight = card.false_accepts.limit <= MAX_FALSE_ACCEPTS and card.false_rejects.limit <= MAX_FALSE_REJECTS
    return enough and tight and card.garbage.accepted == 0 and card.garbage.failed == 0


def _drawn(
    problems: Sequence[Problem], cases: Iterable[tuple[Problem, list[Case]]], most: int
) -> list[tuple[Problem, list[Case]]]:
    """Return all cases, or ``most`` of them, drawn evenly over the problems by a seed of their ids."""
    found = list(cases)
    if sum(len(each) for _, each in found) <= most:
        return found
    share, more = divmod(most, len(found))
    drawn = []
    for place, (problem, each) in enumerate(found):
        rng = Random(int(digest(problem.id)[:12], 16))
        drawn.append((problem, rng.sample(each, min(len(each), share + (place < more)))))
    return drawn


def _judged(judge: Judge, cases: Iterable[tuple[Problem, list[Case]]]) -> list[_Asked]:
    asked: list[_Asked] = []
    for problem, each in cases:
        verdicts = judge(problem, [case.text for case in each])
        asked += [_Asked(problem, case, verdict) for case, verdict in zip(each, verdicts, strict=True)]
    return asked


def _rates(asked: Sequence[_Asked], counted: Sequence[_Asked]) -> dict[str, Rate]:
    total = Counter(each.case.family for each in asked)
    counts = Counter(each.case.family for each in counted)
    return {family: exact_rate(counts[family], total[family]) for family in sorted(total)}


def _garbage(judge: Judge, problems: Sequence[Problem]) -> GarbageCheck:
    verdicts: list[Verdict] = []
    slowest = 0.0
    for place, case in enumerate(garbage() if problems else ()):
        turned = (problems[(place + step) % len(problems)] for step in range(len(problems)))
        problem = next((each for each in turned if not holds_right(each, case.text[:_READ])), None)
        if problem is None:  # the text is the gold of every problem
            continue
        begun = time.perf_counter()
        verdicts += judge(problem, [case.text])
        slowest = max(slowest, time.perf_counter() - begun)
    return GarbageCheck(
        n=len(verdicts),
        accepted=sum(each.correct is True for each in verdicts),
        failed=sum(each.correct is None for each in verdicts),
        slowest=round(slowest, 4),
    )


def _error(asked: _Asked) -> Error:
    return Error(
        problem=asked.problem.id,
        gold=asked.problem.answer,
        family=asked.case.family,
        text=asked.case.text,
        why=asked.case.why,
        reason=asked.verdict.reason,
    )
