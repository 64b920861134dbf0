"""Which of two codes goes before a manifestation code: the note "code first" stands at the group above it."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import LOCAL, by_split, compose, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_medical.facts import icd as curie
from srm_pack_medical.icd import Icd

from .icd_facts import after, category, under

KIND = Kind(
    name="code_first",
    title="which of two codes is sequenced before a manifestation code",
    book="open",
    anchor="the category (three characters) of the code that carries the note",
    shared="nothing",
    core=True,
    second_grader="the code-first notes of the code and its ancestors, from simple_icd_10_cm",
)
QUESTIONS = (
    "Which is coded before {code}: {one} or {two}?",
    "{code} needs another code first. Is it {one} or {two}?",
    "Choose the code that goes first, before {code}: {one} or {two}.",
    "A record has {code}. Which of {one} and {two} must come before it?",
)
QUERY = f"""SELECT DISTINCT ({LOCAL} AS ?answer) WHERE {{
  $code skos:broader*/srm:codeFirst ?node . FILTER(?node IN ($one, $two)) }}"""
DECOYS = 3  # problems made of one code and one note, each with another wrong option
Item = tuple[str, str, str, int]  # asked code, code that carries the note, code that goes first, number


def generate(icd: Icd, seed: int) -> Iterator[Problem]:
    """Yield problems about the codes directly under one with a note; the wrong option goes before another code."""
    carriers = [code for code in icd.of_level("category", "subcategory") if code.code_first]
    notes = [(c.name, t) for c in carriers for t in c.code_first if icd.codes[t].level != "chapter"]
    pools = by_split(notes, lambda note: category(note[0]))
    items: list[Item] = [
        (below, code, target, n)
        for code, target in notes
        for below in icd.children.get(code, ())
        for n in range(DECOYS)
    ]
    asked: set[tuple[str, str, str]] = set()
    for item in spread(items, seed=seed, name=str, anchor=lambda i: category(i[1])):
        below, code, target, _ = item
        rng = rng_for(seed, KIND.name, str(item))
        goes_first = {first for up in icd.ancestors(below) for first in icd.codes[up].code_first}
        wrong = [note for note in pools[split_of(category(code))] if note[1] not in goes_first and note[0] != code]
        if not wrong:
            continue
        decoy, other = rng.choice(wrong)
        if (below, target, other) in asked:
            continue
        asked.add((below, target, other))
        one, two = rng.sample([target, other], 2)
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"code": below, "one": one, "two": two},
            answer=target,
            anchor=category(code),
            needed=[under(icd, below), after(code, target)],
            distractors=[after(decoy, other), under(icd, decoy)],
            query=QUERY,
            bindings={"code": curie(below), "one": curie(one), "two": curie(two)},
            accept=(icd.codes[target].label,),
        )
