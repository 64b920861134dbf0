"""Facts for a free question, from the graph and in the words the student was trained on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice

from srm_core.protocols import Knowledge
from srm_core.records import Evidence, Problem

from .lookup_citations import about_citations, about_courts, about_statutes
from .lookup_numbers import about_days, about_licences, about_taxes

MOST = 6  # pieces of evidence
LONGEST = 2000  # characters of a question that are read
_FINDERS: tuple[Callable[[str, Knowledge], Iterator[Evidence]], ...] = (
    about_days,
    about_taxes,
    about_statutes,
    about_citations,
    about_courts,
    about_licences,
)


def evidence_for(problem: Problem, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield at most six facts about what the question names; the gold is never read."""
    asked = re.sub(r"\s+", " ", problem.question[:LONGEST])
    seen: set[str] = set()

    def fresh() -> Iterator[Evidence]:
        for finder in _FINDERS:
            for piece in finder(asked, knowledge):
                if piece.text not in seen:
                    seen.add(piece.text)
                    yield piece

    yield from islice(fresh(), MOST)
