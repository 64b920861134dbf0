"""Facts about the days, tax years and licences that a question names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from srm_core.protocols import Knowledge
from srm_core.records import Evidence

from . import calendar
from .lookup_citations import one, said
from .provisions import ABSORB, BACKWARD, DIFFERENT, FORWARD, ORDER, OTHER, POLICIES, REPEAT, Provision
from .tax_tables import STATUSES, Bracket, brackets

_ISO = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_DAYS = re.compile(r"\b(\d{1,3}) days\b")
_YEAR = re.compile(r"\b20(?:1[7-9]|2[0-3])\b")
_INCOME = re.compile(r"\b(\d{1,3}(?:,\d{3})+|\d{4,7})(?:\.\d+)? dollars|\$ ?(\d[\d,]*)")
_WORD = re.compile(r"[A-Za-z0-9][\w.+-]*")
_EXPRESSION = re.compile(r"\b(?:AND|OR)\b")
WINDOW = timedelta(days=4)


def about_days(asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield the rule, the weekday of the day that is named, and the holidays about the end of the period."""
    found, period = _ISO.search(asked), _DAYS.search(asked)
    if found is None or period is None:
        return
    try:
        day = date.fromisoformat(found.group())
    except ValueError:
        return
    back = re.search(r"\bbefore\b|\bhearing\b|\btrial\b", asked) is not None
    yield from _provision(BACKWARD if back else FORWARD, knowledge)
    weekday = one(knowledge, calendar.curie(day), "srm:weekday")
    if weekday is not None:
        number = calendar.weekday_number(day)
        yield said(f"{day.isoformat()} is a {weekday.object}, weekday {number}.", weekday)
    end = day + timedelta(days=int(period.group(1))) * (-1 if back else 1)
    for shift in range(-WINDOW.days, WINDOW.days + 1):
        near = end + timedelta(days=shift)
        holiday = one(knowledge, calendar.curie(near), "srm:legalHoliday")
        if holiday is not None and near.weekday() < 5:
            yield said(f"{near.isoformat()} is a legal holiday: {holiday.object}.", holiday)


def about_taxes(asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield the row of the tax table for year, status and income, as formula and as rate, or the standard deduction."""
    year, income = _YEAR.search(asked), _INCOME.search(asked)
    status = next((key for key, words in STATUSES.items() if words in asked), None)
    if year is None or status is None or income is None:
        return
    if re.search(r"adjusted gross|standard deduction", asked, re.IGNORECASE):
        yield from _formula(f"deduction_{year.group()}_{status}", knowledge)
        return
    amount = float((income.group(1) or income.group(2)).replace(",", ""))
    rows = [row for row in brackets() if (row.year, row.status) == (int(year.group()), status)]
    row = next(row for row in rows if amount <= (row.high or amount))
    kinds = (_rate(row, knowledge), _formula(f"tax_{row.year}_{row.status}_{row.number}", knowledge))
    for kind in kinds if re.search(r"\brate\b|\bbracket\b", asked) else reversed(kinds):
        yield from kind


def about_licences(asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield the policy and the laws that a question touches, and identifier and category of the licences it names."""
    for policy in POLICIES:
        if policy.text.partition(":")[0] in asked:
            yield from _provision(policy, knowledge)
    if _EXPRESSION.search(asked):
        for law in (ORDER, REPEAT, ABSORB, DIFFERENT, OTHER):
            yield from _provision(law, knowledge)
        return
    for word in dict.fromkeys(each.rstrip(".,") for each in _WORD.findall(asked)):
        for name in knowledge.facts(predicate="skos:altLabel", object=word):
            if not name.subject.startswith("licence:"):
                continue
            label = one(knowledge, name.subject, "rdfs:label")
            if label is not None:
                yield said(f"{word} is the licence {label.object}.", name, label)
                yield from _category(name.subject, label.object, knowledge)
        for label in knowledge.facts(predicate="rdfs:label", object=word):
            if label.subject.startswith("licence:"):
                yield from _category(label.subject, label.object, knowledge)


def _category(licence: str, name: str, knowledge: Knowledge) -> Iterator[Evidence]:
    category = one(knowledge, licence, "srm:licenceCategory")
    if category is not None:
        yield said(f"{name} is {category.object}.", category)


def _provision(provision: Provision, knowledge: Knowledge) -> Iterator[Evidence]:
    fact = one(knowledge, provision.triple.subject, "srm:provision")
    if fact is not None:
        yield said(fact.object, fact)


def _rate(row: Bracket, knowledge: Knowledge) -> Iterator[Evidence]:
    fact = one(knowledge, row.curie, "srm:provision")
    if fact is not None:
        yield said(fact.object, fact)


def _formula(name: str, knowledge: Knowledge) -> Iterator[Evidence]:
    fact = one(knowledge, f"srm:formula/{name}", "srm:definition")
    if fact is not None:
        yield said(fact.object, fact)
