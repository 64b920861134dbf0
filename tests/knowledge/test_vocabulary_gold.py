"""The gold of every problem worked out again by a plain walk over rdflib's triples: no SPARQL, no code of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
import rdflib
from srm_knowledge.store import FolderKnowledge
from srm_knowledge.vocabulary.facts import triples
from srm_knowledge.vocabulary.mapping import Vocabulary
from srm_knowledge.vocabulary.problems import problems

from srm_core.config import PackConfig
from srm_core.records import GraphKey, Problem

HERE = Path(__file__).parent / "vocabulary"
WS, SKOS = "https://workshop.example/terms/", "http://www.w3.org/2004/02/skos/core#"
PREDICATES = {"above": SKOS + "broader", "material": WS + "madeOf", "task": WS + "usedFor", "weight": WS + "weight"}
INVERSE = {"below": "above", "product": "material"}
THESAURUS = Path(__file__).parents[3] / "shared" / "data" / "ontologies" / "uat" / "UAT.rdf"


class Plain:
    """The vocabulary as sets of (subject, object) by predicate, and the labels, read by rdflib."""

    def __init__(self, graph: rdflib.Graph) -> None:
        self.pairs: dict[str, set[tuple[str, str]]] = {}
        self.labels: dict[str, set[str]] = {}
        for s, p, o in graph:
            self.pairs.setdefault(str(p), set()).add((str(s), str(o)))
            if str(p) == SKOS + "prefLabel" and isinstance(o, rdflib.Literal) and o.language in (None, "en"):
                self.labels.setdefault(str(s), set()).add(str(o))

    def ends(self, relation: str, start: str) -> set[str]:
        pairs = self.pairs[PREDICATES[INVERSE.get(relation, relation)]]
        if relation in INVERSE:
            return {s for s, o in pairs if o == start}
        return {o for s, o in pairs if s == start}

    def along(self, steps: tuple[str, ...], start: str) -> set[str]:
        found = {start}
        for step in steps:
            found = {end for each in found for end in self.ends(step, each)}
        return found

    def all_below(self, relation: str, start: str) -> set[str]:
        found: set[str] = set()
        ring = {start}
        while ring := {end for each in ring for end in self.ends(relation, each)} - found:
            found |= ring
        return found

    def says(self, term: str) -> str:
        (label,) = self.labels[term]
        return label


@pytest.fixture(scope="module")
def plain() -> Plain:
    return Plain(rdflib.Graph().parse(HERE / "workshop.ttl"))


def iri(curie: str) -> str:
    return curie.replace("ws:", WS).replace("skos:", SKOS)


def worked_out(problem: Problem, vocabulary: Vocabulary, plain: Plain) -> set[str]:
    """Return every right answer to the problem (members for a set), from its terms alone."""
    assert isinstance(problem.key, GraphKey)
    at = {name: iri(value) for name, value in problem.key.bindings.items()}
    asked = vocabulary.kinds[problem.kind]
    steps = asked.steps
    match asked.shape:
        case "path" if steps[-1] == "weight":
            return plain.along(steps, at["start"])
        case "path" | "set":
            return {plain.says(end) for end in plain.along(steps, at["start"])}
        case "count":
            return {str(len(plain.along(steps, at["start"])))}
        case "negation":
            left = plain.along(steps, at["start"]) - plain.all_below(steps[0], at["other"])
            return {plain.says(end) for end in left}
        case "comparison":
            sizes = {}
            for term in (at["first"], at["second"]):
                ends = plain.ends(steps[0], term)
                sizes[term] = float(next(iter(ends))) if steps[0] == "weight" else len(ends)
            most = max(sizes.values())
            return {plain.says(term) for term, size in sizes.items() if size == most}
        case "exception":
            options = [at[name] for name in "abcd"]
            return {plain.says(term) for term in options if term not in plain.all_below(steps[0], at["start"])}
        case "analogy":
            first, second, third = at["first"], at["second"], at["third"]
            forth = [pairs for pairs in plain.pairs.values() if (first, second) in pairs]
            back = [pairs for pairs in plain.pairs.values() if (second, first) in pairs]
            found = {o for pairs in forth for s, o in pairs if s == third}
            return {plain.says(term) for term in found | {s for pairs in back for s, o in pairs if o == third}}


def test_every_gold_is_what_a_plain_walk_finds_and_nothing_else(
    posed: list[Problem], vocabulary: Vocabulary, plain: Plain
) -> None:
    for problem in posed:
        found = worked_out(problem, vocabulary, plain)
        given = (
            problem.answer.split("; ")
            if vocabulary.kinds[problem.kind].shape in ("set", "negation")
            else [problem.answer]
        )
        assert len(given) == len(set(given))
        assert set(given) == found, problem.question


def test_the_terms_and_the_relation_of_the_query_are_those_of_the_question(posed: list[Problem], plain: Plain) -> None:
    for problem in posed:
        assert isinstance(problem.key, GraphKey)
        asked = {
            name: plain.says(iri(value))
            for name, value in problem.key.bindings.items()
            if name in ("start", "other", "first", "second", "third")
        }
        assert all(name in problem.question for name in asked.values())
        if problem.choices:
            assert {plain.says(iri(problem.key.bindings[name])) for name in "abcd"} == set(problem.choices)


@pytest.mark.slow
def test_the_thesaurus_of_astronomy(vocabulary: Vocabulary, tmp_path: Path) -> None:
    if not THESAURUS.exists():
        pytest.skip(f"the Unified Astronomy Thesaurus is not at hand: {THESAURUS.name} is no part of this project")
    changes = {
        "files": (str(THESAURUS),),
        "relations": {name: vocabulary.relations[name] for name in ("above", "below")},
        "kinds": {name: vocabulary.kinds[name] for name in ("above", "above_three", "how_many", "odd_one", "alike")},
    }
    thesaurus = vocabulary.model_copy(update=changes)
    knowledge = FolderKnowledge(tmp_path)
    knowledge.add((), triples(thesaurus))
    found = list(problems(thesaurus, knowledge, PackConfig(per_kind=100)))
    knowledge.close()
    plain = Plain(rdflib.Graph().parse(THESAURUS))
    assert len(found) == 500
    for problem in found:
        assert isinstance(problem.key, GraphKey)
        at = {
            name: value.replace("uat:", "http://astrothesaurus.org/uat/")
            for name, value in problem.key.bindings.items()
        }
        assert worked_out(problem.revised(key=problem.key.model_copy(update={"bindings": at})), thesaurus, plain) == {
            problem.answer
        }
