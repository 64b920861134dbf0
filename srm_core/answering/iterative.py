"""The strategy ``iterative``: a chain of sub-queries and sub-answers, then the answer.

After: Wang et al. 2025, Chain-of-Retrieval Augmented Generation (CoRAG), section 3.1 (each sub-query comes from the
question and the chain so far, each sub-answer from what its sub-query retrieves, the answer from the chain and from
what the question itself retrieves) and 3.3 (greedy decoding of one chain of bounded length). The paper trains a model
to do this and, in training, ends a chain at the known answer; here the student is told how, and a chain ends when the
student says that nothing is missing, when a search gives nothing new, or at the bound of hops or tokens. A sub-answer
that cites nothing of what it was shown is not carried on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..records import Evidence
from ..traces import parse_trace, without_citations
from .answers import Draft, Failed, Retrieve, Step, ids
from .talking import Talk

NEXT = (
    'Do not answer yet. Write one line "Search: ..." with the one thing that must be looked up next, '
    'or "Search: none" if nothing is missing.'
)
_SEARCH = re.compile(r"^[ \t]*search[ \t]*:[ \t]*(\S.*)$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Link:
    """A sub-query with its answer; without ``kept`` the answer stands on nothing."""

    query: str
    answer: str
    kept: tuple[Evidence, ...]


def iterative(talk: Talk, question: str, retrieve: Retrieve) -> Draft:
    """Return the draft that a chain of at most ``hops`` sub-queries leads to."""
    first = tuple(retrieve(question))
    known = set(ids(first))
    chain: list[Link] = []
    steps: list[Step] = []
    for _ in range(talk.settings.hops):
        asked = talk.step([talk.turns(question, then="\n\n".join(filter(None, (_so_far(chain), NEXT))))])
        if asked is None:
            break
        query = next_query(asked[0].text)
        if query is None:
            raise Failed([*steps, Step("sub-query", asked[0].text)], 'a sub-query without a line "Search: ..."')
        found = tuple(retrieve(query)) if query else ()
        new = set(ids(found)) - known
        stop = "nothing is missing" if not query else "" if new else "nothing new was retrieved"
        steps.append(Step("sub-query", asked[0].text, query, ids(found), note=stop))
        if stop:
            break
        known |= new
        replied = talk.step([talk.turns(query, found)])
        if replied is None:
            break
        trace = parse_trace(replied[0].text)
        if trace.answer is None:
            raise Failed([*steps, Step("sub-answer", trace.text, query)], "a sub-answer without one answer")
        kept = tuple(found[n - 1] for n in trace.cites if 1 <= n <= len(found))
        note = "" if kept else "it cites nothing that exists and is not carried on"
        steps.append(Step("sub-answer", trace.text, query, ids(found), ids(kept), note))
        chain.append(Link(query, without_citations(trace.answer), kept))
    shown = _different([*(piece for link in chain for piece in link.kept), *first])[: talk.settings.passages]
    return talk.answer(question, shown, steps, before=_cited(chain, shown))


def next_query(said: str) -> str | None:
    """Return the sub-query of ``said``, "" if it says that none is needed, None if it cannot be read."""
    match = _SEARCH.search(said)
    if match is None:
        return None
    query = match.group(1).strip()
    return "" if query.casefold().rstrip(".") == "none" else query


def _so_far(chain: Sequence[Link]) -> str:
    lines = [f"- {link.query}: {link.answer if link.kept else 'not found'}" for link in chain]
    return "\n".join(["Looked up so far:", *lines]) if lines else ""


def _cited(chain: Sequence[Link], shown: Sequence[Evidence]) -> str:
    """Return the chain in words; what a sub-answer stands on is cited by its number among ``shown``."""
    lines = []
    for link in chain:
        numbers = [number for number, piece in enumerate(shown, 1) if piece in link.kept]
        if numbers:
            lines.append(f"- {link.query}: {link.answer} " + " ".join(f"[{number}]" for number in numbers))
    return "\n".join(lines)


def _different(pieces: Sequence[Evidence]) -> list[Evidence]:
    """Return the pieces that differ in what they cite, the first of each."""
    found: dict[tuple[str, ...], Evidence] = {}
    for piece in pieces:
        found.setdefault(piece.cites, piece)
    return list(found.values())
