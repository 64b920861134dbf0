"""Texts made from the tables: provisions, tax tables, reporters and courts, each with its licence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice

from srm_core.config import PackConfig
from srm_core.records import Document

from . import facts, provisions
from .courts import Court, load_courts
from .problems import court_lines, reporter_lines
from .reporters import Reporter, load_reporters
from .sources import courts_source, own_source, reporters_source, rules_source, tax_source
from .tax_tables import STATUSES, brackets


def documents(config: PackConfig) -> Iterator[Document]:
    """Yield at most ``config.max_documents`` documents: provisions and tax tables first, then reporters and courts."""
    return islice(_all(), config.max_documents)


def _all() -> Iterator[Document]:
    for provision in provisions.ALL:
        source = rules_source() if provision.rule else own_source()
        yield Document(text=provision.text, title=provision.name, path=provision.name, source=source)
    for (year, status), rows in groupby(brackets(), key=lambda row: (row.year, row.status)):
        text = " ".join(facts.bracket_text(row) for row in rows)
        title = f"Federal income tax {year}, {STATUSES[status]}"
        yield Document(text=text, title=title, path=f"tax/{year}/{status}", source=tax_source())
    courts = load_courts()
    told = [_court(court, courts) for court in courts.values() if court.citation]
    reporters = [_reporter(reporter) for reporter in load_reporters()]
    for pair in zip(reporters, told, strict=False):
        yield from pair
    yield from reporters[len(told) :]
    yield from told[len(reporters) :]


def _reporter(reporter: Reporter) -> Document:
    lines = []
    for edition in reporter.editions:
        lines.append(reporter_lines.stands_for(reporter, edition).text)
        if edition.start is not None:
            lines.append(reporter_lines.covers(edition).text)
    if reporter.court:
        lines.append(reporter_lines.reports(reporter, reporter.editions[0]).text)
    lines += [f"{text} is written {abbreviation}." for text, abbreviation in reporter.variants[:5]]
    return Document(text=" ".join(lines), title=reporter.name, path=reporter.curie, source=reporters_source())


def _court(court: Court, courts: dict[str, Court]) -> Document:
    lines = [court_lines.cited_as(court).text]
    if court.level:
        lines.append(court_lines.of_level(court).text)
    if court.parent:
        lines.append(court_lines.part_of(court, courts[court.parent]).text)
    return Document(text=" ".join(lines), title=court.name, path=court.curie, source=courts_source())
