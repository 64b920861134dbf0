"""The knowledge graph: reporters, courts, licences, the calendar of the federal courts, tax tables and rules."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.config import PackConfig
from srm_core.formulas.problems import formula_triples
from srm_core.records import Triple

from . import calendar, facts, provisions
from .courts import load_courts
from .licences import load_licences
from .reporters import load_reporters
from .sources import tax_source
from .tax_formulas import FORMULAS
from .tax_tables import brackets


def triples(config: PackConfig) -> Iterator[Triple]:
    """Yield every fact, each once, in an order fixed by the packages' versions."""
    yield from dict.fromkeys(_reporters())
    yield from _courts()
    yield from _licences()
    yield from _days()
    for bracket in brackets():
        yield from facts.bracket_facts(bracket)
    yield from formula_triples(FORMULAS.values(), tax_source())
    for provision in provisions.ALL:
        yield provision.triple
    for policy, categories in provisions.POLICIES.items():
        yield from (facts.policy_allows(policy.name, category) for category in categories)


def _reporters() -> Iterator[Triple]:
    for reporter in load_reporters():
        yield facts.reporter_label(reporter)
        if reporter.court:
            yield facts.reports_court(reporter)
            yield facts.state_court_label(reporter.court)
        for edition in reporter.editions:
            yield facts.edition_of(reporter, edition)
            yield facts.edition_label(edition)
            if edition.start is not None:
                yield facts.edition_start(edition)
            if edition.end is not None:
                yield facts.edition_end(edition)
            for text, abbreviation in reporter.variants:
                if abbreviation == edition.abbreviation:
                    yield facts.edition_variant(edition, text)


def _courts() -> Iterator[Triple]:
    courts = load_courts()
    for court in courts.values():
        yield facts.court_label(court)
        if court.citation:
            yield facts.court_citation(court)
        if court.level:
            yield facts.court_level(court)
        if court.parent:
            yield facts.court_parent(court, courts[court.parent])


def _licences() -> Iterator[Triple]:
    for licence in load_licences():
        yield facts.licence_spdx(licence)
        yield facts.licence_category(licence)
        for name in licence.names:
            yield facts.licence_name(licence, name)


def _days() -> Iterator[Triple]:
    for day in calendar.all_days():
        yield facts.day_number(day)
        yield facts.day_weekday(day)
        if calendar.is_court_day(day):
            yield facts.court_day(day)
    for day, name in calendar.legal_holidays().items():
        yield facts.day_holiday(day, name)
