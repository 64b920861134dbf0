"""All near misses of a problem: answers that look right and are wrong, each with the reason why it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from random import Random

from srm_core.records import FormulaKey, Problem, digest

from .cases import Case
from .truth import is_decision, maybe_right, option_of, plain_number, right_texts, without_cites
from .wrong_choices import wrong_choices
from .wrong_layouts import wrong_layouts
from .wrong_numbers import wrong_measures, wrong_numbers
from .wrong_words import wrong_words

Right = Callable[[Problem], Collection[str]]  # further right answers, e.g. what the key's query finds
NEIGHBOURS = 4  # golds of other problems that are offered to each
_TRIES = 40
_ONE_LINE = "Answer: "
_BY_FORM = frozenset(  # wrong by what the text does with the gold; the others are wrong if they are not the gold
    ("unit", "two answers", "wrong field", "enumeration", "contradiction", "refusal", "negation")
)


def nothing_further(problem: Problem) -> Collection[str]:
    """Say that the gold and its accepted forms are all there is."""
    return ()


def near_misses(problem: Problem, pool: Sequence[Problem], right: Right = nothing_further) -> list[Case]:
    """Return the near misses of ``problem``, each once, in an order that its id decides.

    ``pool`` holds problems of the same kind; golds of theirs that are certainly no answer here serve as other answers.
    """
    rng = Random(int(digest(problem.id)[:12], 16))
    known = right_texts(problem, right(problem))
    problem = without_cites(problem)[0]
    known |= {problem.answer}
    others = other_golds(problem, pool, known, rng)
    cases = [*wrong_numbers(problem), *wrong_choices(problem)]
    if not isinstance(problem.key, FormulaKey) and option_of(problem) is None:
        cases += [*wrong_measures(problem), *wrong_words(problem)]
    if not is_decision(problem):
        cases += [Case("neighbour", f"Answer: {other}", "the gold of another problem") for other in others]
    other = others[0] if others else _made_up(problem)
    cases += wrong_layouts(problem, other)
    certain: dict[str, Case] = {}
    for case in cases:
        if not _doubtful(problem, case, known):
            certain.setdefault(case.text, case)
    return list(certain.values())


def other_golds(problem: Problem, pool: Sequence[Problem], known: Collection[str], rng: Random) -> list[str]:
    """Return up to `NEIGHBOURS` golds of other problems (or other options) that are certainly wrong here."""
    place = option_of(problem)
    if place is not None:
        return [choice for n, choice in enumerate(problem.choices) if n != place][:NEIGHBOURS]
    found: dict[str, None] = {}
    for _ in range(min(_TRIES, 4 * len(pool))):
        other = without_cites(rng.choice(pool))[0]
        if other.id != problem.id and not maybe_right(problem, other.answer, known):
            found[other.answer] = None
        if len(found) == NEIGHBOURS:
            break
    return list(found)


def _made_up(problem: Problem) -> str:
    """Return an answer that is wrong where no other problem offers one."""
    number = plain_number(problem.answer)
    if number is None:
        return "something else"
    high = problem.key.high if isinstance(problem.key, FormulaKey) else number[0]
    return f"{abs(high) * 3 + 7:g} {number[1]}".strip()


def _doubtful(problem: Problem, case: Case, known: Collection[str]) -> bool:
    """Say whether the text may be right after all: an edit can happen to give an accepted form."""
    if not case.text.startswith(_ONE_LINE) or "\n" in case.text:
        return False
    said = case.text.removeprefix(_ONE_LINE)
    if problem.key.type == "tests" and case.family in ("two answers", "wrong field", "negation"):
        return True  # words around a program may be a program again
    if case.family in _BY_FORM:
        return not said.strip() or said in known
    return maybe_right(problem, said, known)
