"""Short loops with a trace of every round; `loop_trace` and `trace_values` ask about them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from srm_core.calculator import call
from srm_pack_code.specs import WORDS

from .predict_output import arithmetic, worked


@dataclass(frozen=True)
class Loop:
    """A loop over whole numbers or letters: its program, the rules it needs, what each round does, the values."""

    template: str  # names {i} and {v}
    rules: tuple[str, ...]
    rounds: tuple[str, ...]  # one step each, with {i} and {v}
    values: tuple[object, ...]  # of {v} after each round


def draw_loop(rng: Random) -> Loop:
    """Return a loop of 2 to 4 short rounds: its trace fits into 90 tokens."""
    return rng.choice((_ranged, _ranged, _listed, _chosen, _halved, _spelled))(rng)


def _ranged(rng: Random) -> Loop:
    start, low = rng.randint(0, 9), rng.choice((0, 0, 1, 2, 3))
    rounds = 3
    op, by = rng.choice("+-*"), rng.randint(2, 5)
    head = f"for {{i}} in range({rounds}):" if low == 0 else f"for {{i}} in range({low}, {low + rounds}):"
    value, steps, values = start, [], []
    for i in range(low, low + rounds):
        steps.append(f"{{i}} is {i}: {{v}} = {call(f'{value}+({i}{op}{by})')}")
        value += arithmetic(i, op, by)
        values.append(value)
    return Loop(
        f"{{v}} = {start}\n{head}\n    {{v}} += {{i}} {op} {by}",
        ("range_n" if low == 0 else "range_ab", "plus_assign"),
        tuple(steps),
        tuple(values),
    )


def _listed(rng: Random) -> Loop:
    start, items = rng.randint(1, 9), [rng.randint(1, 9) for _ in range(3)]
    op = rng.choice(("+=", "-=", "*="))
    value, steps, values = start, [], []
    for item in items:
        steps.append(f"{{i}} is {item}: {{v}} = {worked(value, op[0], item)}")
        value = arithmetic(value, op[0], item)
        values.append(value)
    name = {"+=": "plus_assign", "-=": "minus_assign", "*=": "times_assign"}[op]
    return Loop(
        f"{{v}} = {start}\nfor {{i}} in {items}:\n    {{v}} {op} {{i}}", ("for", name), tuple(steps), tuple(values)
    )


def _chosen(rng: Random) -> Loop:
    items = [rng.randint(1, 20) for _ in range(3)]
    limit, add = rng.randint(4, 14), rng.randint(1, 5)
    value, steps, values = 0, [], []
    for item in items:
        more = item if item > limit else add
        side = "above" if item > limit else "not above"
        steps.append(f"{{i}} is {item}, {side} {limit}: {{v}} = {worked(value, '+', more)}")
        value += more
        values.append(value)
    code = f"{{v}} = 0\nfor {{i}} in {items}:\n    {{v}} += {{i}} if {{i}} > {limit} else {add}"
    return Loop(code, ("for", "plus_assign"), tuple(steps), tuple(values))


def _halved(rng: Random) -> Loop:
    start, limit, by = rng.randint(20, 400), rng.randint(2, 9), rng.choice((2, 2, 3))
    value, steps, values = start, [], []
    while value > limit:
        steps.append(f"{value} > {limit}: {{v}} = {worked(value, '//', by)}")
        value //= by
        values.append(value)
    if not 2 <= len(values) <= 3:
        return _halved(rng)
    return Loop(
        f"{{v}} = {start}\nwhile {{v}} > {limit}:\n    {{v}} = {{v}} // {by}",
        ("while", "floordiv"),
        tuple(steps),
        tuple(values),
    )


def _spelled(rng: Random) -> Loop:
    word = rng.choice([word for word in WORDS if 3 <= len(word) <= 4])
    start = rng.choice(("", "-", "o", "x"))
    front = rng.random() < 0.5
    value, steps, values = start, [], []
    for letter in word:
        value = letter + value if front else value + letter
        steps.append(f"{{i}} is {letter!r}: {{v}} = {value!r}")
        values.append(value)
    body = "{v} = {i} + {v}" if front else "{v} = {v} + {i}"
    return Loop(
        f"{{v}} = {start!r}\nfor {{i}} in {word!r}:\n    {body}", ("for", "concat"), tuple(steps), tuple(values)
    )
