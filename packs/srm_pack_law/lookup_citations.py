"""Facts about the reporters, courts and statutes that a question names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from srm_core.protocols import Knowledge
from srm_core.records import Evidence, Triple

from .provisions import CFR_FORM, USC_FORM

_CITATION = re.compile(r"\b\d{1,4} ([A-Z](?:(?!\d{1,4}\b[ ?.,(]).){0,40}?) \d{1,4}\b")
_EDITION = re.compile(r"\bedition of (.{4,60}?)(?: holds| for| is|[?])|^(.{4,60}?), \d{4}:|is in (.{4,60}?)\. Which")
MOST_WORDS = 60  # of a question that are looked at for the name of a court
LONGEST_NAME = 10  # words


def said(text: str, *facts: Triple | None) -> Evidence:
    """Return a piece of evidence that says ``text``."""
    return Evidence(text=text, cites=tuple(fact.id for fact in facts if fact is not None))


def one(knowledge: Knowledge, subject: str, predicate: str) -> Triple | None:
    """Return the first fact of ``subject`` with ``predicate``, or None."""
    return next(iter(knowledge.facts(subject=subject, predicate=predicate)), None)


def about_citations(asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield years, name, court and standard spelling of the reporters in citations, and editions that are asked for."""
    for text in dict.fromkeys(match[1].strip() for match in _CITATION.finditer(asked)):
        for label in knowledge.facts(predicate="rdfs:label", object=text):
            if label.subject.startswith("edition:"):
                yield from _years(label, knowledge)
                yield from _reporter(label, knowledge)
        for variant in knowledge.facts(predicate="skos:altLabel", object=text):
            name = one(knowledge, variant.subject, "rdfs:label")
            if name is not None and variant.subject.startswith("edition:"):
                yield said(f"{text} is written {name.object}.", variant, name)
    for match in _EDITION.finditer(asked):
        title = next(part for part in match.groups() if part)
        for reporter in knowledge.facts(predicate="rdfs:label", object=title):
            for edition in knowledge.facts(predicate="srm:editionOf", object=reporter.subject):
                known = one(knowledge, edition.subject, "rdfs:label")
                if known is not None:
                    yield from _years(known, knowledge)


def about_courts(asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield citation string, level and parent of the courts that a question names by string or by name."""
    found: dict[str, None] = {}
    for text in _spans(asked.split()[:MOST_WORDS]):
        for fact in knowledge.facts(predicate="srm:citationString", object=text):
            found.setdefault(fact.subject)
        for fact in knowledge.facts(predicate="rdfs:label", object=text):
            if fact.subject.startswith("court:"):
                found.setdefault(fact.subject)
        if found:
            break
    for court in found:
        yield from _court(court, knowledge)


def _spans(words: list[str]) -> Iterator[str]:
    """Yield the runs of words that begin with a capital letter, the longest first, with and without a closing point."""
    for length in range(LONGEST_NAME, 0, -1):
        for start in range(len(words) - length + 1):
            text = " ".join(words[start : start + length]).strip("(),?;:").removesuffix(").")
            if text[:1].isupper() or text[:1].isdigit():
                yield text
                yield text[:-1] if text.endswith(".") else f"{text}."


def about_statutes(asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield how a citation of the U.S.C. or the C.F.R. is read, if there is one."""
    for sign, form in ((r"\bU\.? ?S\.? ?C\.?", USC_FORM), (r"\bC\.? ?F\.? ?R\.?", CFR_FORM)):
        if re.search(sign, asked):
            for fact in knowledge.facts(subject=form.triple.subject, predicate="srm:provision"):
                yield said(fact.object, fact)


def _years(label: Triple, knowledge: Knowledge) -> Iterator[Evidence]:
    start, end = (one(knowledge, label.subject, each) for each in ("srm:startYear", "srm:endYear"))
    if start is not None:
        until = f"to {end.object}" if end is not None else "onwards"
        yield said(f"{label.object} covers {start.object} {until}.", start, end)


def _reporter(label: Triple, knowledge: Knowledge) -> Iterator[Evidence]:
    of = one(knowledge, label.subject, "srm:editionOf")
    name = one(knowledge, of.object, "rdfs:label") if of is not None else None
    if of is None or name is None:
        return
    yield said(f"{label.object} is {name.object}.", label, of, name)
    court = one(knowledge, of.object, "srm:reportsCourt")
    if court is not None:
        yield said(f"{label.object} reports the {court.object.partition(':')[2]}.", court)


def _court(court: str, knowledge: Knowledge) -> Iterator[Evidence]:
    name = one(knowledge, court, "rdfs:label")
    if name is None:
        return
    string, level = one(knowledge, court, "srm:citationString"), one(knowledge, court, "srm:courtLevel")
    if string is not None:
        yield said(f"{name.object} is cited as {string.object}.", name, string)
    if level is not None:
        article = "an" if level.object.startswith("i") else "a"
        yield said(f"{name.object} is {article} {level.object}.", name, level)
    part = one(knowledge, court, "srm:partOf")
    parent = one(knowledge, part.object, "rdfs:label") if part is not None else None
    if parent is not None:
        yield said(f"{name.object} is part of {parent.object}.", name, part)
