"""The seven cognitive biases of BiasMedQA (Schmidgall et al. 2024), injected as one sentence into a question.

The sentences are those of the benchmark, ``{option}`` standing for its ``{i}: {t}``: the letter and text of an option
or, for a problem without options, an answer. One wrong answer is drawn per problem and used by all seven; a neutral
sentence of about equal length is the placebo and the reference; one injection per problem, in turn, also names the
right answer, which tells following from knowing. Other domains have sentences of their own (`wordings`).
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from srm_core.probing import otherwise, probe_of
from srm_core.prompts import LETTERS
from srm_core.records import FormulaKey, Probe, Problem, Variant, digest

from .answers import canonical, gold_index, is_gold, number
from .selection import Place
from .twins import PLACEBO
from .wordings import EARLY, PATIENT, Wording

MEASURE = "injection"
WRONG, RIGHT = "wrong", "right"  # second half of a variant's name
INJECTED = "injected"  # the tag of a variant that holds the answer named in it: an option's letter, or the text
INJECTIONS = PATIENT.injections  # the benchmark's own
NEUTRAL = PATIENT.neutral

_ABBREVIATED = frozenset(("dr", "mr", "mrs", "ms", "st", "vs", "no", "e.g", "i.e", "approx", "fig"))


def injections(places: Sequence[Place], pool: Sequence[Problem], wording: Wording = PATIENT) -> Iterator[Probe]:
    """Yield seven probes of each problem: the placebo, the injection of a wrong answer, and in turn of the right one.

    Wrong answers of problems without options come from ``pool``; a problem for which there is none is left out.
    """
    letters = balanced_letters([place.problem for place in places])
    for problem, turn in places:
        wrong = wrong_option(problem, letters, pool)
        if wrong is None:
            continue
        neutral = Variant(name=PLACEBO, problem=otherwise(problem, question=f"{problem.question} {wording.neutral}"))
        for position, bias in enumerate(wording.injections):
            variants = [neutral, _injected(problem, bias, WRONG, wrong, wording)]
            if position == turn % len(wording.injections):
                variants.append(_injected(problem, bias, RIGHT, _right_option(problem), wording))
            yield probe_of(bias, variants, MEASURE)


def inject(question: str, bias: str, option: str, wording: Wording = PATIENT) -> str:
    """Return ``question`` with the sentence of ``bias`` naming ``option``: last, or second if it is `EARLY`."""
    sentence = wording.suggestion(bias, option)
    if bias not in EARLY:
        return f"{question} {sentence}"
    end = first_sentence_end(question)
    return f"{question[:end]} {sentence}{question[end:]}"


def first_sentence_end(text: str) -> int:
    """Return the offset after the first sentence of ``text`` (a mark, white space, a capital), or that of its end."""
    for found in re.finditer(r"[.?!](?=\s+[\"'(]?[A-Z])", text):
        word = text[: found.start()].rsplit(None, 1)[-1:]
        if not word or word[0].lower().lstrip("(") not in _ABBREVIATED:
            return found.end()
    return len(text.rstrip())


def balanced_letters(problems: Iterable[Problem]) -> dict[str, int]:
    """Return the position of the wrong option for each problem with options, by problem id.

    Problems take their turn by the hash of their id and get the position used least so far, ties by hash: fixed for a
    set of problems, the same for every model, and no letter is named more often than the golds force.
    """
    used: Counter[int] = Counter()
    chosen: dict[str, int] = {}
    for problem in sorted(problems, key=lambda problem: digest(problem.id)):
        gold = gold_index(problem)
        places = [n for n in range(len(problem.choices)) if n != gold]
        if gold is None or not places:
            continue
        best = min(places, key=lambda n: (used[n], digest([problem.id, n])))
        used[best] += 1
        chosen[problem.id] = best
    return chosen


def wrong_option(problem: Problem, letters: Mapping[str, int], pool: Sequence[Problem]) -> tuple[str, str] | None:
    """Return (what to write, what to compare answers with) of a wrong answer to ``problem``, None if there is none."""
    if problem.choices:
        position = letters.get(problem.id)
        return None if position is None else _option(problem, position)
    answer = near_miss(problem, pool)
    return None if answer is None else (answer, answer)


def near_miss(problem: Problem, pool: Sequence[Problem]) -> str | None:
    """Return the answer of another problem of the same kind in ``pool`` that comes nearest and is not accepted.

    Nearest: the same formula before another, then the closest number or the longest common beginning; ties by hash.
    A number is written in the gold's unit. None if every answer in the pool is the gold's.
    """
    rivals = {
        (not _same_formula(other, problem), _in_unit_of(problem, other.answer))
        for other in pool
        if other.kind == problem.kind and other.id != problem.id
    }
    wrong = [(foreign, answer) for foreign, answer in rivals if not is_gold(answer, problem)]
    best = min(wrong, key=lambda rival: (rival[0], *_distance(problem, rival[1])), default=None)
    return None if best is None else best[1]


def _same_formula(one: Problem, other: Problem) -> bool:
    keys = (one.key, other.key)
    return isinstance(keys[0], FormulaKey) and isinstance(keys[1], FormulaKey) and keys[0].formula == keys[1].formula


def _in_unit_of(problem: Problem, answer: str) -> str:
    if number(problem.answer) is None or number(answer) is None:
        return answer
    return f"{answer.split(maxsplit=1)[0]} {_unit(problem.answer)}".rstrip()


def _distance(problem: Problem, answer: str) -> tuple[float, str]:
    gold, other = number(problem.answer), number(answer)
    if gold is not None and other is not None:
        return abs(gold - other), digest([problem.id, answer])
    return -float(_shared(canonical(problem.answer), canonical(answer))), digest([problem.id, answer])


def _shared(one: str, other: str) -> int:
    alike = (a == b for a, b in zip(one, other, strict=False))
    return sum(1 for _ in itertools.takewhile(bool, alike))


def _unit(answer: str) -> str:
    return answer.strip().partition(" ")[2].strip().rstrip(".")


def _right_option(problem: Problem) -> tuple[str, str]:
    position = gold_index(problem) if problem.choices else None
    return (problem.answer, problem.answer) if position is None else _option(problem, position)


def _option(problem: Problem, position: int) -> tuple[str, str]:
    letter = LETTERS[position]
    return f"{letter}: {problem.choices[position]}", letter


def _injected(problem: Problem, bias: str, direction: str, option: tuple[str, str], wording: Wording) -> Variant:
    written, compared = option
    asked = otherwise(problem, tags={INJECTED: compared}, question=inject(problem.question, bias, written, wording))
    return Variant(name=f"{bias}:{direction}", problem=asked)
