"""Grades answers by kind, then what they cite. What is not exactly one clear answer is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from srm_core.formulas.reading import Units, units_of, verify_quantity
from srm_core.records import Evidence, FormulaKey, Problem, Trace, Verdict
from srm_core.traces import without_citations

from .dates import read_date
from .problems.kinds import OWN
from .support import objection
from .tax_formulas import FORMULAS

LONGEST = 2000  # characters of an answer that are read
DOLLARS = frozenset({"tax_due", "standard_deduction", "sara_numeric"})
LABELS = frozenset({"legalbench", "sara_entailment"})
_HEDGE = re.compile(r"\b(?:not|or|and|maybe|perhaps|possibly|probably|about|around|roughly|approximately)\b")
_MARKUP = "*`\"'“”‘’ \t"
_DASHES = str.maketrans(dict.fromkeys("−‐‑‒–—", "-"))
_KNOWN = units_of(FORMULAS.values(), {"dollars": frozenset({"dollar", "usd", "us dollars", "usdollars", "us$"})})
_FOREIGN = frozenset({"euros", "euro", "eur", "pounds", "lb", "gbp", "yen", "cents", "cent", "%"})
UNITS = Units(_KNOWN.known | _FOREIGN, _KNOWN.alike)
PERCENT = Units(frozenset({"%", "dollars", "dollar"}))
RATE_SLACK = 1e-6


def verify(problem: Problem, trace: Trace, evidence: Sequence[Evidence]) -> Verdict | None:
    """Return the verdict on ``trace``, or None for kinds of other packs and plugins."""
    grader = _GRADERS.get(problem.kind)
    if grader is None:
        return None
    if len(trace.answer or "") > LONGEST:
        return Verdict(correct=False, reason="too long for an answer")
    reason = grader(problem, given(trace.answer or "")) or objection(problem, trace, evidence)
    return Verdict(correct=not reason, reason=reason)


def given(answer: str) -> str:
    """Return the answer without the citations behind it, the markup around it and unusual dashes."""
    bare = unicodedata.normalize("NFKC", answer.translate(_DASHES)).strip(_MARKUP)
    bare = bare[:-1] if bare.endswith("].") else bare
    return without_citations(bare).strip(_MARKUP)


def plain_name(text: str) -> str:
    """Return a name as compared: folded case, without articles, apostrophes and punctuation."""
    folded = re.sub(r"['’]", "", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(re.sub(r"\b(?:the|a|an)\b", " ", re.sub(r"[^\w\s]|_", " ", folded)).split())


def squeezed(text: str) -> str:
    """Return an abbreviation as compared: folded case, without blanks and points."""
    return re.sub(r"[\s.]", "", text.casefold())


def _golds(problem: Problem) -> list[str]:
    return [given(form) for form in (problem.answer, *problem.accept)]


def _name(problem: Problem, answer: str) -> str:
    said = plain_name(answer)
    return "" if said and said in {plain_name(gold) for gold in _golds(problem)} else "another name"


def _abbreviation(problem: Problem, answer: str) -> str:
    said = squeezed(answer)
    return "" if said and said in {squeezed(gold) for gold in _golds(problem)} else "another abbreviation"


def _citation(problem: Problem, answer: str) -> str:
    """Compare letter by letter: spelling is what is asked. A point that closes the sentence may follow the page."""
    said = " ".join(answer.split())
    return "" if said.removesuffix(".") in _golds(problem) else "not the standard form"


def _identifier(problem: Problem, answer: str) -> str:
    said = answer.casefold().removeprefix("spdx:").removeprefix("spdx-license-identifier:").strip().rstrip(".")
    return "" if said in {gold.casefold().rstrip(".") for gold in _golds(problem)} else "another identifier"


def _decision(problem: Problem, answer: str) -> str:
    said = answer.casefold().rstrip(". !")
    if said not in ("yes", "no"):
        return "not yes or no"
    return "" if said == _golds(problem)[0] else "the other decision"


def _date(problem: Problem, answer: str) -> str:
    said = read_date(answer)
    if said is None:
        return "not one date"
    return "" if said.isoformat() == _golds(problem)[0] else "another date"


def _part(problem: Problem, answer: str) -> str:
    said = re.sub(r"^(?:the )?(?:title|section|subsection|paragraph|sec\.|§)[:. ]*", "", answer.casefold())
    return "" if re.sub(r"\s", "", said).rstrip(".") == _golds(problem)[0].casefold() else "another part"


def _dollars(problem: Problem, answer: str) -> str:
    if not isinstance(problem.key, FormulaKey):
        return "the problem has no formula key"
    if re.search(r"[€£¥]|(?:^|[\s\d])[km]\b", answer.casefold()):
        return "another unit"
    if _HEDGE.search(answer.casefold()):
        return "not one definite amount"
    verdict = verify_quantity(problem.key, Trace(text="", reasoning="", answer=answer), UNITS)
    return "" if verdict.correct else verdict.reason


def _percent(problem: Problem, answer: str) -> str:
    rate = float(_golds(problem)[0].rstrip("%"))
    if _HEDGE.search(answer.casefold()):
        return "not one definite rate"
    key = FormulaKey(formula="rate", inputs={}, unit="%", low=rate - RATE_SLACK, high=rate + RATE_SLACK)
    verdict = verify_quantity(key, Trace(text="", reasoning="", answer=answer), PERCENT)
    return "" if verdict.correct else verdict.reason


def _label(problem: Problem, answer: str) -> str:
    said = plain_name(answer)
    return "" if said and said == plain_name(problem.answer) else "another label"


_BY_FORM: tuple[tuple[Callable[[Problem, str], str], frozenset[str]], ...] = (
    (_name, frozenset({"reporter_name", "court_level", "parent_court", "licence_category"})),
    (_abbreviation, frozenset({"edition_for_year", "court_citation_string"})),
    (_citation, frozenset({"citation_normalize"})),
    (_identifier, frozenset({"licence_spdx_id"})),
    (
        _decision,
        frozenset({"reporter_edition_year", "court_reporter", "spdx_equivalence", "licence_compatibility"}),
    ),
    (_date, frozenset({"deadline_days", "deadline_backward"})),
    (_part, frozenset({"statute_parts"})),
    (_dollars, DOLLARS),
    (_percent, frozenset({"marginal_rate"})),
    (_label, LABELS),
)
_GRADERS: Mapping[str, Callable[[Problem, str], str]] = {
    kind: grader for grader, kinds in _BY_FORM for kind in sorted(kinds)
}
assert {kind.name for kind in OWN} <= set(_GRADERS)
