"""The smallest group that holds two categories: their block if it is the same, else their chapter."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.composing import LOCAL, by_split, compose, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_medical.facts import icd as curie
from srm_pack_medical.icd import Code, Icd

from .icd_facts import category, under

KIND = Kind(
    name="common_ancestor",
    title="the smallest group of ICD-10-CM that holds two categories",
    book="open",
    anchor="the first category; the second is of the same split",
    shared="which chapter a block belongs to",
    second_grader="the first common group of both codes' ancestors, from simple_icd_10_cm",
)
QUESTIONS = (
    "What is the smallest group that holds both {one} and {two}?",
    "Find the nearest common group of {one} and {two}.",
    "{one} and {two}: which smallest block or chapter has both?",
)
QUERY = f"""SELECT ({LOCAL} AS ?answer) WHERE {{
  $one skos:broader+ ?node . $two skos:broader+ ?node . ?node skos:broader* ?above }}
GROUP BY ?node ORDER BY DESC(COUNT(?above)) LIMIT 1"""
PAIRS = 2  # problems a category, one with a partner of its block and one of another block


def generate(icd: Icd, seed: int) -> Iterator[Problem]:
    """Yield pairs of categories: half share their block, half only their chapter."""
    codes = [code for code in icd.of_level("category") if icd.codes[code.parent].level == "block"]
    pools = by_split(codes, lambda code: category(code.name))
    near: dict[tuple[str, str], list[Code]] = {}  # by split and group
    for split, pool in pools.items():
        for code in pool:
            near.setdefault((split, code.parent), []).append(code)
            near.setdefault((split, _chapter(icd, code)), []).append(code)
    items = [(code, n) for code in codes for n in range(PAIRS)]
    for code, n in spread(items, seed=seed, name=lambda i: f"{i[0].name} {i[1]}", anchor=lambda i: category(i[0].name)):
        rng = rng_for(seed, KIND.name, code.name, str(n))
        split = split_of(category(code.name))
        block, chapter = near[split, code.parent], near[split, _chapter(icd, code)]
        if len(block) == len(chapter) or (n == 0 and len(block) < 2):
            continue
        partner = _drawn(rng, block, code, apart=False) if n == 0 else _drawn(rng, chapter, code, apart=True)
        yield _pose(icd, code, partner, _drawn(rng, chapter, code, apart=True), seed)


def _drawn(rng: Random, codes: list[Code], beside: Code, *, apart: bool) -> Code:
    """Return a random other code, of another block if ``apart``; the caller knows that there is one."""
    while True:
        code = rng.choice(codes)
        if code.parent != beside.parent if apart else code != beside:
            return code


def _pose(icd: Icd, one: Code, two: Code, third: Code, seed: int) -> Problem:
    rng = rng_for(seed, KIND.name, one.name, two.name)
    together = one.parent == two.parent
    blocks = [under(icd, one.parent)] + ([] if together else [under(icd, two.parent)])
    needed = [under(icd, one.name), under(icd, two.name)]
    return compose(
        kind=KIND.name,
        rng=rng,
        questions=QUESTIONS,
        names={"one": one.name, "two": two.name},
        answer=one.parent if together else _chapter(icd, one),
        anchor=category(one.name),
        needed=needed if together else [*needed, *blocks],
        distractors=[under(icd, third.name), *(blocks if together else [])],
        query=QUERY,
        bindings={"one": curie(one.name), "two": curie(two.name)},
        accept=(icd.codes[one.parent if together else _chapter(icd, one)].label,),
    )


def _chapter(icd: Icd, code: Code) -> str:
    return icd.codes[code.parent].parent
