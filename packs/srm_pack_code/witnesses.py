"""Single items that tell a task's function from those that differ from it in one sign, which would pass without them.

A long list is no such test: where a fold forgets (a set, the largest), another item may give what the wrong one lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from random import Random
from typing import Any

from .specs import WORDS, Spec

NUMBERS = tuple(range(-12, 25))
FURTHER = (
    "be",
    "up",
    "window",
    "jacket",
    "violin",
    "quartz",
    "a",
    "yak",
    "hedgehog",
)  # lengths and letters WORDS lacks
_SIGN = re.compile(r"\d+|'[a-z]'|<=|>=|==|!=|<|>|\+|(?<!\*)\*(?!\*)|%|//")
_COMPARED = ("<", "<=", ">", ">=", "==", "!=")
_JOINED = ("+", "-", "*", "%", "//")


@lru_cache(maxsize=4096)
def witnesses(spec: Spec, words: bool) -> tuple[object, ...]:
    """Return few items, each a test alone, on which every function that differs in one sign and can be told is told."""
    items: tuple[object, ...] = (*WORDS, *FURTHER) if words else NUMBERS
    right = _function(spec.turn.code, spec.keep.code, spec)
    expected = [_outcome(right, item) for item in items]
    alive = []
    for wrong in _wrong_ones(spec):
        told = {n for n, item in enumerate(items) if _outcome(wrong, item) != expected[n]}
        if told:
            alive.append(told)
    found = []
    while alive:
        counts = {n: sum(n in told for told in alive) for n in range(len(items))}
        best = max(counts, key=lambda n: (counts[n], -n))
        found.append(items[best])
        alive = [told for told in alive if best not in told]
    return tuple(found)


def _wrong_ones(spec: Spec) -> Iterator[Callable[[list[object]], Any]]:
    for code in changed(spec.keep.code):
        yield _function(spec.turn.code, code, spec)
    for code in changed(spec.turn.code):
        yield _function(code, spec.keep.code, spec)


def changed(code: str) -> Iterator[str]:
    """Yield ``code`` with one number, letter or operator changed, each once; some of it is no Python."""
    for match in _SIGN.finditer(code):
        sign = match.group()
        if sign.isdecimal():
            others = [str(n) for n in range(13)]
        elif sign.startswith("'"):
            others = [f"'{chr(n)}'" for n in range(ord("a"), ord("z") + 1)]
        else:
            others = [*(_COMPARED if sign in _COMPARED else _JOINED)]
        for other in others:
            if other != sign:
                yield f"{code[: match.start()]}{other}{code[match.end() :]}"


def _function(turn: str, keep: str, spec: Spec) -> Callable[[list[object]], Any]:
    whole = spec.fold.whole.format(each=f"{turn} for x in xs if {keep}")
    names: dict[str, Any] = {}
    try:
        exec(f"def f(xs): return {whole}", names)  # noqa: S102 text of our templates
    except SyntaxError:
        return lambda xs: SyntaxError
    return names["f"]  # type: ignore[no-any-return]


def _outcome(function: Callable[[list[object]], Any], item: object) -> object:
    try:
        return function([item])
    except Exception as error:
        return type(error)


def inputs_of(spec: Spec, words: bool, rng: Random) -> list[list[object]]:
    """Return the hidden inputs: none, one, a few, every item there is, and the single items that tell."""
    single: list[list[object]] = [[item] for item in witnesses(spec, words)]
    if words:
        drawn: list[list[object]] = [[rng.choice(WORDS) for _ in range(n)] for n in (1, 4, 8)]
        return [[], *drawn, list(WORDS), *single]
    full: list[object] = [*range(-12, 13), 21, 25, 36, 49]
    rng.shuffle(full)
    drawn = [[rng.randint(-20, 40) for _ in range(n)] for n in (3, 6, 9)]
    return [[], [rng.randint(1, 9)], *drawn, full, *single]
