"""From a draft to a problem: its query must give exactly what the walk over the facts gave, else it is no problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from random import Random

from srm_core.composing import Fact, compose, rng_for
from srm_core.protocols import Knowledge
from srm_core.records import Problem, split_of

from . import queries
from .mapping import Asked, Vocabulary
from .network import Edge, Network
from .wordings import SEPARATOR, wordings

DISTRACTORS = 3
NEAREST = 40  # neighbours that distractors are drawn from


@dataclass(frozen=True)
class Task:
    """One kind of problem over one graph."""

    vocabulary: Vocabulary
    network: Network
    knowledge: Knowledge
    kind: str
    asked: Asked
    seed: int

    @property
    def by_value(self) -> bool:
        """Whether the last step leads to a text or number."""
        return self.asked.steps[-1] in self.network.values

    def name(self, term: str) -> str:
        """Return what a term is called."""
        return self.network.names.of[term]

    def naming(self, name: str = "?answer") -> str:
        """Return the pattern that gives ``?node`` its name."""
        return queries.named(len(self.network.names.labels), self.vocabulary.language, name=name)

    def labels(self) -> dict[str, str]:
        """Return the bindings of the label predicates."""
        return {f"label{n}": curie for n, curie in enumerate(self.network.names.labels, 1)}


@dataclass(frozen=True)
class Draft:
    """A question with the answer that the walk over the facts gave: a text, or the names of a set.

    ``needed`` are in the order in which the solution uses them. ``about`` are the terms asked about, the first of
    which has the degree of the tags.
    """

    anchor: str
    about: tuple[str, ...]
    names: Mapping[str, str]
    expected: str | frozenset[str]
    needed: tuple[Edge, ...]
    query: str
    bindings: Mapping[str, str]
    remark: str = ""
    accept: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    shown: tuple[Edge, ...] = field(default=())  # distractors that must be there


def proved(task: Task, draft: Draft) -> str | None:
    """Return the gold, as the query gives it, or None unless it is the one answer, the same that the walk gave."""
    rows = task.knowledge.query(draft.query, draft.bindings)
    gold = rows[0].get("answer", "") if len(rows) == 1 else ""
    if isinstance(draft.expected, str):
        return gold if gold and gold == draft.expected else None
    whole = bool(gold) and rows[0]["nodes"] == rows[0]["names"] == str(len(draft.expected))
    return gold if whole and set(gold.split(SEPARATOR)) == draft.expected else None


def problem_of(task: Task, draft: Draft) -> Problem | None:
    """Return the problem, or None if its answer is not proved to be the only one."""
    gold = proved(task, draft)
    if gold is None:
        return None
    rng = rng_for(task.seed, task.kind, *draft.about)
    needed = [task.network.told(edge) for edge in draft.needed]
    problem = compose(
        kind=task.kind,
        rng=rng,
        questions=wordings(task.asked, by_value=task.by_value),
        names=draft.names,
        answer=gold,
        anchor=draft.anchor,
        needed=needed,
        distractors=[task.network.told(edge) for edge in draft.shown] + _distractors(task, draft, rng),
        query=draft.query,
        bindings=draft.bindings,
        remark=draft.remark,
        accept=draft.accept,
        choices=draft.choices,
    )
    problem = problem.revised(tags=_tags(task, draft))
    if task.asked.book == "closed":
        return problem.revised(evidence=(), solution=f"Answer: {gold}")
    return problem


def _distractors(task: Task, draft: Draft, rng: Random) -> list[Fact]:
    """Return near misses: facts of the same and other relations about the terms on the way and their neighbours.

    They are true, and the query has proved that they allow no second answer; their starts are of the problem's split.
    """
    network, split = task.network, split_of(draft.anchor)
    used = {edge.fact.id for edge in (*draft.needed, *draft.shown)}
    on_the_way = list(dict.fromkeys(edge.start for edge in draft.needed))
    relations = list(dict.fromkeys(edge.relation for edge in draft.needed))
    same = [edge for term in on_the_way for name in network.edges for edge in network.edges[name].get(term, ())]
    around = list(dict.fromkeys(other for term in on_the_way for other in islice(network.near(term), NEAREST)))
    near = [edge for term in around for name in relations for edge in network.edges[name].get(term, ())]
    pool = network.by_split.get((relations[0], split), [])
    far = rng.sample(pool, min(len(pool), 4 * DISTRACTORS))
    taken: dict[str, Fact] = {}
    for group, most in ((same, 1), (near, DISTRACTORS), (far, DISTRACTORS)):
        for edge in rng.sample(group, len(group)):
            if len(taken) < most and edge.fact.id not in used and split_of(edge.start) == split:
                used.add(edge.fact.id)
                taken[edge.fact.id] = network.told(edge)
    return list(taken.values())


def _tags(task: Task, draft: Draft) -> dict[str, str]:
    """Return shape, hops and degree, and the difficulty: each hop counts one, a degree over 2 and over 5 one more."""
    degree, hops = task.network.degree(draft.about[0]), len(task.asked.steps)
    wide = (degree > 2) + (degree > 5)
    return {
        "vocabulary": task.vocabulary.name,
        "shape": task.asked.shape,
        "hops": str(hops),
        "degree": ("1-2", "3-5", "6+")[wide],
        "difficulty": "easy" if hops + wide <= 2 else "middle" if hops + wide == 3 else "hard",
    }
