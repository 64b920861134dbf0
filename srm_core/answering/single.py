"""The strategy ``single``: retrieve once, ask once, and ask again without what was cited."""

from __future__ import annotations

from ..inference.asking import Asker
from ..records import Evidence, Problem
from ..traces import parse_trace
from .answers import NOTHING, Answer, Draft, weighed
from .constrained import citing_only


def judged(asker: Asker, problem: Problem, evidence: tuple[Evidence, ...], *, constrained: bool = False) -> Answer:
    """Ask with ``evidence`` and again without what was cited; keep an answer only if it rests on its citations."""

    def without(cited: tuple[Evidence, ...]) -> str | None:
        rest = tuple(item for item in evidence if item not in cited)
        return drafted(asker, problem, rest, constrained=constrained).answer

    return weighed(drafted(asker, problem, evidence, constrained=constrained), without)


def drafted(asker: Asker, problem: Problem, shown: tuple[Evidence, ...], *, constrained: bool = False) -> Draft:
    """Return what is said when ``shown`` is all the evidence there is."""
    if constrained:
        sampling = asker.sampling.model_copy(update={"grammar": citing_only(len(shown))})
        asker = Asker(asker.model, system=asker.system, sampling=sampling)
    asked = problem.model_copy(update={"evidence": shown})
    trace = parse_trace(asker.answer([asked])[0].text)
    return Draft(trace.text, trace.answer, trace.cites, shown)


def once(asker: Asker, problem: Problem, evidence: tuple[Evidence, ...], *, constrained: bool = False) -> Draft:
    """Return `drafted`, or, where nothing was retrieved, a draft that says so without asking."""
    if not evidence:
        return Draft("", None, (), (), why=NOTHING)
    return drafted(asker, problem, evidence, constrained=constrained)
