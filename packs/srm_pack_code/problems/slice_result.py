"""What a slice or a negative index of a list or text gives."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.records import Kind, Problem
from srm_pack_code.drafting import Draft, named, problems_of
from srm_pack_code.running import value_key, value_of
from srm_pack_code.specs import WORDS

KIND = Kind(
    name="slice_result",
    title="what a slice or an index from the end gives",
    book="open",
    anchor="the items and the slice",
    shared="the rules of slices",
    core=True,
    second_grader="an interpreter of our own that walks the syntax tree",
)
ASKS = (
    "What is {e}?",
    "Give the value of {e}.",
    "Which value has {e} after this line?",
    "Work out {e}.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield distinct problems."""
    return problems_of(KIND, _make, seed)


def _make(rng: Random) -> Draft | None:
    items: list[int] | str = rng.choice([word for word in WORDS if len(word) >= 5])
    if rng.random() < 0.7:
        items = rng.sample(range(1, 99), rng.randint(5, 7))
    size = len(items)
    low = rng.randint(1, size - 3)
    high = rng.randint(low + 2, size - 1)
    count = rng.randint(2, size - 2)
    rule, part, said = rng.choice(
        (
            ("slice_ab", f"[{low}:{high}]", f"indexes {', '.join(map(str, range(low, high)))}"),
            ("slice_from", f"[{low}:]", f"the first {low} left out"),
            ("slice_to", f"[:{high}]", f"the first {high}"),
            ("slice_step", f"[::{count}]", f"indexes {', '.join(map(str, range(0, size, count)))}"),
            ("slice_reverse", "[::-1]", "the order turned round"),
            ("slice_last", f"[-{count}:]", f"the last {count}"),
            ("slice_but_last", f"[:-{count}]", f"the last {count} left out"),
            ("index_negative", f"[-{count}]", f"number {count} from the end"),
        )
    )
    template = f"{{s}} = {items!r}"
    code, names = named(template, ("s",), rng)
    expression = names["s"] + part
    value = value_of(code, expression)
    places = ", ".join(f"{place} {item}" for place, item in enumerate(items))
    return Draft(
        ask=rng.choice(ASKS).format(e=expression),
        code=code,
        answer=repr(value),
        anchor=f"{items!r}{part}",
        key=value_key(code, expression, value),
        rules=(rule,),
        steps=f"{part} [@{rule}] of {places}: {said}: {value!r}",
    )
