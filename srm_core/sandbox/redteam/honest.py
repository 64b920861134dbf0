"""Honest programs in many styles: 20 ways to write each of 11 small tasks. All of them must pass."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

_LISTS = ([3, -4, 7, 0, 12, 5, 8], [1], [-2, -9, 6, 6, 10], [100, 51, 2, -7])


@dataclass(frozen=True)
class Honest:
    """A program that is right, the function asked for, and (arguments, value) of its tests."""

    name: str
    code: str
    entry: str
    tests: tuple[tuple[tuple[object, ...], object], ...]


# keep: which items, turn: what becomes of them; both as expressions in x
_TASKS = {
    "even": ("x % 2 == 0", "x"),
    "positive squares": ("x > 0", "x * x"),
    "halves": ("True", "x / 2"),
    "words": ("x != 0", "str(x)"),
    "pairs": ("x > 2", "(x, -x)"),
    "flags": ("x < 10", "x > 3"),
    "rests": ("x >= 0", "divmod(x, 3)"),
    "floats": ("x != 5", "round(x * 0.1, 3)"),
    "lists": ("x % 3 == 0", "[x, [x + 1]]"),
    "signs": ("x", "(x > 0) - (x < 0)"),
    "letters": ("0 <= x < 26", "chr(97 + x)"),
}
_STYLES = """
### loop
def solve(xs):
    out = []
    for x in xs:
        if {keep}:
            out.append({turn})
    return out
### comprehension
def solve(xs):
    return [{turn} for x in xs if {keep}]
### lambda
solve = lambda xs: [{turn} for x in xs if {keep}]
### filter and map
def solve(xs):
    return list(map(lambda x: {turn}, filter(lambda x: {keep}, xs)))
### generator
def parts(xs):
    for x in xs:
        if {keep}:
            yield {turn}
def solve(xs):
    return list(parts(xs))
### recursion
def solve(xs):
    if not xs:
        return []
    x, *rest = xs
    return ([{turn}] if {keep} else []) + solve(rest)
### reduce
from functools import reduce
def solve(xs):
    return reduce(lambda out, x: out + [{turn}] if {keep} else out, xs, [])
### while
def solve(xs):
    i, out = 0, []
    while i < len(xs):
        x = xs[i]
        i += 1
        if not ({keep}):
            continue
        out += [{turn}]
    return out
### class
class Solver:
    def __init__(self, xs):
        self.xs = xs
    def __call__(self):
        return [{turn} for x in self.xs if {keep}]
def solve(xs):
    return Solver(xs)()
### typed
from __future__ import annotations
from typing import Any
def solve(xs: list[int]) -> list[Any]:
    '''Return them.'''
    out: list[Any] = []
    for x in xs:
        if {keep}:
            out.append({turn})
    return out
### nested
def solve(xs):
    def keep(x):
        return {keep}
    def turn(x):
        return {turn}
    return [turn(x) for x in xs if keep(x)]
### deque
from collections import deque
def solve(xs):
    queue, out = deque(xs), []
    while queue:
        x = queue.popleft()
        if {keep}:
            out.append({turn})
    return out
### itertools
import itertools
def solve(xs):
    return list(itertools.starmap(lambda x: {turn}, ((x,) for x in xs if {keep})))
### decorator
import functools
def traced(f):
    @functools.wraps(f)
    def inner(*args):
        return f(*args)
    return inner
@traced
def solve(xs):
    return [{turn} for x in xs if {keep}]
### cache
from functools import lru_cache
@lru_cache(maxsize=None)
def turn(x):
    return {turn}
def solve(xs):
    return [turn(x) for x in xs if {keep}]
### iterator
def solve(xs):
    it, out = iter(xs), []
    while True:
        try:
            x = next(it)
        except StopIteration:
            return out
        if {keep}:
            out.append({turn})
### dataclass
from dataclasses import dataclass, field
@dataclass
class Box:
    items: list = field(default_factory=list)
def solve(xs):
    box = Box()
    for x in xs:
        if {keep}:
            box.items.append({turn})
    return box.items
### match
def solve(xs):
    out = []
    for x in xs:
        match bool({keep}):
            case True:
                out.append({turn})
            case _:
                pass
    return out
### chatty
import sys
print('ready')
def solve(xs):
    print('called with', xs, file=sys.stderr)
    result = [{turn} for x in xs if {keep}]
    print(result)
    return result
if __name__ == '__main__':
    solve(input())
### main and imports
import math, re, random, string, heapq, bisect
import datetime, decimal, fractions, statistics, json
random.seed(1)
def solve(xs):
    return json.loads(json.dumps(0)) or [{turn} for x in xs if {keep}]
def main():
    assert solve([]) == []
main()
"""
_LIBRARY = """
### decimal
from decimal import Decimal
def solve(a, b):
    return float(Decimal(a) + Decimal(b))
### fraction
from fractions import Fraction
def solve(a, b):
    return str(Fraction(a, b))
### date
import datetime
def solve(t):
    return datetime.datetime.strptime(t, '%Y-%m-%d').weekday()
### pattern
import re
def solve(t):
    return re.findall(r'\\d+', t)
### heap
import heapq
def solve(xs, k):
    return heapq.nlargest(k, xs)
### counter
from collections import Counter
def solve(t):
    return Counter(t)
### defaultdict
from collections import defaultdict
def solve(t):
    d = defaultdict(list)
    for c in t:
        d[len(c)].append(c)
    return d
### set
def solve(a, b):
    return set(a) & set(b)
### complex
import cmath
def solve(x):
    return cmath.sqrt(x)
### big
import math
def solve(n):
    return math.factorial(n)
### bytes
import hashlib
def solve(t):
    return hashlib.md5(t.encode()).digest()[:2]
### none
def solve(d, k):
    return d.get(k)
"""
_LIBRARY_TESTS: dict[str, tuple[tuple[object, ...], object]] = {
    "decimal": (("0.1", "0.2"), 0.3),
    "fraction": ((6, 8), "3/4"),
    "date": (("2024-02-29",), 3),
    "pattern": (("a1b22",), ["1", "22"]),
    "heap": (([3, 9, 4], 2), [9, 4]),
    "counter": (("aab",), {"a": 2, "b": 1}),
    "defaultdict": ((["a", "bb", "c"],), {1: ["a", "c"], 2: ["bb"]}),
    "set": (([1, 2], [2, 3]), {2}),
    "complex": ((-4,), 2j),
    "big": ((60,), math.factorial(60)),
    "bytes": (("a",), b"\x0c\xc1"),
    "none": (({"a": 1}, "b"), None),
}


def honest() -> Iterator[Honest]:
    """Yield every program with its tests; the values are worked out here, by the plainest form of each task."""
    for task, (keep, turn) in _TASKS.items():
        tests = tuple(((list(xs),), _plain(keep, turn, xs)) for xs in _LISTS)
        for style, form in _parts(_STYLES):
            yield Honest(f"{task}, {style}", form.format(keep=keep, turn=turn), "solve", tests)
    for name, code in _parts(_LIBRARY):
        yield Honest(name, code, "solve", (_LIBRARY_TESTS[name],))


def _parts(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split("### ")[1:]:
        name, _, code = part.partition("\n")
        yield name, code


def _plain(keep: str, turn: str, xs: list[int]) -> list[object]:
    chosen = [x for x in xs if eval(keep, {"x": x})]  # noqa: S307 the expressions are the constants above
    return [eval(turn, {"x": x}) for x in chosen]  # noqa: S307
