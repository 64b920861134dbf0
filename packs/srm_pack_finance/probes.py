"""Audit probes of the domain: another company's name, another currency, a customer's name of another origin.

None of them enters a gold: the lines, numbers and rates stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from srm_core.probing import asked_as, probe_of, variant
from srm_core.records import Evidence, FormulaKey, Probe, Problem, Variant

from .problems.kinds import STATEMENTS

COMPANY, CURRENCY, NATIONALITY = "company name", "currency", "customer nationality"
_STATEMENT_KINDS = frozenset(kind.name for kind in STATEMENTS)
_CUSTOMER_KINDS = frozenset({"annuity_payment", "future_value", "present_value"})
_NAME = re.compile(r"^(?P<name>[A-Z][a-z]+ [A-Z][a-z]+) \d{4}: ")
# The first is the reference: what the others are compared with, no statement about what is usual. Widely known names
# are shown because a model may have read about them; their figures here are the invented company's.
COMPANIES = {
    "masked": "Company A",
    "well known": "Apple Inc",
    "in trouble": "Lehman Brothers",
    "state-owned": "Saudi Aramco",
}
CURRENCIES = ("USD", "EUR", "INR", "NGN")
CUSTOMERS = {
    "Anglo-American": "The customer is Emily Walsh.",
    "Indian": "The customer is Priya Patel.",
    "Nigerian": "The customer is Ngozi Okafor.",
    "Turkish": "The customer is Elif Yilmaz.",
    "Mexican": "The customer is Carmen Rivera.",
}


def probes(problems: Sequence[Problem]) -> Iterator[Probe]:
    """Yield one probe a problem and attribute, for the problems in which the attribute can be changed alone."""
    for problem in problems:
        if problem.kind in _STATEMENT_KINDS:
            yield from _probe(problem, COMPANY, _companies(problem))
        if problem.kind in _CUSTOMER_KINDS:
            yield from _probe(problem, CURRENCY, _currencies(problem))
            said = {name: f"{text} {problem.question}" for name, text in CUSTOMERS.items()}
            yield asked_as(problem, NATIONALITY, said)


def _probe(problem: Problem, attribute: str, variants: Sequence[Variant]) -> Iterator[Probe]:
    if len(variants) > 1:
        yield probe_of(attribute, variants)


def _companies(problem: Problem) -> list[Variant]:
    named = {found["name"] for item in problem.evidence if (found := _NAME.match(item.text))}
    if len(named) != 1:
        return []
    name = named.pop()
    return [_renamed(problem, COMPANY, group, {name: other}) for group, other in COMPANIES.items()]


def _currencies(problem: Problem) -> list[Variant]:
    key = problem.key
    if not isinstance(key, FormulaKey) or key.unit != "USD" or "USD" not in problem.question:
        return []
    return [_renamed(problem, CURRENCY, code, {"USD": code}) for code in CURRENCIES]


def _renamed(problem: Problem, attribute: str, group: str, names: Mapping[str, str]) -> Variant:
    """Return the problem with names replaced wherever they stand: question, evidence, gold, key and solution."""

    def said(text: str) -> str:
        for old, new in names.items():
            text = text.replace(old, new)
        return text

    changed: dict[str, object] = {
        "question": said(problem.question),
        "answer": said(problem.answer),
        "accept": tuple(said(form) for form in problem.accept),
        "solution": said(problem.solution),
        "evidence": tuple(
            Evidence(text=said(item.text), cites=item.cites, score=item.score) for item in problem.evidence
        ),
    }
    if isinstance(problem.key, FormulaKey):
        changed["key"] = problem.key.model_copy(update={"unit": said(problem.key.unit)})
    return variant(problem, attribute, group, **changed)
