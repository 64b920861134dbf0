"""How facts of reporters read in a prompt, and which reporters can be asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from srm_core.composing import Fact, by_split
from srm_core.records import split_of
from srm_pack_law import facts
from srm_pack_law.reporters import Edition, Reporter, load_reporters

THIS_YEAR = 2024  # no question is about a later one
LONGEST = 60  # characters of a reporter's name
SAMPLE = 60  # reporters among which those that look alike are sought


def anchor(reporter: Reporter) -> str:
    """Return the anchor of every problem about the reporter."""
    return reporter.curie


def stands_for(reporter: Reporter, edition: Edition) -> Fact:
    """Return "F.2d is Federal Reporter."."""
    triples = (facts.edition_label(edition), facts.edition_of(reporter, edition), facts.reporter_label(reporter))
    return Fact(f"{edition.abbreviation} is {reporter.name}.", triples)


def covers(edition: Edition) -> Fact:
    """Return "F.2d covers 1924 to 1993." or "F.4th covers 2021 onwards."."""
    triples = [facts.edition_start(edition)]
    if edition.end is None:
        return Fact(f"{edition.abbreviation} covers {edition.start} onwards.", tuple(triples))
    triples.append(facts.edition_end(edition))
    return Fact(f"{edition.abbreviation} covers {edition.start} to {edition.end}.", tuple(triples))


def written(edition: Edition, text: str) -> Fact:
    """Return "Atl. 2d is written A.2d."."""
    triples = (facts.edition_variant(edition, text), facts.edition_label(edition))
    return Fact(f"{text} is written {edition.abbreviation}.", triples)


def reports(reporter: Reporter, edition: Edition) -> Fact:
    """Return "Ill. C.C. reports the Illinois Supreme Court."."""
    return Fact(f"{edition.abbreviation} reports the {reporter.court}.", (facts.reports_court(reporter),))


def dated(reporter: Reporter) -> list[Edition]:
    """Return the editions of the reporter whose years are known and of which some can be asked about."""
    return [e for e in reporter.editions if e.start is not None and (e.end or THIS_YEAR) >= e.start]


def asked(able: Callable[[Reporter], bool]) -> list[Reporter]:
    """Return the reporters of which ``able`` says that a question can be asked, long names left out."""
    return [reporter for reporter in load_reporters() if len(reporter.name) <= LONGEST and able(reporter)]


def beside(reporter: Reporter, pool: list[Reporter], rng: Random, count: int) -> Iterator[Reporter]:
    """Yield ``count`` other reporters of the pool, those of a sample whose abbreviations begin alike first."""
    drawn = [other for other in rng.sample(pool, min(SAMPLE, len(pool))) if other is not reporter]
    start = reporter.editions[0].abbreviation[:2]
    yield from sorted(drawn, key=lambda other: other.editions[0].abbreviation[:2] != start)[:count]


class Pools:
    """The reporters of each split, so that no distractor comes from another one."""

    def __init__(self, reporters: list[Reporter]) -> None:
        self._by_split = by_split(reporters, anchor)

    def of(self, reporter: Reporter) -> list[Reporter]:
        """Return the reporters of the split of ``reporter``."""
        return self._by_split[split_of(anchor(reporter))]


def cite(rng: Random, abbreviation: str) -> str:
    """Return a citation with a volume and a page of its own, such as "123 F.2d 45"."""
    return f"{rng.randint(1, 99)} {abbreviation} {rng.randint(1, 899)}"
