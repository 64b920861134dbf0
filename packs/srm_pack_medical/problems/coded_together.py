"""May two codes be used together? An Excludes1 note at either, or above it, forbids it."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import Fact, by_split, compose, rng_for, spread
from srm_core.records import GraphKey, Kind, Problem, Split, split_of
from srm_pack_medical.facts import icd as curie
from srm_pack_medical.icd import Icd

from .icd_facts import category, may_with, never_with, under

KIND = Kind(
    name="coded_together",
    title="may two codes be used together (Excludes1, either way, at them or above them)",
    book="open",
    anchor="the category (three characters) of the code that carries the note",
    shared="nothing: what a note says belongs to the code that carries it",
    second_grader="the Excludes1 notes of both codes and their ancestors, from simple_icd_10_cm",
)
QUESTIONS = (
    "May {one} and {other} be coded together?",
    "Can {one} be coded with {other}?",
    "Is it allowed to code {one} together with {other}?",
    "{one} and {other}: may both be coded?",
)
QUERY = """SELECT (IF(COUNT(?x) > 0, "no", "yes") AS ?answer) WHERE {
  $one skos:broader* ?x . $other skos:broader* ?y . { ?x srm:excludes1 ?y } UNION { ?y srm:excludes1 ?x } }"""
Note = tuple[str, str]  # the code that carries it, the code it forbids


def generate(icd: Icd, seed: int) -> Iterator[Problem]:
    """Yield, by turns, pairs that a shown note forbids and pairs that only look forbidden.

    The second code of a "yes" is forbidden too, but to a different code, so neither code alone gives the answer away.
    """
    notes = [
        (c.name, o) for c in icd.of_level("category", "subcategory") for o in c.excludes1 if icd.children.get(c.name)
    ]
    notes = [(code, other) for code, other in notes if icd.codes[other].level != "chapter"]
    pools = by_split(notes, lambda note: category(note[0]))
    items = [(child, note) for note in notes for child in icd.children[note[0]] if not _related(icd, child, note[1])]
    turn: dict[Split, int] = {"train": 0, "dev": 0, "test": 0}
    asked: set[tuple[str, ...]] = set()
    for child, note in spread(items, seed=seed, name=_name, anchor=lambda item: category(item[0])):
        split = split_of(category(child))
        problem = _pose(icd, child, note, pools[split], allowed=turn[split] % 2 == 1, seed=seed)
        if problem is not None and isinstance(problem.key, GraphKey):
            pair = tuple(problem.key.bindings.values())
            if pair in asked:
                continue
            asked.add(pair)
            turn[split] += 1
            yield problem


def _pose(icd: Icd, child: str, note: Note, pool: list[Note], *, allowed: bool, seed: int) -> Problem | None:
    rng = rng_for(seed, KIND.name, child, *note)
    code, forbidden = note
    for _ in range(20):
        decoy, other = rng.choice(pool)
        free = not icd.barred(child, other) and not _related(icd, child, other)
        if free and decoy[:3] != code[:3] and not icd.barred(decoy, forbidden):
            break
    else:
        return None
    asked = other if allowed else forbidden
    distractors: list[Fact] = [under(icd, rng.choice(icd.children[decoy])), never_with(decoy, other)]
    permitted = icd.codes[code].excludes2
    if permitted:
        distractors.append(may_with(code, rng.choice(permitted)))
    return compose(
        kind=KIND.name,
        rng=rng,
        questions=QUESTIONS,
        names={"one": child, "other": asked},
        answer="yes" if allowed else "no",
        anchor=category(code),
        needed=[under(icd, child), never_with(code, forbidden)],
        distractors=distractors,
        query=QUERY,
        bindings={"one": curie(child), "other": curie(asked)},
        remark=f"{asked} is another code" if allowed else f"{asked} is the code named",
    )


def _related(icd: Icd, one: str, other: str) -> bool:
    return other in icd.ancestors(one) or one in icd.ancestors(other)


def _name(item: tuple[str, Note]) -> str:
    return f"{item[0]} {item[1][0]} {item[1][1]}"
