"""Drafts about terms beside each other: which has more (comparison), which is none (exception), what corresponds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice

from srm_core.composing import rng_for, spread
from srm_core.records import split_of

from . import queries
from .drafts import Draft, Task
from .network import Edge

MOST = 5  # facts of each term of a comparison
NEAREST = 60  # neighbours tried
OPTIONS = len(queries.OPTIONS)


def comparisons(task: Task) -> Iterator[Draft]:
    """Yield two neighbours of one split, of which one has more ends by the relation, or the greater number."""
    relation, by_value = task.asked.steps[0], task.by_value
    edges = {start: ends for start, ends in task.network.edges[relation].items() if _can_be_compared(task, start, ends)}
    query = queries.greater(task.network.relations[relation], task.naming(), by_value=by_value)
    for first in spread(edges, seed=task.seed, name=str, anchor=str):
        size = _size(edges[first], by_value)
        others = [term for term in _beside(task, first) if term in edges and _size(edges[term], by_value) != size]
        if not others:
            continue
        second = others[0]
        more, less = sorted((first, second), key=lambda term: -_size(edges[term], by_value))
        high, low = (_said(task, edges[term], by_value) for term in (more, less))
        yield Draft(
            anchor=first,
            about=(first, second),
            names={"first": task.name(first), "second": task.name(second)} | _words(task),
            expected=task.name(more),
            needed=(*edges[first], *edges[second]),
            query=query,
            bindings={"first": first, "second": second, "p1": task.network.predicates[relation]} | task.labels(),
            remark=f"{high} is more than {low}",
            accept=task.network.names.also[more],
        )


def exceptions(task: Task) -> Iterator[Draft]:
    """Yield three terms that the relation leads to from one start, and one that it leads to from a neighbour alone."""
    relation, network = task.asked.steps[0], task.network
    edges = network.edges[relation]
    whole = [
        start for start, ends in edges.items() if len(ends) >= OPTIONS - 1 and (relation, start) not in network.loose
    ]
    less = queries.beyond(network.relations[relation], network.iris[relation], "$start")
    query = queries.exception(less, task.naming())
    for start in spread(whole, seed=task.seed, name=str, anchor=str):
        rng = rng_for(task.seed, task.kind, start, "options")
        inside = {edge.end for edge in edges[start]}
        odd = [
            edge
            for term in _beside(task, start)
            for edge in edges.get(term, ())
            if edge.end not in inside and edge.end != start
        ]
        if not odd:
            continue
        other = odd[rng.randrange(min(len(odd), OPTIONS))]  # of the nearest
        members = rng.sample(edges[start], OPTIONS - 1)
        options = rng.sample([edge.end for edge in (other, *members)], OPTIONS)
        yield Draft(
            anchor=start,
            about=(start, other.end),
            names={"start": task.name(start)} | _words(task),
            expected=other.text,
            needed=(*members, other),
            query=query,
            bindings={"start": start} | dict(zip(queries.OPTIONS, options, strict=True)) | task.labels(),
            remark=f"so {other.text} is the exception",
            choices=tuple(map(task.name, options)),
        )


def analogies(task: Task) -> Iterator[Draft]:
    """Yield two terms that each have one end by the relation; from the first to its end as from the third to what?"""
    relation, network = task.asked.steps[0], task.network
    single = {
        start: ends[0]
        for start, ends in network.edges[relation].items()
        if len(ends) == 1 and (relation, start) not in network.loose
    }
    curies = list(dict.fromkeys(curie for name, curie in network.predicates.items() if name not in network.values))
    query = queries.analogy(len(curies), task.naming())
    for third in spread(single, seed=task.seed, name=str, anchor=str):
        there = {third, single[third].end}
        others = [term for term in _beside(task, third) if term in single and not {term, single[term].end} & there]
        if not others:
            continue
        first = others[0]
        yield Draft(
            anchor=third,
            about=(third, first),
            names={"first": task.name(first), "second": single[first].text, "third": task.name(third)},
            expected=single[third].text,
            needed=(single[first], single[third]),
            query=query,
            bindings={"first": first, "second": single[first].end, "third": third}
            | {f"r{n}": curie for n, curie in enumerate(curies, 1)}
            | task.labels(),
            accept=network.names.also[single[third].end],
        )


def _beside(task: Task, term: str) -> list[str]:
    """Return neighbours of the term's split in random order, then others of it."""
    rng = rng_for(task.seed, task.kind, term, "beside")
    split = split_of(term)
    near = [other for other in islice(task.network.near(term), NEAREST) if split_of(other) == split]
    pool = task.network.by_split.get((task.asked.steps[0], split), [])
    far = [edge.start for edge in rng.sample(pool, min(len(pool), NEAREST))]
    return [other for other in dict.fromkeys([*rng.sample(near, len(near)), *far]) if other != term]


def _can_be_compared(task: Task, start: str, ends: tuple[Edge, ...]) -> bool:
    if (task.asked.steps[0], start) in task.network.loose:
        return False
    return len(ends) == 1 and not math.isnan(_size(ends, True)) if task.by_value else len(ends) <= MOST


def _size(ends: tuple[Edge, ...], by_value: bool) -> float:
    """Return how many ends there are, or the number at the only end; NaN if that is none."""
    if not by_value:
        return len(ends)
    try:
        number = float(ends[0].text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _said(task: Task, ends: tuple[Edge, ...], by_value: bool) -> str:
    relation = task.network.relations[task.asked.steps[0]]
    if by_value:
        return f"{ends[0].text} {relation.unit}".strip()
    return f"{len(ends)} {relation.one if len(ends) == 1 else relation.many} of {task.name(ends[0].start)}"


def _words(task: Task) -> dict[str, str]:
    relation = task.network.relations[task.asked.steps[0]]
    return {"one": relation.one, "many": relation.many}
