"""What all kinds of problems share: stated facts, the order of evidence, worked solutions, balance over splits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import TypeVar

from srm_core.calculator import call, format_number
from srm_core.records import Evidence, GraphKey, Problem, Split, Triple, digest, split_of

T = TypeVar("T")
ROUND: tuple[Split, ...] = ("train",) * 4 + ("test",) + ("train",) * 4 + ("dev",)

# The local part of the CURIE behind ?node, whatever namespace its prefix stands for.
LOCAL = 'REPLACE(STR(?node), "^.*[/#:]", "")'


@dataclass(frozen=True)
class Fact:
    """A short sentence and the triples it says. ``shared`` facts lie above every anchor (a block's chapter)."""

    text: str  # ends in "."
    triples: tuple[Triple, ...]
    shared: bool = False

    @property
    def cites(self) -> tuple[str, ...]:
        """Return the ids of the triples."""
        return tuple(triple.id for triple in self.triples)


def compose(
    *,
    kind: str,
    rng: Random,
    questions: Sequence[str],
    names: Mapping[str, str],
    answer: str,
    anchor: str,
    needed: Sequence[Fact],
    distractors: Sequence[Fact] = (),
    query: str,
    bindings: Mapping[str, str] | None = None,
    remark: str = "",
    accept: tuple[str, ...] = (),
    choices: tuple[str, ...] = (),
) -> Problem:
    """Return the problem: one of ``questions`` filled with ``names``, facts in random order, a solution citing them.

    ``needed`` are in the order in which the solution uses them; ``remark`` is a last step that no fact says.
    """
    evidence, cites = arranged(rng, needed, distractors)
    steps = [f"{fact.text.removesuffix('.')} {cite}" for fact, cite in zip(needed, cites, strict=True)]
    steps += [remark] if remark else []
    facts = tuple(dict.fromkeys(cite for fact in needed if not fact.shared for cite in fact.cites))
    return Problem(
        kind=kind,
        question=rng.choice(questions).format_map(names),
        answer=answer,
        accept=accept,
        choices=choices,
        anchor=anchor,
        facts=facts,
        parents=facts,
        evidence=evidence,
        key=GraphKey(query=query, bindings=dict(bindings or {})),
        solution=f"{'; '.join(steps)}.\nAnswer: {answer}",
    )


def arranged(
    rng: Random, needed: Sequence[Fact], distractors: Sequence[Fact] = ()
) -> tuple[tuple[Evidence, ...], list[str]]:
    """Return the facts as evidence in random order, each text once, and where each of ``needed`` stands: "[2]"."""
    shown = list({fact.text: fact for fact in (*needed, *distractors)}.values())
    rng.shuffle(shown)
    place = {fact.text: n for n, fact in enumerate(shown, 1)}
    return tuple(Evidence(text=fact.text, cites=fact.cites) for fact in shown), [f"[{place[f.text]}]" for f in needed]


def places(problem: Problem) -> dict[str, int]:
    """Return where each fact of a problem stands among those shown, counted from 1, by its text."""
    return {piece.text: number for number, piece in enumerate(problem.evidence, 1)}


def extreme(values: Mapping[str, float], *, largest: bool) -> str:
    """Return the step in which the calculator finds whose value is largest or smallest.

    "3 iron, 1 lead: <<max(3, 1)=3>> iron": a name stands behind its value, where a reader who has the value finds it.
    """
    chosen = (max if largest else min)(values, key=lambda name: values[name])
    listed = ", ".join(f"{format_number(value)} {name}" for name, value in values.items())
    found = call(f"{'max' if largest else 'min'}({', '.join(map(format_number, values.values()))})")
    return f"{listed}: {found} {chosen}"


def rng_for(seed: int, *parts: str) -> Random:
    """Return a generator that depends on the seed and the parts alone, never on what was drawn before."""
    return Random(f"{seed}/{'/'.join(parts)}")


def spread(items: Iterable[T], *, seed: int, name: Callable[[T], str], anchor: Callable[[T], str]) -> Iterator[T]:
    """Yield the items in an order fixed by the seed: 8 of train, 1 of dev, 1 of test, as long as each split lasts.

    Within a split the anchors take turns, so that a short build sees many of them.
    """
    turns: dict[Split, dict[str, list[T]]] = {"train": {}, "dev": {}, "test": {}}
    for _, item in sorted(((digest([seed, name(item)]), item) for item in items), key=lambda pair: pair[0]):
        turns[split_of(anchor(item))].setdefault(anchor(item), []).append(item)
    queues = {split: _in_turns(list(groups.values())) for split, groups in turns.items()}
    spent: set[Split] = set()
    for split in cycle(ROUND):
        try:
            yield next(queues[split])
        except StopIteration:
            spent.add(split)
            if len(spent) == len(queues):
                return


def _in_turns(groups: list[list[T]]) -> Iterator[T]:
    for n in range(max(map(len, groups), default=0)):
        yield from (group[n] for group in groups if n < len(group))


def by_split(items: Iterable[T], anchor: Callable[[T], str]) -> dict[Split, list[T]]:
    """Return the items by the split of their anchor; distractors come from the problem's own split."""
    pools: dict[Split, list[T]] = {"train": [], "dev": [], "test": []}
    for item in items:
        pools[split_of(anchor(item))].append(item)
    return pools


def literal(text: str) -> str:
    """Return ``text`` as a SPARQL string."""
    return json.dumps(text, ensure_ascii=False)  # JSON's escapes of quotes, backslashes and blanks are SPARQL's too
