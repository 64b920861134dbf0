"""Questions with keys: doublings are looked up in the graph, sums are a formula."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice

from srm_core import EvalItem, FormulaKey, GraphKey, Problem, Triple
from srm_core.calculator import call
from srm_core.config import PackConfig
from srm_core.protocols import Knowledge

from .facts import KINDS, as_evidence, largest

QUERY = "SELECT ?answer WHERE { $number $double ?answer }"


def problems(knowledge: Knowledge, config: PackConfig) -> Iterator[Problem]:
    """Yield at most ``config.per_kind`` problems of each kind, in an order fixed by the seed."""
    wanted = config.kinds or KINDS
    if "double" in wanted:
        facts = list(knowledge.facts(predicate="toy:double"))
        order = random.Random(config.seed).sample(range(len(facts)), len(facts))
        for place in order[: config.per_kind]:
            yield _double(facts[place], _neighbours(facts, place))
    if "add" in wanted:
        yield from islice(_sums(largest(config), config.seed), config.per_kind)


def beyond(largest: int) -> Iterator[EvalItem]:
    """Yield doublings of numbers above ``largest``, without evidence."""
    for number in range(largest + 1, largest + 21):
        yield EvalItem(suite="toy-beyond", problem=add(number, number))


def add(one: int, other: int) -> Problem:
    """Return the problem of adding two numbers."""
    total = one + other
    return Problem(
        kind="add",
        question=f"What is {one} plus {other}?",
        answer=str(total),
        anchor=f"add:{min(one, other)}:{max(one, other)}",
        key=FormulaKey(formula="add", inputs={"one": one, "other": other}, low=total, high=total),
        solution=f"{one} plus {other} is {call(f'{one}+{other}')}.\nAnswer: {total}",
    )


def _double(fact: Triple, others: list[Triple]) -> Problem:
    number = fact.subject.removeprefix("toy:")
    shown = sorted([fact, *others], key=lambda each: each.id)
    return Problem(
        kind="double",
        question=f"What is the double of {number}?",
        answer=fact.object,
        anchor=f"number:{number}",
        facts=(fact.id,),
        evidence=tuple(as_evidence(each) for each in shown),
        key=GraphKey(query=QUERY, bindings={"number": fact.subject, "double": fact.predicate}),
        solution=f"By [{shown.index(fact) + 1}] the double of {number} is {fact.object}.\nAnswer: {fact.object}",
        parents=(fact.id,),
    )


def _neighbours(facts: list[Triple], place: int) -> list[Triple]:
    """Return the facts beside ``place``: near misses."""
    return [facts[other] for other in (place - 1, place + 1) if 0 <= other < len(facts)]


def _sums(largest: int, seed: int) -> Iterator[Problem]:
    dice = random.Random(seed)
    seen: set[tuple[int, int]] = set()
    while len(seen) < (largest + 1) ** 2 // 4:
        pair = (dice.randint(0, largest), dice.randint(0, largest))
        if tuple(sorted(pair)) not in seen:
            seen.add((min(pair), max(pair)))
            yield add(*pair)
