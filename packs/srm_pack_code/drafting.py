"""What all kinds share: a draft of a problem, the order of evidence, citations, balanced splits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from srm_core.composing import ROUND, rng_for
from srm_core.records import Evidence, Kind, Problem, Split, TestsKey, split_of

from .rules import near, rule_triple, twins

NAMES = ("a", "b", "c", "n", "x", "y", "k", "m", "p", "q", "t", "total", "count", "value")
_MARK = re.compile(r"\[@([^\]]+)\]")
_TRIES = 3000


@dataclass(frozen=True)
class Draft:
    """A problem before its evidence is in order. In ``steps`` ``[@name]`` cites the rule of that name."""

    ask: str
    code: str  # shown under the question; may be empty
    answer: str
    anchor: str  # constants and structure without the names of variables
    key: TestsKey
    rules: tuple[str, ...]  # needed, each once
    steps: str
    accept: tuple[str, ...] = ()
    extra: int = 2  # rules that are not needed


Make = Callable[[Random], Draft | None]


def problems_of(kind: Kind, make: Make, seed: int) -> Iterator[Problem]:
    """Yield distinct problems, 8 of train, 1 of test and 1 of dev in turn, until the kind gives no new ones."""
    waiting: dict[Split, list[tuple[int, Draft]]] = {"train": [], "dev": [], "test": []}
    seen: set[str] = set()
    number = 0
    turn = 0
    while True:
        wanted = ROUND[turn % len(ROUND)]
        turn += 1
        tries = 0
        while not waiting[wanted]:
            draft = make(rng_for(seed, kind.name, str(number)))
            number += 1
            tries += 1
            if draft is not None and draft.anchor not in seen:
                seen.add(draft.anchor)
                waiting[split_of(draft.anchor)].append((number, draft))
                tries = 0 if split_of(draft.anchor) == wanted else tries
            if tries > _TRIES:
                yield from (_problem(kind, draft, n, seed) for rest in waiting.values() for n, draft in rest)
                return
        number_of, draft = waiting[wanted].pop(0)
        yield _problem(kind, draft, number_of, seed)


def _problem(kind: Kind, draft: Draft, number: int, seed: int) -> Problem:
    rng = rng_for(seed, kind.name, str(number), "evidence")
    shown = [*dict.fromkeys(draft.rules), *_distractors(draft, rng)]
    rng.shuffle(shown)
    place = {name: n for n, name in enumerate(shown, 1)}
    triples = [rule_triple(name) for name in shown]
    needed = tuple(rule_triple(name).id for name in dict.fromkeys(draft.rules))
    return Problem(
        kind=kind.name,
        question=f"{draft.ask}\n{draft.code}" if draft.code else draft.ask,
        answer=draft.answer,
        accept=draft.accept,
        anchor=draft.anchor,
        parents=needed,
        evidence=tuple(Evidence(text=f"{triple.object}.", cites=(triple.id,)) for triple in triples),
        key=draft.key,
        solution=f"{_MARK.sub(lambda mark: f'[{place[mark[1]]}]', draft.steps)}.\nAnswer: {draft.answer}",
    )


def _distractors(draft: Draft, rng: Random) -> list[str]:
    if not draft.rules:
        return []
    found = [other for name in draft.rules for pool in (twins(name), near(name)) for other in _some(pool, rng)]
    fresh = [name for name in dict.fromkeys(found) if name not in draft.rules]
    rng.shuffle(fresh)
    return fresh[: draft.extra]


def _some(pool: Sequence[str], rng: Random) -> Sequence[str]:
    return rng.sample(pool, min(1, len(pool)))


def named(template: str, names: Sequence[str], rng: Random) -> tuple[str, dict[str, str]]:
    """Return ``template`` with ``{0}``, ``{1}``, ... replaced by drawn names, and the names by place."""
    drawn = rng.sample(NAMES, len(names))
    table = dict(zip(names, drawn, strict=True))
    return template.format_map(table), table
