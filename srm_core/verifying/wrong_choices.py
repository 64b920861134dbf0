"""Near misses of an option: another one, several, letters and texts that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.prompts import LETTERS
from srm_core.records import Problem

from .cases import Case
from .truth import loose, option_of


def wrong_choices(problem: Problem) -> Iterator[Case]:
    """Yield answers that name another option, several of them or none. No case without options."""
    right = option_of(problem)
    if right is None or len(problem.choices) < 2 or len(problem.choices) > len(LETTERS):
        return
    choices, letters = problem.choices, LETTERS[: len(problem.choices)]
    distinct = len({loose(choice) for choice in choices}) == len(choices)
    lettered = not any(len(loose(choice)) <= 1 for choice in choices)
    for place, choice in enumerate(choices):
        if place == right:
            continue
        if distinct:
            yield Case("neighbour", f"Answer: {choice}", "the text of another option")
            yield Case("two answers", f"Answer: {choices[right]} or {choice}", "two options")
            yield Case("two answers", f"Answer: {choice}, {choices[right]}", "two options")
        if lettered:
            yield Case("neighbour", f"Answer: {letters[place]}", "the letter of another option")
            yield Case("two answers", f"Answer: {letters[right]} or {letters[place]}", "two letters")
            yield Case("two answers", f"Answer: {letters[place]}{letters[right]}", "two letters")
        if lettered and distinct:
            yield Case("contradiction", f"Answer: {letters[right]}) {choice}", "the letter of one, the text of another")
            yield Case(
                "contradiction", f"Answer: {letters[place]}. {choices[right]}", "the text of one, the letter of another"
            )
    if lettered:
        yield Case("enumeration", f"Answer: {', '.join(letters)}", "all letters")
        yield Case("enumeration", f"Answer: {letters}", "all letters")
    if lettered and len(choices) < len(LETTERS):
        yield Case("neighbour", f"Answer: {LETTERS[len(choices)]}", "a letter beyond the options")
    yield Case("enumeration", f"Answer: {', '.join(choices)}", "all options")
    yield Case("enumeration", "Answer: all of the above", "all options")
