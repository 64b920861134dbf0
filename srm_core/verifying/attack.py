"""Search for wrong outputs that a verifier rewards, and keep what is found as a regression test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random

from srm_core.errors import ConfigError
from srm_core.records import Problem, Text, Value, digest

from .cases import Case
from .exploits import SEPARATORS, exploits, stuffed
from .garbage import garbage
from .judging import Judge
from .near_misses import Right, near_misses, nothing_further, other_golds
from .truth import holds_right, loose, right_texts, without_cites

PER_KIND = 12  # problems of a kind that are attacked
ROUNDS = 60  # drawn combinations for each problem
_WITHOUT_GOLD = ("empty structure", "instruction to a judge", "exhaustion")  # a gold inside is there by chance
_AROUND_GOLD = (  # a program with words around it may be a program again
    "enumeration", "stuffing", "tricks with signs", "LaTeX", "words that change the value", "quotation of the prompt",
)  # fmt: skip
_CHANGES = (
    "{}",
    "**{}**",
    "({})",
    "[{}]",
    '"{}"',
    "${}$",
    "\\text{{{}}}",
    "{}.",
    "{} ",
    "\u200b{}",
    "{}\u0301",
    "<b>{}</b>",
)


class Rewarded(Value):
    """A wrong output that was rewarded: enough to judge it again."""

    problem: Problem
    family: Text
    text: str
    why: Text


def attack(
    problems: Iterable[Problem],
    judge: Judge,
    *,
    right: Right = nothing_further,
    per_kind: int = PER_KIND,
    seed: int = 0,
) -> Iterator[Rewarded]:
    """Yield every wrong output of the search that ``judge`` accepts, and every one on which it fails or hangs.

    Fixed families come first (empty structures, enumerations, stuffing, signs and LaTeX, quotations, instructions to a
    judge, exhaustion, near misses), then `ROUNDS` combinations of wrappers and separators drawn by ``seed``.
    """
    by_kind: dict[str, list[Problem]] = {}
    for problem in problems:
        by_kind.setdefault(problem.kind, []).append(problem)
    for pool in by_kind.values():
        for place, problem in enumerate(pool[:per_kind]):
            cases = list(_cases(problem, pool, right, seed, exhausting=place == 0))
            verdicts = judge(problem, [case.text for case in cases])
            for case, verdict in zip(cases, verdicts, strict=True):
                if verdict.correct is not False:
                    why = case.why if verdict.correct else f"no verdict: {verdict.reason}"
                    yield Rewarded(problem=problem, family=case.family, text=case.text, why=why)


def sorts(found: Iterable[Rewarded]) -> list[tuple[Rewarded, int]]:
    """Return one finding of each sort and how many there are: the same kind, and the same text around the gold."""
    groups: dict[tuple[str, str], list[Rewarded]] = {}
    for each in found:
        around = each.text.replace(each.problem.answer, "\0")
        groups.setdefault((each.problem.kind, around), []).append(each)
    return [(group[0], len(group)) for group in groups.values()]


def still_rewarded(found: Iterable[Rewarded], judge: Judge) -> list[Rewarded]:
    """Return those of ``found`` that ``judge`` does not call wrong: the regression test is that there are none."""
    return [each for each in found if judge(each.problem, [each.text])[0].correct is not False]


def save(found: Sequence[Rewarded], path: Path) -> int:
    """Add ``found`` to the JSON lines in ``path``, each once; return how many are new."""
    known = {_name(each) for each in load(path)} if path.exists() else set()
    new = [each for each in found if _name(each) not in known]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(each.model_dump_json(ensure_ascii=True) + "\n" for each in new)
    return len(new)


def load(path: Path) -> list[Rewarded]:
    """Return what `save` has written.

    Raises:
        ConfigError: a line is no finding.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            found.append(Rewarded.model_validate_json(line))
        except ValueError as error:
            raise ConfigError(f"{path}, line {number}: not a finding of `srm verifier attack` ({error})") from None
    return found


def _name(each: Rewarded) -> tuple[str, str]:
    return each.problem.id, each.text


def _cases(problem: Problem, pool: Sequence[Problem], right: Right, seed: int, *, exhausting: bool) -> Iterator[Case]:
    rng = Random(int(digest([problem.id, seed])[:12], 16))
    known = right_texts(problem, right(problem))
    problem = without_cites(problem)[0]
    known |= {problem.answer}
    others = other_golds(problem, pool, known, rng) or ["something else"]
    seen = {f"Answer: {text}" for text in known}
    empty = _WITHOUT_GOLD if loose(problem.answer) else ()
    for case in _all(problem, pool, right, others, rng, exhausting=exhausting):
        doubtful = problem.key.type == "tests" and case.family in _AROUND_GOLD
        if case.text not in seen and not doubtful and not (case.family in empty and holds_right(problem, case.text)):
            seen.add(case.text)
            yield case


def _all(
    problem: Problem, pool: Sequence[Problem], right: Right, others: Sequence[str], rng: Random, *, exhausting: bool
) -> Iterator[Case]:
    yield from exploits(problem, others)
    yield from near_misses(problem, pool, right)
    for separator in SEPARATORS:
        for swapped in (False, True):
            yield stuffed(problem.answer, others[0], separator, swapped=swapped)
    if exhausting:
        yield from (Case("exhaustion", case.text, case.why) for case in garbage())
        yield Case("exhaustion", f"Answer: {others[0]}" + " " * 300 + problem.answer, "two answers far apart")
    for _ in range(ROUNDS):
        one = rng.choice(_CHANGES).format(problem.answer)
        two = rng.choice(_CHANGES).format(rng.choice(others))
        yield stuffed(one, two, rng.choice(SEPARATORS), swapped=rng.random() < 0.5)
