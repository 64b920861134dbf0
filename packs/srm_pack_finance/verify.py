"""Grades answers by kind: amounts, check digits, dates, codes. What is not exactly one clear answer is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date

from srm_core.records import FormulaKey, Problem, Trace, Verdict
from srm_core.traces import without_citations

from .amounts import LONGEST, verify_amount
from .problems.kinds import AMOUNTS, DIGITS, TATQA
from .sessions import DAYS

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY = re.compile(
    r"(?:(?P<weekday>mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? )?(?:on )?"
    r"(?:(?P<iso>\d{4}-\d\d-\d\d)|(?P<d1>\d{1,2})(?:st|nd|rd|th)? (?:of )?(?P<m1>[a-z]{3,9})\.?,? (?P<y1>\d{4})"
    r"|(?P<m2>[a-z]{3,9})\.? (?P<d2>\d{1,2})(?:st|nd|rd|th)?,? (?P<y2>\d{4}))(?: ?\(?(?P<after>[a-z]{3,9})\)?)?"
)
_LEAD = re.compile(
    r"^(?:the )?(?:iso 4217 )?(?:numeric )?(?:currency )?(?:(?:check )?digits?|code|number|answer|side|statement|"
    r"(?:settlement )?date)(?: is| are|:)? (?:a |an |the )?|^(?:it is |is |a |an |the |on (?:the )?|by (?:a )?)"
)
_TAIL = re.compile(r" (?:decimal places?|decimals|digits after the (?:decimal )?point|side)$")


def verify(problem: Problem, trace: Trace) -> Verdict | None:
    """Return the verdict on ``trace.answer``, or None for kinds of others and those the core's graders fit."""
    if problem.kind == TATQA:
        from .tatqa_rules import verify_tatqa

        return verify_tatqa(problem, trace)
    if problem.kind in AMOUNTS:
        if not isinstance(problem.key, FormulaKey):
            return Verdict(correct=None, reason="the problem has no formula key")
        return verify_amount(problem.key, trace)
    grader = _GRADERS.get(problem.kind)
    if grader is None:
        return None
    reason = grader(problem, _plain(trace))
    return Verdict(correct=not reason, reason=reason)


def _plain(trace: Trace) -> str:
    """Return the answer in lower case without markup, closing points and doubled blanks; empty if it is too long."""
    answer = without_citations(trace.answer or "")
    if len(answer) > LONGEST:
        return ""
    folded = unicodedata.normalize("NFKC", answer).casefold()
    return " ".join(folded.split()).strip(" *`\"'“”.")


def _digits(problem: Problem, answer: str) -> str:
    """Return why ``answer`` is not the check digits, alone or inside the whole identifier."""
    said = re.sub(r"(?<=[0-9a-z])[ -]+(?=[0-9a-z])", "", _LEAD.sub("", answer).strip())  # -4 is not 4
    if said in {form.casefold() for form in (problem.answer, *problem.accept)}:
        return ""
    return "other check digits" if re.fullmatch(r"[0-9a-z]+", said) else "not one answer"


def read_day(text: str) -> date | None:
    """Return the one day that ``text`` names; None for an ambiguous order, a wrong weekday, or no date at all."""
    found = _DAY.fullmatch(_LEAD.sub("", text))
    if found is None:
        return None
    month = (found["m1"] or found["m2"] or "")[:3]
    try:
        if found["iso"]:
            day = date.fromisoformat(found["iso"])
        else:
            day = date(int(found["y1"] or found["y2"]), _MONTHS.index(month) + 1, int(found["d1"] or found["d2"]))
    except ValueError:
        return None
    said = [found[name][:3] for name in ("weekday", "after") if found[name]]
    return day if all(each == DAYS[day.weekday()][:3].lower() for each in said) else None


def _settled(problem: Problem, answer: str) -> str:
    day = read_day(answer)
    if day is None:
        return "not one date"
    return "" if day.isoformat() == problem.answer else "another date"


def _named(problem: Problem, answer: str) -> str:
    bare = _TAIL.sub("", _LEAD.sub("", answer))
    gold = problem.answer.casefold()
    if gold.isdigit() and len(gold) == 3 and bare.isdigit():
        return "" if bare == gold else "another number"
    return "" if bare == gold or re.sub(r"^(?:the|a) ", "", bare) == gold else "other words"


_GRADERS: Mapping[str, Callable[[Problem, str], str]] = {
    **dict.fromkeys(DIGITS, _digits),
    **dict.fromkeys(("currency_code", "line_item_group"), _named),
    "settlement_date": _settled,
}
