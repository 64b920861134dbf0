"""Partial credit for a code near the right one: a reward term that helps learning, never correctness."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from srm_core.records import Problem, Reward, Trace, Verdict

from .icd import Icd, load_icd
from .scope import Scope
from .verify import CODES, plain_code

CAP = 0.9  # what is not right is never paid as if it were
_CODE = re.compile(r"chapter-\d\d?|[A-Z][0-9A][0-9A-Z](?:\.?[0-9A-Z]{1,4})?(?:-[A-Z][0-9A][0-9A-Z])?", re.IGNORECASE)


def partial(problem: Problem, trace: Trace, verdict: Verdict) -> Iterator[Reward]:
    """Yield the term "partial" in [0, 1] for kinds whose answer is a code; nothing where the verifier abstained."""
    if problem.kind not in CODES or verdict.correct is None:
        return
    if verdict.correct:
        yield Reward(name="partial", value=1.0)
        return
    said = {plain_code(code) for code in _CODE.findall(trace.answer or "")}
    near = nearness(said.pop(), plain_code(problem.answer)) if len(said) == 1 else 0.0
    yield Reward(name="partial", value=min(CAP, near))


def nearness(one: str, other: str) -> float:
    """Return 2 depth(lowest common group) / (depth(one) + depth(other)), in [0, 1]; 0 if either is no code.

    After: Wu and Palmer 1994, "Verb semantics and lexical selection". Chapters have depth 1.
    """
    paths = _paths()
    first, second = paths.get(one, ()), paths.get(other, ())
    if not first or not second:
        return 0.0
    shared = _shared(first, second)
    return 2 * shared / (len(first) + len(second))


def _shared(first: Sequence[str], second: Sequence[str]) -> int:
    shared = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        shared += 1
    return shared


@cache
def _paths() -> dict[str, tuple[str, ...]]:
    icd: Icd = load_icd(Scope())
    return {plain_code(name): tuple(reversed(list(icd.ancestors(name)))) for name in icd.codes}
