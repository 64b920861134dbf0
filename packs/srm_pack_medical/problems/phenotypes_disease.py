"""Three findings of a patient fit one disease; its rivals share some of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from random import Random

from srm_core.composing import by_split, compose, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_medical.hpo import Disease, Hpo

from .hpo_facts import LONGEST, shows

KIND = Kind(
    name="phenotypes_disease",
    title="the disease that shows three findings, among rivals that share some",
    book="open",
    anchor="the disease",
    shared="the findings: many diseases share one",
    reinforced=True,
)
QUESTIONS = (
    "A patient has {a}, {b} and {c}. Which disease?",
    "Which disease shows {a}, {b} and {c}?",
    "Findings: {a}; {b}; {c}. Name the disease.",
)
QUERY = """SELECT ?answer WHERE {
  ?disease srm:hasPhenotype $a , $b , $c ; rdfs:label ?answer }"""
SETS = 2  # problems a disease
SHORT = 26  # characters of a finding


def generate(hpo: Hpo, seed: int) -> Iterator[Problem]:
    """Yield problems whose three findings are found together in one disease of the graph only."""
    having: dict[str, set[str]] = {}
    for disease in hpo.diseases.values():
        for curie in disease.phenotypes:
            having.setdefault(curie, set()).add(disease.curie)
    names = Counter(disease.name for disease in hpo.diseases.values())
    short = {disease.curie: _short(hpo, disease) for disease in hpo.diseases.values()}
    asked = [
        d for d in hpo.diseases.values() if len(d.name) <= LONGEST and names[d.name] == 1 and len(short[d.curie]) > 3
    ]
    pools = by_split((disease.curie for disease in asked), str)
    sharing = {split: _by_finding(pool, short) for split, pool in pools.items()}
    items = [(disease, n) for disease in asked for n in range(SETS)]
    seen: set[frozenset[str]] = set()
    for disease, n in spread(items, seed=seed, name=lambda i: f"{i[0].curie} {i[1]}", anchor=lambda i: i[0].curie):
        rng = rng_for(seed, KIND.name, disease.curie, str(n))
        findings = rng.sample(short[disease.curie], 3)
        if frozenset(findings) in seen or set.intersection(*(having[f] for f in findings)) != {disease.curie}:
            continue
        seen.add(frozenset(findings))
        near = sharing[split_of(disease.curie)]
        candidates = sorted({other for f in findings for other in near[f]} - {disease.curie})
        rivals = _rivals(rng.sample(candidates, len(candidates)), disease, findings, short, rng)
        if len(rivals) == 2:
            yield _pose(hpo, disease, findings, rivals, rng)


def _pose(hpo: Hpo, disease: Disease, findings: list[str], rivals: dict[str, list[str]], rng: Random) -> Problem:
    a, b, c = rng.sample(findings, 3)
    return compose(
        kind=KIND.name,
        rng=rng,
        questions=QUESTIONS,
        names={name: hpo.terms[curie].name for name, curie in zip("abc", (a, b, c), strict=True)},
        answer=disease.name,
        anchor=disease.curie,
        needed=[shows(hpo, disease, findings)],
        distractors=[shows(hpo, hpo.diseases[rival], shown) for rival, shown in rivals.items()],
        query=QUERY,
        bindings={"a": a, "b": b, "c": c},
    )


def _short(hpo: Hpo, disease: Disease) -> list[str]:
    return [curie for curie in disease.phenotypes if len(hpo.terms[curie].name) <= SHORT]


def _by_finding(pool: list[str], short: Mapping[str, list[str]]) -> Mapping[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for disease in pool:
        for finding in short[disease]:
            found[finding].append(disease)
    return found


def _rivals(
    candidates: list[str], disease: Disease, findings: list[str], short: Mapping[str, list[str]], rng: Random
) -> dict[str, list[str]]:
    """Return two diseases that share one or two of the findings, with these and others of theirs."""
    found: dict[str, list[str]] = {}
    for rival in candidates:
        common = [finding for finding in findings if finding in short[rival]]
        own = [finding for finding in short[rival] if finding not in disease.phenotypes]
        if len(common) + len(own) >= 3:
            found[rival] = rng.sample([*common, *rng.sample(own, 3 - len(common))], 3)
        if len(found) == 2:
            break
    return found
