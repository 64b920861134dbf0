"""Two hops up: a code's category, and the category's block. The block's name cannot be read off the code."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import LOCAL, by_split, compose, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_medical.facts import icd as curie
from srm_pack_medical.icd import Code, Icd

from .icd_facts import category, under

KIND = Kind(
    name="code_hierarchy",
    title="the block of an ICD-10-CM code, two steps up",
    book="open",
    anchor="the category (three characters) of the code",
    shared="nothing: the category's place is a fact of the category",
    core=True,
    second_grader="the parent of the parent, from simple_icd_10_cm",
)
QUESTIONS = (
    "Which block holds code {code}?",
    "In which ICD-10-CM block is code {code}?",
    "Find the block of {code}.",
    "Code {code}: name its block.",
)
QUERY = f"SELECT ({LOCAL} AS ?answer) WHERE {{ $code skos:broader/skos:broader ?node }}"
NEAR = 20  # distractors come from this many categories of the same split on either side


def generate(icd: Icd, seed: int) -> Iterator[Problem]:
    """Yield one problem a subcategory that lies directly under a category of a block."""
    codes = [code for code in icd.of_level("subcategory") if _fits(icd, code)]
    pools = by_split(dict.fromkeys(code.parent for code in codes), category)
    place = {name: n for names in pools.values() for n, name in enumerate(names)}
    for code in spread(codes, seed=seed, name=lambda c: c.name, anchor=lambda c: category(c.name)):
        rng = rng_for(seed, KIND.name, code.name)
        block, pool = icd.block(code.name), pools[split_of(category(code.name))]
        at = place[code.parent]
        others = [name for name in pool[max(0, at - NEAR) : at + NEAR + 1] if icd.block(name) != block]
        if len(others) < 2:
            continue
        first, second = rng.sample(others, 2)
        child = rng.choice(icd.children[first])
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"code": code.name},
            answer=block,
            anchor=category(code.name),
            needed=[under(icd, code.name), under(icd, code.parent)],
            distractors=[under(icd, first), under(icd, child), under(icd, second)],
            query=QUERY,
            bindings={"code": curie(code.name)},
            accept=(icd.codes[block].label,),
        )


def _fits(icd: Icd, code: Code) -> bool:
    parent = icd.codes[code.parent]
    return parent.level == "category" and icd.codes[parent.parent].level == "block"
