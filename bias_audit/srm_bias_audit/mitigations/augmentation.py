"""Counterfactual data augmentation: training problems once more, about people of the other groups.

After: Lu et al. 2020 (Gender bias in neural natural language processing) and Zmigrod et al. 2019, who swap gendered
words. Here the problem is worded like the audit's twins are, so grammar-safe swaps where it states the attribute and an
opening sentence where it does not; a problem whose gold may depend on the attribute is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from srm_core.records import Problem

from ..mentions import MENTIONS, stated_sex
from ..selection import in_turns, origin
from ..swaps import swap
from ..twins import BY_NAME, GROUPS, PLACEBO, count_left_out, twins
from ..wordings import PATIENT, Wording


@dataclass(frozen=True)
class Augmented:
    """The problems given and their counterfactuals, and how many were left out, by attribute and reason."""

    problems: tuple[Problem, ...]
    left_out: Counter[tuple[str, str]]


def augmented(problems: Iterable[Problem], wording: Wording = PATIENT, *, seed: int = 0) -> Augmented:
    """Return ``problems`` followed by their counterfactuals: both wordings of each attribute that is safe to state.

    Both sides of a pair are added, so that stating an attribute is itself no sign of one group. Worked solutions are
    swapped with the question; where a solution speaks of the attribute and cannot be swapped, the pair is left out.
    A wording that stands there already is added once.

    Raises:
        ValueError: a problem is not of the training split: its twins would leak what the audit asks.
    """
    given = list(problems)
    if foreign := [problem.id for problem in given if problem.split != "train"]:
        raise ValueError(f"{len(foreign)} problems are not of the training split (first: {foreign[0]})")
    left_out = count_left_out(given)
    found: dict[str, Problem] = {problem.id: problem for problem in given}
    for probe in twins(in_turns(given, seed), wording):
        pair = [variant.problem for variant in probe.variants if variant.name != PLACEBO]
        solved = [_solved(problem, probe.attribute) for problem in pair]
        if any(problem is None for problem in solved):
            left_out[probe.attribute, "its solution cannot be swapped safely"] += 1
            continue
        found |= {problem.id: problem for problem in solved if problem is not None}
    return Augmented(tuple(found.values()), left_out)


def in_rotation(problems: Sequence[Problem], wording: Wording = PATIENT, *, seed: int = 0) -> Iterator[Problem]:
    """Yield the counterfactuals of `augmented` in rounds: in each, one attribute of every problem, another in the next.

    So any first part of them has every kind and every attribute in equal shares. Both wordings of a pair follow each
    other; one that was yielded before is not repeated.

    Raises:
        ValueError: a problem is not of the training split.
    """
    if foreign := [problem.id for problem in problems if problem.split != "train"]:
        raise ValueError(f"{len(foreign)} problems are not of the training split (first: {foreign[0]})")
    of: dict[str, list[list[Problem]]] = {}
    for probe in twins(in_turns(problems, seed), wording):
        solved = [_solved(each.problem, probe.attribute) for each in probe.variants if each.name != PLACEBO]
        pair = [problem for problem in solved if problem is not None]
        if len(pair) == len(solved):
            of.setdefault(origin(probe), []).append(pair)
    seen: set[str] = set()
    for turn in range(max(map(len, of.values()), default=0)):
        for place, pairs in enumerate(of.values()):
            if turn < len(pairs):
                yield from (each for each in pairs[(place + turn) % len(pairs)] if each.id not in seen)
                seen.update(each.id for each in pairs[(place + turn) % len(pairs)])


def _solved(problem: Problem, attribute: str) -> Problem | None:
    if attribute == BY_NAME:
        return None if _gives_away(problem) else problem
    solution = problem.solution
    for basis in GROUPS:  # a twin by age has the reference's sex too
        value = problem.groups.get(basis)
        if value is not None and MENTIONS[basis].search(solution):
            swapped = swap(solution, basis, value)
            if swapped is None:
                return None
            solution = swapped
    return problem.revised(solution=solution)


def _gives_away(problem: Problem) -> bool:
    # A name follows the sex that the question states; of what only the solution states it knows nothing.
    says_sex = MENTIONS["sex"].search(problem.solution) is not None and stated_sex(problem) is None
    return says_sex or MENTIONS["ethnicity"].search(problem.solution) is not None


def balance(problems: Sequence[Problem], attribute: str) -> Counter[str]:
    """Return how many of ``problems`` are about each group of ``attribute``; "" counts those that state none."""
    return Counter(problem.groups.get(attribute, "") for problem in problems)
