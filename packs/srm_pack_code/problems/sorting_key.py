"""The order that sorted with a key gives."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from srm_core.records import Kind, Problem
from srm_pack_code.drafting import Draft, named, problems_of
from srm_pack_code.running import value_key, value_of
from srm_pack_code.specs import WORDS

KIND = Kind(
    name="sorting_key",
    title="the order that sorted with a key gives",
    book="open",
    anchor="the items, the key and the direction",
    shared="the rules of sorting",
    second_grader="an interpreter of our own that walks the syntax tree and sorts by insertion",
)
ASKS = (
    "What is {e}?",
    "Give the list that {e} returns.",
    "In which order does {e} put the items? Give the list.",
    "Work out {e}.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield distinct problems."""
    return problems_of(KIND, _make, seed)


def _make(rng: Random) -> Draft | None:
    k = rng.randint(3, 7)
    items: list[Any]
    items, key, rule = rng.choice(
        (
            (rng.sample(WORDS, 4), "len", "key_len"),
            ([rng.choice((-1, 1)) * n for n in rng.sample(range(1, 40), 4)], "abs", "key_abs"),
            ([(rng.randint(1, 30), rng.randint(1, 30)) for _ in range(3)], "lambda p: p[1]", "key_second"),
            (rng.sample(WORDS, 4), "lambda w: w[-1]", "key_last"),
            (rng.sample(range(1, 60), 4), f"lambda n: n % {k}", "key_mod"),
            (rng.sample(range(1, 60), 4), "lambda n: -n", "key_minus"),
        )
    )
    turned = rng.random() < 0.25
    code, names = named(f"{{v}} = {items!r}", ("v",), rng)
    expression = f"sorted({names['v']}, key={key}{', reverse=True' if turned else ''})"
    value = value_of(code, expression)
    keys = value_of(f"g = {key}\nxs = {items!r}", "[g(x) for x in xs]")
    said = ", ".join(f"{item!r} {each!r}" for item, each in zip(items, keys, strict=True))
    rules = (rule, "sorted_reverse" if turned else "sorted")
    return Draft(
        ask=rng.choice(ASKS).format(e=expression),
        code=code,
        answer=repr(value),
        anchor=f"{items!r} {key} {turned}",
        key=value_key(code, expression, value),
        rules=rules,
        steps=f"keys [@{rule}]: {said}; {'largest' if turned else 'smallest'} first [@{rules[1]}]",
    )
