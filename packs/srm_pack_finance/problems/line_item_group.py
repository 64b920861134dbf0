"""Where a line item stands: on which statement, and on which side it grows."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.composing import by_split, compose, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_finance.line_items import ITEMS, STATEMENTS, Item, grows_by, shown_in, stands_in

KIND = Kind(
    name="line_item_group",
    title="on which statement a line item is shown, and whether a debit or a credit makes it grow",
    book="open",
    anchor="the line item",
    shared="on which statement a group is shown and on which side it grows",
)
SHOWN = (
    "On which statement is '{item}' shown?",
    "Which statement holds the line '{item}'?",
    "Name the statement that shows '{item}'.",
    "A reader looks for '{item}'. In which statement is it?",
)
GROWS = (
    "Does a debit or a credit make '{item}' grow?",
    "Which side makes '{item}' grow: debit or credit?",
    "To book more of '{item}', use a debit or a credit?",
    "'{item}' grows. Is it a debit or a credit?",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield each question about each item in each wording, the facts of two other items beside it."""
    items = [
        (item, grows, n)
        for item in ITEMS
        for grows in (False, True)
        if STATEMENTS[item.group][1] or not grows
        for n in range(len(SHOWN))
    ]
    pools = by_split(ITEMS, lambda item: item.curie)
    for item, grows, n in spread(items, seed=seed, name=str, anchor=lambda each: each[0].curie):
        rng = rng_for(seed, KIND.name, item.name, str(grows), str(n))
        yield _problem(item, grows, n, [other for other in pools[split_of(item.curie)] if other != item], rng)


def _problem(item: Item, grows: bool, n: int, pool: list[Item], rng: Random) -> Problem:
    usable = [other for other in pool if other.group != item.group and (STATEMENTS[other.group][1] or not grows)]
    other = rng.choice(usable)
    above = grows_by if grows else shown_in
    path = "skos:broader/" + ("srm:growsBy" if grows else "srm:onStatement")
    return compose(
        kind=KIND.name,
        rng=rng,
        questions=((GROWS if grows else SHOWN)[n],),
        names={"item": item.name},
        answer=STATEMENTS[item.group][1 if grows else 0],
        anchor=item.curie,
        needed=[stands_in(item), above(item.group)],
        distractors=[stands_in(other), above(other.group)],
        query=f"SELECT ?answer WHERE {{ $item {path} ?answer }}",
        bindings={"item": item.curie},
    )
