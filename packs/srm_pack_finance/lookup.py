"""Facts for a free question, from the graph and in the words the student was trained on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import islice

from srm_knowledge.linking import gazetteer_of

from srm_core.protocols import Knowledge
from srm_core.records import Evidence, Problem, Triple

from .sessions import DAYS
from .statements.changes import CHANGES
from .statements.facts import sentence
from .statements.lines import LINES
from .statements.ratios import AMOUNT, IDENTITIES, RATIOS

MOST = 6  # facts
ENTITIES = 3  # of the question that are looked up
NEAR = 12  # days before and after a date whose closures matter
_YEAR = re.compile(r"\b(?:19|20)\d\d\b(?!-)")
_POSSESSIVE = re.compile(r"['’]s\b")
_DAY = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")


def evidence_for(problem: Problem, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield at most six facts about what the question names; the gold is never read."""
    asked = "\n".join((problem.question, *problem.choices))
    yield from islice(_distinct(_found(asked, knowledge)), MOST)


def _distinct(found: Iterator[Evidence]) -> Iterator[Evidence]:
    seen: set[str] = set()
    for item in found:
        if item.text not in seen:
            seen.add(item.text)
            yield item


def _found(asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    for code in dict.fromkeys(re.findall(r"\b[A-Z]{4}\b", asked)):
        yield from _closures(f"exchange:{code}", asked, knowledge)
    for code in dict.fromkeys(re.findall(r"\b[A-Z]{3}\b", asked)):
        for triple in knowledge.facts(subject=f"currency:{code}", predicate="srm:decimalPlaces"):
            yield _said(f"{code} has {triple.object} decimal places", triple)
    for entity in gazetteer_of(knowledge).link(_POSSESSIVE.sub("", asked), ENTITIES):
        prefix = entity.partition(":")[0]
        if prefix == "company":
            yield from _statement(entity, asked, knowledge)
        elif prefix in ("country", "currency"):
            yield from _currency(entity, knowledge)
        elif prefix == "lineitem":
            yield from _line_item(entity, knowledge)
        elif entity.startswith(("srm:formula/", "rule:")):
            for triple in islice(knowledge.facts(subject=entity, predicate="srm:definition"), 1):
                yield _said(triple.object.replace(f" ({AMOUNT})", ""), triple)


def _statement(entity: str, asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield the rule of the ratio that is asked for and the lines it needs, of the years that are named."""
    words = asked.casefold()
    company = next((triple.object for triple in knowledge.facts(subject=entity, predicate="rdfs:label")), "")
    formula = next((each for each in (*RATIOS, *CHANGES) if each.title.casefold() in words), None)
    lines = [name for name, label in LINES.items() if re.search(rf"\b{label}\b", words)]
    if formula is None and lines:
        formula = next((each for each in IDENTITIES if each.name == f"missing_{lines[0]}"), None)
    if formula is not None:
        for triple in islice(knowledge.facts(subject=f"srm:formula/{formula.name}", predicate="srm:definition"), 1):
            yield _said(triple.object.replace(f" ({AMOUNT})", ""), triple)
        lines = [source.name for source in formula.inputs if source.name in LINES] or lines
    for year in dict.fromkeys(_YEAR.findall(asked)):
        subject = f"statement:{entity.partition(':')[2]}.{year}"
        for name in lines:
            for triple in knowledge.facts(subject=subject, predicate=f"srm:line-{name}"):
                yield _said(sentence(company, year, name, triple.object), triple)


def _currency(entity: str, knowledge: Knowledge) -> Iterator[Evidence]:
    if entity.startswith("country:"):
        for used in knowledge.facts(subject=entity, predicate="srm:usesCurrency"):
            country, name = _label(entity, knowledge), _label(used.object, knowledge)
            if country and name:
                yield _said(f"{country.object} uses {name.object}", used, name)
            yield from _currency(used.object, knowledge)
        return
    name, code = _label(entity, knowledge), entity.partition(":")[2]
    for triple in knowledge.facts(subject=entity, predicate="skos:notation"):
        if name:
            yield _said(f"{name.object} has code {triple.object}", triple)
    for triple in knowledge.facts(subject=entity, predicate="srm:number"):
        yield _said(f"{code} has number {triple.object}", triple)
    for triple in knowledge.facts(subject=entity, predicate="srm:decimalPlaces"):
        yield _said(f"{code} has {triple.object} decimal places", triple)


def _line_item(entity: str, knowledge: Knowledge) -> Iterator[Evidence]:
    item = _label(entity, knowledge)
    for above in knowledge.facts(subject=entity, predicate="skos:broader"):
        group = _label(above.object, knowledge)
        if item is None or group is None:
            continue
        yield _said(f"{item.object[:1].upper()}{item.object[1:]} stands under {group.object}", above)
        for triple in knowledge.facts(subject=above.object, predicate="srm:onStatement"):
            yield _said(f"{group.object.capitalize()} are on the {triple.object}", triple)
        for triple in knowledge.facts(subject=above.object, predicate="srm:growsBy"):
            yield _said(f"{group.object.capitalize()} grow by a {triple.object}", triple)


def _closures(entity: str, asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield the closures of an exchange just before and after the days that the question names."""
    for year, month, day in _DAY.findall(asked):
        try:
            named = date(int(year), int(month), int(day))
        except ValueError:
            continue
        for triple in knowledge.facts(subject=entity, predicate="srm:closedOn"):
            closed = date.fromisoformat(triple.object)
            if abs((closed - named).days) <= NEAR:
                code = entity.partition(":")[2]
                yield _said(f"{code} is closed on {DAYS[closed.weekday()]} {closed}", triple)


def _label(entity: str, knowledge: Knowledge) -> Triple | None:
    return next(iter(knowledge.facts(subject=entity, predicate="rdfs:label")), None)


def _said(text: str, *facts: Triple) -> Evidence:
    return Evidence(text=f"{text.removesuffix('.')}.", cites=tuple(fact.id for fact in facts), score=1.0)
