"""Facts for a free question, from the graph and in the words the student was trained on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from srm_knowledge.linking import gazetteer_of

from srm_core.formulas.formula import Formula
from srm_core.protocols import Knowledge
from srm_core.records import Evidence, Problem, Triple

from .formulas.table import FORMULAS
from .planets import QUANTITIES
from .sky import MONTHS

ENTITIES = 3  # of the question that are looked up
MOST = 6  # pieces of evidence
_DATE = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})\b")
_LATER = re.compile(r"\b(\d{1,2}) days after ")
_BODY = re.compile(r"\b(Mercury|Venus|Mars|Jupiter|Saturn|Moon|Sun)\b")
_RULES = {
    "rule:visibility": re.compile(r"circumpolar|never rise|\brises?\b", re.I),
    "rule:separation": re.compile(r"separation|apart|angle between|distance in degrees", re.I),
    "rule:sky": re.compile(r"evening|morning", re.I),
}
# predicate -> words of a question that ask for it
_ASKED = {
    "srm:constellation": re.compile(r"constellation|where|look for", re.I),
    "srm:objectType": re.compile(r"type|what is|what kind", re.I),
    "srm:vMagnitude": re.compile(r"bright|faint|magnitude", re.I),
    "srm:hubbleType": re.compile(r"class|hubble|spiral|elliptical|lenticular", re.I),
    "srm:coordinates": re.compile(r"ascension|declination|apart|separation|angle|distance in degrees", re.I),
    "srm:declination": re.compile(r"circumpolar|rises?\b|latitude", re.I),
}


def evidence_for(problem: Problem, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield what the graph says of the objects, dates, planets and formulas that the question names: six at most.

    The gold is never read.
    """
    asked = "\n".join((problem.question, *problem.choices))
    found = [
        *_sky(asked, knowledge),
        *_objects(asked, knowledge),
        *_rules(asked, knowledge),
        *_formulas(asked, knowledge),
    ]
    yield from islice({item.text: item for item in found}.values(), MOST)


def _sky(asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield the place of each body that is named on the date that is named."""
    match = _DATE.search(asked)
    if match is None:
        return
    later = _LATER.search(asked)
    day = int(match[1]) + (int(later[1]) if later else 0)
    stamp = f"{match[3]}-{MONTHS.index(match[2]) + 1:02d}-{day:02d}"
    spoken = f"{day} {match[2]} {match[3]}"
    twilight = re.search("evening|morning", asked) is not None
    for body in dict.fromkeys((*_BODY.findall(asked), *(("Sun",) if twilight else ()))):
        for fact in knowledge.facts(subject=f"sky:{body}-{stamp}"):
            yield from _on_date(body, spoken, fact, knowledge, twilight)


def _on_date(body: str, day: str, fact: Triple, knowledge: Knowledge, twilight: bool) -> Iterator[Evidence]:
    name = f"the {body}" if body in ("Sun", "Moon") else body
    if fact.predicate == "srm:elongation":
        yield _said(f"On {day} the Moon is {fact.object} degrees east of the Sun", fact)
        yield from _phases(float(fact.object), knowledge)
    elif fact.predicate == "srm:eclipticLongitude" and twilight:
        yield _said(f"On {day} {name} has longitude {fact.object}", fact)
    elif fact.predicate == "srm:constellation" and not twilight:
        for label in _labels(fact.object, knowledge):
            yield _said(f"On {day} {name} is in {label.object}", fact)


def _phases(degrees: float, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield the limits of the phase at ``degrees`` and of its neighbour: the graph holds both ends of each."""
    for start in knowledge.facts(predicate="srm:from"):
        low = float(start.object)
        if not low - 90 <= degrees < low + 90:
            continue
        ends = [start, *knowledge.facts(subject=start.subject, predicate="srm:to")]
        for label in _labels(start.subject, knowledge):
            yield _said(f"From {start.object} to {ends[-1].object} degrees the Moon is a {label.object}", label, *ends)


def _objects(asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    gazetteer = gazetteer_of(knowledge)
    for entity in gazetteer.link(asked, ENTITIES):
        if entity.startswith("ongc:"):
            yield from _object(entity, asked, knowledge)
        elif entity.startswith("planet:") and _DATE.search(asked) is None:
            yield from _planet(entity, asked, knowledge)


def _object(entity: str, asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield the object's main name for an alias that is named, then what is asked of it; its place if nothing is."""
    facts = list(knowledge.facts(subject=entity))
    label = next((fact for fact in facts if fact.predicate == "rdfs:label"), None)
    if label is None:
        return
    for fact in facts:
        if fact.predicate == "skos:altLabel" and re.search(rf"\b{re.escape(fact.object)}\b", asked, re.I):
            yield _said(f"{fact.object} is a name of {label.object}", fact, label)
    wanted = {predicate for predicate, words in _ASKED.items() if words.search(asked)} or {
        "srm:constellation",
        "srm:objectType",
    }
    by_predicate = {fact.predicate: fact for fact in facts}
    yield from _properties(label.object, wanted, by_predicate, knowledge)


def _properties(name: str, wanted: set[str], facts: dict[str, Triple], knowledge: Knowledge) -> Iterator[Evidence]:
    if "srm:coordinates" in wanted and "srm:rightAscension" in facts:
        ra, dec = facts["srm:rightAscension"], facts["srm:declination"]
        yield _said(f"{name} has right ascension {ra.object} and declination {dec.object}", ra, dec)
    elif "srm:declination" in wanted and "srm:declination" in facts:
        yield _said(f"{name} has declination {facts['srm:declination'].object}", facts["srm:declination"])
    for predicate, verb in (("srm:constellation", "lies in"), ("srm:objectType", "is of type")):
        if predicate in wanted and predicate in facts:
            for label in _labels(facts[predicate].object, knowledge):
                yield _said(f"{name} {verb} {label.object}", facts[predicate])
    if "srm:vMagnitude" in wanted and "srm:vMagnitude" in facts:
        yield _said(f"{name} has magnitude {facts['srm:vMagnitude'].object}", facts["srm:vMagnitude"])
    if "srm:hubbleType" in wanted and "srm:hubbleType" in facts:
        yield from _hubble(name, facts["srm:hubbleType"], knowledge)


def _hubble(name: str, fact: Triple, knowledge: Knowledge) -> Iterator[Evidence]:
    written = fact.object.partition(":")[2]
    yield _said(f"{name} has Hubble type {written}", fact)
    for above in knowledge.facts(subject=fact.object, predicate="skos:broader"):
        for label in _labels(above.object, knowledge):
            yield _said(f"Hubble type {written} means {label.object}", above)


def _planet(entity: str, asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield the planet's quantities that are named, all of them if a formula is."""
    name = entity.partition(":")[2]
    named = [quantity for quantity in QUANTITIES if quantity in asked.lower()]
    for quantity in named or QUANTITIES:
        predicate = f"srm:{quantity.replace('-', '').replace(' ', '_')}"
        for fact in knowledge.facts(subject=entity, predicate=predicate):
            yield _said(f"{name} has {quantity} {fact.object} {QUANTITIES[quantity]}", fact)


def _rules(asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    for subject, words in _RULES.items():
        if words.search(asked):
            for fact in knowledge.facts(subject=subject, predicate="srm:definition"):
                yield _said(fact.object, fact)


def _formulas(asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield the line of the formula whose whole title is in the question, the longest title first."""
    words = asked.casefold()
    named = [each for each in FORMULAS.values() if _names(each, words)]
    named.sort(key=lambda formula: -len(formula.title))
    for formula in named[:2]:
        first: Iterable[Triple] = islice(
            knowledge.facts(subject=f"srm:formula/{formula.name}", predicate="srm:definition"), 1
        )
        for fact in first:
            yield Evidence(text=fact.object, cites=(fact.id,), score=1.0)


def _names(formula: Formula, words: str) -> bool:
    """Say whether the title is there, and the unit too where the title is one word (a conversion of a distance)."""
    title = formula.title.casefold()
    return title in words and (" " in title or f"{title} in {formula.unit.casefold()}" in words)


def _labels(subject: str, knowledge: Knowledge) -> Iterable[Triple]:
    return islice(knowledge.facts(subject=subject, predicate="rdfs:label"), 1)


def _said(text: str, *facts: Triple) -> Evidence:
    return Evidence(text=text if text.endswith(".") else f"{text}.", cites=tuple(fact.id for fact in facts), score=1.0)
