"""Problems whose gold comes from the corpus: which term is defined so, and which definition a term has.

The key of a ``term_definition`` asks the graph for the label of whatever has the definition quoted in the question.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from srm_core.config import PackConfig
from srm_core.protocols import Knowledge
from srm_core.records import ChoiceKey, Evidence, GraphKey, Kind, Problem, Triple

from .glossary import DEFINITION, LABEL, MODULE, OTHER_LABEL
from .wording import content_words

_SHARED = "no definition is shared; the wording of the question is"
KINDS: tuple[Kind, ...] = (
    Kind(
        name="term_definition",
        title="Name the term that the corpus defines so",
        book="open",
        anchor="the term",
        shared=_SHARED,
        from_corpus=True,
    ),
    Kind(
        name="definition_of",
        title="Choose the definition that the corpus gives a term",
        book="open",
        anchor="the term",
        shared=_SHARED,
    ),
)
_TERM_QUESTIONS = (
    'Which term is defined as "{meaning}"?',
    'Name the term that means: "{meaning}".',
    'Which term does this definition belong to: "{meaning}"?',
    '"{meaning}" is the definition of which term?',
    'What is the name for "{meaning}"?',
)
_MEANING_QUESTIONS = (
    'What does the corpus define "{term}" as?',
    'Which of these is the definition of "{term}"?',
    'Choose the meaning of "{term}".',
    'How is "{term}" defined?',
)
_LETTERS = "ABCD"
OPTIONS = 4
MAX_MEANING = 400  # characters: longer definitions would crowd the prompt
FIRST_WORDS = 6  # of the definition that a worked answer quotes
_SHORT_FORM = re.compile(r"^(.+?)\s*\(([^()]+)\)$")


@dataclass(frozen=True)
class Entry:
    """One definition of one term, with the facts that state it."""

    subject: str
    term: str
    meaning: str
    modules: frozenset[str]
    spellings: tuple[str, ...]  # further surface forms of the term
    facts: tuple[str, str]  # ids: definition, label
    words: frozenset[str]  # that carry content, of term and definition

    def evidence(self) -> Evidence:
        """Return the entry as an open-book prompt shows it: the meaning first, because it is what is looked up."""
        return Evidence(text=f"{self.meaning.removesuffix('.')}: this is {self.term}", cites=self.facts)


def problems(knowledge: Knowledge, config: PackConfig) -> Iterator[Problem]:
    """Yield at most ``config.per_kind`` problems of each kind asked for; none without a glossary of a few terms."""
    asked = [kind.name for kind in KINDS if not config.kinds or kind.name in config.kinds]
    entries = glossary_entries(knowledge) if asked else []
    if len({entry.subject for entry in entries}) < OPTIONS:
        return
    near = _Neighbours(entries)
    for kind in asked:
        rng = random.Random(f"{config.seed} {kind}")
        chosen = rng.sample(entries, min(len(entries), config.per_kind))
        make = _term_problem if kind == "term_definition" else _meaning_problem
        for entry in chosen:
            yield make(entry, near.of(entry, rng), rng)


def glossary_entries(knowledge: Knowledge) -> list[Entry]:
    """Return the definitions that can be asked for, sorted by term.

    Left out are definitions that name their own term, that two terms share, or that are too long for a prompt.
    """
    labels = {fact.subject: fact for fact in knowledge.facts(predicate=LABEL) if fact.subject.startswith("corpus:")}
    modules = _objects(knowledge, MODULE)
    spellings = _objects(knowledge, OTHER_LABEL)
    facts = [fact for fact in knowledge.facts(predicate=DEFINITION) if fact.subject in labels]
    terms: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        terms[fact.object].add(fact.subject)
    unique: dict[tuple[str, str], Entry] = {}  # a definition that two sources give is asked once
    for fact in facts:
        if len(terms[fact.object]) == 1 and _can_be_asked(labels[fact.subject].object, fact.object):
            entry = _entry(fact, labels[fact.subject], modules, spellings)
            unique.setdefault((fact.subject, fact.object), entry)
    return list(unique.values())


def _objects(knowledge: Knowledge, predicate: str) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for fact in knowledge.facts(predicate=predicate):
        found[fact.subject].add(fact.object)
    return {subject: frozenset(objects) for subject, objects in found.items()}


def _can_be_asked(term: str, meaning: str) -> bool:
    named = re.search(rf"(?<!\w){re.escape(term.casefold())}(?!\w)", meaning.casefold())
    return len(meaning) <= MAX_MEANING and len(meaning.split()) >= 2 and not named


def _entry(
    fact: Triple, label: Triple, modules: Mapping[str, frozenset[str]], spellings: Mapping[str, frozenset[str]]
) -> Entry:
    term = label.object
    short = _SHORT_FORM.match(term)
    forms = {*spellings.get(fact.subject, ()), *(short.groups() if short else ())} - {term}
    return Entry(
        subject=fact.subject,
        term=term,
        meaning=fact.object,
        modules=modules.get(fact.subject, frozenset()),
        spellings=tuple(sorted(forms)),
        facts=(fact.id, label.id),
        words=content_words(f"{term} {fact.object}"),
    )


class _Neighbours:
    """Finds near misses: entries of the same module or with a similar term or definition."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._by: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            for key in self._keys(entry):
                self._by[key].append(entry)

    def _keys(self, entry: Entry) -> list[str]:
        words = sorted(content_words(entry.term))
        return [*sorted(entry.modules), *(f"word {word}" for word in words), *(f"start {word[:4]}" for word in words)]

    def of(self, entry: Entry, rng: random.Random) -> list[Entry]:
        """Return ``OPTIONS - 1`` entries of other terms, the nearest in words first."""
        near = {id(other): other for key in self._keys(entry) for other in self._by[key]}
        ranked = sorted(near.values(), key=lambda other: (-len(entry.words & other.words), other.term, other.meaning))
        nearest, drawn = ranked[:8], rng.sample(self._entries, min(16, len(self._entries)))
        pool = [*nearest, *drawn, *self._entries]  # with few terms the draw may miss them
        taken: dict[str, Entry] = {}
        for other in pool:
            if len(taken) == OPTIONS - 1:
                break
            if other.subject != entry.subject:
                taken.setdefault(other.subject, other)
        return list(taken.values())


def _term_problem(entry: Entry, near: Sequence[Entry], rng: random.Random) -> Problem:
    shown = rng.sample([entry, *near], len(near) + 1)
    at = shown.index(entry) + 1
    return Problem(
        kind="term_definition",
        question=rng.choice(_TERM_QUESTIONS).format(meaning=entry.meaning),
        answer=entry.term,
        accept=entry.spellings,
        anchor=entry.subject,
        facts=entry.facts,
        evidence=tuple(other.evidence() for other in shown),
        key=GraphKey(query=_label_query(entry.meaning)),
        solution=f"{entry.evidence().text} [{at}].\nAnswer: {entry.term}",
        parents=entry.facts,
    )


def _meaning_problem(entry: Entry, near: Sequence[Entry], rng: random.Random) -> Problem:
    shown = rng.sample([entry, *near], len(near) + 1)
    options = rng.sample([entry, *near], len(near) + 1)
    index, at = options.index(entry), shown.index(entry) + 1
    return Problem(
        kind="definition_of",
        question=rng.choice(_MEANING_QUESTIONS).format(term=entry.term),
        choices=tuple(other.meaning for other in options),
        answer=_LETTERS[index],
        accept=(entry.meaning,),
        anchor=entry.subject,
        facts=entry.facts,
        evidence=tuple(other.evidence() for other in shown),
        key=ChoiceKey(index=index),
        solution=f"{_first_words(entry.meaning)}: this is {entry.term} [{at}].\nAnswer: {_LETTERS[index]}",
        parents=entry.facts,
    )


def _label_query(meaning: str) -> str:
    """Return the SPARQL for the label of what has this definition; the store writes the text as a literal."""
    from pyoxigraph import Literal

    return f"SELECT DISTINCT ?answer WHERE {{ ?term skos:definition {Literal(meaning)} ; skos:prefLabel ?answer }}"


def _first_words(meaning: str) -> str:
    words = meaning.split()
    return " ".join(words[:FIRST_WORDS]) + (" …" if len(words) > FIRST_WORDS else "")
