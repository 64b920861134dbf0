"""Drafts along the steps of a kind: what is at the end (path), who is there (set, negation), how many (count)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from srm_core.calculator import call
from srm_core.composing import rng_for, spread
from srm_core.records import split_of

from . import queries
from .drafts import Draft, Task
from .mapping import Relation
from .network import Edge
from .wordings import chain

MOST = 6  # members of a set that is listed or counted
NEAREST = 20  # neighbours tried for what is excluded


def paths(task: Task) -> Iterator[Draft]:
    """Yield starts from which all ways lead to one end. The anchor is the last term before it."""
    found = {start: _only_way(task, start) for start in _starts(task)}
    ways = {start: way for start, way in found.items() if way}
    for start in spread(ways, seed=task.seed, name=str, anchor=lambda start: ways[start][-1].start):
        way, last = ways[start], task.network.relations[task.asked.steps[-1]]
        accept: tuple[str, ...]
        if task.by_value:
            query = queries.value(_relations(task), task.vocabulary.language)
            accept = (f"{way[-1].text} {last.unit}",) if last.unit else ()
        else:
            query = queries.path(_relations(task), task.naming())
            accept = task.network.names.also[way[-1].end]
        yield Draft(
            anchor=way[-1].start,
            about=(start,),
            names={"start": task.name(start), "chain": chain(_relations(task))},
            expected=way[-1].text,
            needed=way,
            query=query,
            bindings=_bindings(task, start) | ({} if task.by_value else task.labels()),
            accept=accept,
        )


def sets(task: Task) -> Iterator[Draft]:
    """Yield starts with two to six ends."""
    query = queries.members(_relations(task), task.naming("?name"))
    for start, ends, needed in _gathered(task, least=2):
        yield Draft(
            anchor=start,
            about=(start,),
            names={"start": task.name(start), "chain": chain(_relations(task), plural=True)},
            expected=frozenset(map(task.name, ends)),
            needed=needed,
            query=query,
            bindings=_bindings(task, start) | task.labels(),
        )


def counts(task: Task) -> Iterator[Draft]:
    """Yield starts with one to six ends; the worked solution adds a one for each."""
    query = queries.count(_relations(task))
    for start, ends, needed in _gathered(task, least=1):
        yield Draft(
            anchor=start,
            about=(start,),
            names={"start": task.name(start), "chain": chain(_relations(task), plural=True)},
            expected=str(len(ends)),
            needed=needed,
            query=query,
            bindings=_bindings(task, start),
            remark=f"that makes {call('+'.join('1' * len(ends)))}",
        )


def negations(task: Task) -> Iterator[Draft]:
    """Yield starts with the members that are left when those of a neighbour are taken out, some of each.

    Where one step and any number of steps from the neighbour take out different members, the query refuses.
    """
    network, without = task.network, task.asked.without or task.asked.steps[0]
    less = queries.beyond(network.relations[without], network.iris[without], "$other")
    query = queries.members(_relations(task), task.naming("?name"), less)
    for start, ends, needed in _gathered(task, least=2):
        other = _other(task, start, ends, without)
        if other is None:
            continue
        out = [edge for edge in network.edges[without][other] if edge.end in ends]
        left = ends - {edge.end for edge in out}
        yield Draft(
            anchor=start,
            about=(start, other),
            names={
                "start": task.name(start),
                "other": task.name(other),
                "many": chain(_relations(task), plural=True),
                "others": network.relations[without].many,
            },
            expected=frozenset(map(task.name, left)),
            needed=(*needed, *out),
            query=query,
            bindings=_bindings(task, start) | task.labels() | {"other": other},
            remark=f"so {', '.join(edge.text for edge in out)} must be left out",
        )


def _other(task: Task, start: str, ends: frozenset[str], without: str) -> str | None:
    """Return a term of the start's split that ``without`` leads from to some of ``ends``, but not to all."""
    network, split = task.network, split_of(start)
    around = dict.fromkeys([*(term for end in sorted(ends) for term in islice(network.near(end), NEAREST))])
    fitting = []
    for term in around:
        hit = {edge.end for edge in network.edges[without].get(term, ())} & ends
        if (
            term != start
            and split_of(term) == split
            and 0 < len(hit) < len(ends)
            and (without, term) not in network.loose
        ):
            fitting.append(term)
    return rng_for(task.seed, task.kind, start, "other").choice(sorted(fitting)) if fitting else None


def _starts(task: Task) -> Sequence[str]:
    return list(task.network.edges[task.asked.steps[0]])


def _relations(task: Task) -> list[Relation]:
    return [task.network.relations[name] for name in task.asked.steps]


def _bindings(task: Task, start: str) -> dict[str, str]:
    steps = {f"p{n}": task.network.predicates[name] for n, name in enumerate(task.asked.steps, 1)}
    return {"start": start, **steps}


def _only_way(task: Task, start: str) -> tuple[Edge, ...]:
    ways = task.network.walks(task.asked.steps, start)
    return ways[0] if len({way[-1].end for way in ways}) == 1 else ()


def _gathered(task: Task, least: int) -> Iterator[tuple[str, frozenset[str], tuple[Edge, ...]]]:
    """Yield (start, its ends, the edges on the ways to them) for starts with ``least`` to `MOST` ends."""
    found = {}
    for start in _starts(task):
        ways = task.network.walks(task.asked.steps, start)
        ends = frozenset(way[-1].end for way in ways)
        if least <= len(ends) <= MOST:
            found[start] = (ends, tuple(dict.fromkeys(edge for way in ways for edge in way)))
    for start in spread(found, seed=task.seed, name=str, anchor=str):
        yield (start, *found[start])
