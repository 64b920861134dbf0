"""Triples of the pack, one function a predicate: the graph and the problems' citations share them, so ids agree."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from srm_core.calculator import format_number
from srm_core.records import Source, Triple

from . import calendar
from .courts import Court
from .licences import Licence
from .reporters import Edition, Reporter, court_curie
from .sources import (
    calendar_source,
    courts_source,
    licences_source,
    own_source,
    reporters_source,
    rules_source,
    tax_source,
)
from .tax_tables import PROCEDURES, STATUSES, Bracket

STRING, INTEGER, DECIMAL = "xsd:string", "xsd:integer", "xsd:decimal"
BIG = 1e9  # dollars: the upper end of a last bracket, so that a query can compare


@lru_cache(maxsize=200_000)
def _fact(subject: str, predicate: str, value: str, source: Source, datatype: str = STRING) -> Triple:
    return Triple(subject=subject, predicate=predicate, object=value, datatype=datatype, source=source)


def edition_curie(edition: Edition) -> str:
    """Return the node of an edition."""
    return f"edition:{edition.abbreviation}"


def edition_of(reporter: Reporter, edition: Edition) -> Triple:
    """Return: the edition belongs to the reporter."""
    return _fact(edition_curie(edition), "srm:editionOf", reporter.curie, reporters_source(), "")


def reporter_label(reporter: Reporter) -> Triple:
    """Return: the reporter's name."""
    return _fact(reporter.curie, "rdfs:label", reporter.name, reporters_source())


def edition_label(edition: Edition) -> Triple:
    """Return: the edition's abbreviation."""
    return _fact(edition_curie(edition), "rdfs:label", edition.abbreviation, reporters_source())


def edition_start(edition: Edition) -> Triple:
    """Return: the first year of the edition."""
    return _fact(edition_curie(edition), "srm:startYear", str(edition.start), reporters_source(), INTEGER)


def edition_end(edition: Edition) -> Triple:
    """Return: the last year of the edition."""
    return _fact(edition_curie(edition), "srm:endYear", str(edition.end), reporters_source(), INTEGER)


def edition_variant(edition: Edition, text: str) -> Triple:
    """Return: the edition is also written ``text``."""
    return _fact(edition_curie(edition), "skos:altLabel", text, reporters_source())


def reports_court(reporter: Reporter) -> Triple:
    """Return: the reporter reports the decisions of its one court."""
    return _fact(reporter.curie, "srm:reportsCourt", court_curie(reporter.court), reporters_source(), "")


def state_court_label(court: str) -> Triple:
    """Return: the name of a state court that reporters name."""
    return _fact(court_curie(court), "rdfs:label", court, reporters_source())


def court_label(court: Court) -> Triple:
    """Return: the court's name."""
    return _fact(court.curie, "rdfs:label", court.name, courts_source())


def court_citation(court: Court) -> Triple:
    """Return: how the court is written inside a citation."""
    return _fact(court.curie, "srm:citationString", court.citation, courts_source())


def court_level(court: Court) -> Triple:
    """Return: the level of the court."""
    return _fact(court.curie, "srm:courtLevel", court.level, courts_source())


def court_parent(court: Court, parent: Court) -> Triple:
    """Return: the court is a part of ``parent``."""
    return _fact(court.curie, "srm:partOf", parent.curie, courts_source(), "")


def licence_spdx(licence: Licence) -> Triple:
    """Return: the SPDX identifier of the licence."""
    return _fact(licence.curie, "rdfs:label", licence.spdx, licences_source())


def licence_name(licence: Licence, name: str) -> Triple:
    """Return: another identifier of the licence."""
    return _fact(licence.curie, "skos:altLabel", name, licences_source())


def licence_category(licence: Licence) -> Triple:
    """Return: the category of the licence."""
    return _fact(licence.curie, "srm:licenceCategory", licence.category, licences_source())


def day_number(day: date) -> Triple:
    """Return: the place of the day in the calendar, counted from the year 1."""
    return _fact(calendar.curie(day), "srm:dayNumber", str(day.toordinal()), calendar_source(), INTEGER)


def day_weekday(day: date) -> Triple:
    """Return: the weekday of the day."""
    return _fact(calendar.curie(day), "srm:weekday", calendar.WEEKDAYS[day.weekday()], calendar_source())


def day_holiday(day: date, name: str) -> Triple:
    """Return: the day is a legal holiday."""
    return _fact(calendar.curie(day), "srm:legalHoliday", name, calendar_source())


def court_day(day: date) -> Triple:
    """Return: the day, as written, is no Saturday, Sunday or legal holiday."""
    return _fact(calendar.curie(day), "srm:courtDay", day.isoformat(), calendar_source())


def rule(name: str, text: str) -> Triple:
    """Return: what a rule of procedure says, in words of the pack's own."""
    return _fact(f"rule:{name}", "srm:provision", text, rules_source())


def stated(name: str, text: str) -> Triple:
    """Return: a form, law or policy that the pack itself states."""
    return _fact(f"law:{name}", "srm:provision", text, own_source())


def bracket_text(bracket: Bracket) -> str:
    """Return the one sentence that says a bracket's rate, with the revenue procedure it stands in."""
    low = format_number(bracket.low)
    upper = f" up to {format_number(bracket.high)}" if bracket.high else ""
    status = STATUSES[bracket.status]
    return (
        f"In {bracket.year} a {status} pays {format_number(bracket.rate)}% on income over {low}{upper} "
        f"({PROCEDURES[bracket.year]})."
    )


def bracket_provision(bracket: Bracket) -> Triple:
    """Return: the sentence that states a bracket."""
    return _fact(bracket.curie, "srm:provision", bracket_text(bracket), tax_source())


def bracket_facts(bracket: Bracket) -> tuple[Triple, ...]:
    """Return: year and status, lower end, upper end and rate of a bracket."""
    table = f"taxtable:{bracket.year}/{bracket.status}"
    return (
        bracket_provision(bracket),
        _fact(bracket.curie, "srm:rowOf", table, tax_source(), ""),
        _fact(bracket.curie, "srm:over", format_number(bracket.low), tax_source(), DECIMAL),
        _fact(bracket.curie, "srm:upTo", format_number(bracket.high or BIG), tax_source(), DECIMAL),
        _fact(bracket.curie, "srm:ratePercent", format_number(bracket.rate), tax_source()),
    )


def policy_allows(policy: str, category: str) -> Triple:
    """Return: the policy lets parts of the category ship."""
    return _fact(f"law:{policy}", "srm:allows", category, own_source())
