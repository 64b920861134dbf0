"""The exception: three of four conditions lie in one block, which one does not?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from srm_core.composing import Fact, by_split, compose, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_medical import facts
from srm_pack_medical.icd import Code, Icd

from .icd_facts import category

KIND = Kind(
    name="not_under",
    title="which of four conditions does not belong to a block",
    book="open",
    anchor="the category that is the exception; the others are of the same split",
    shared="nothing",
    second_grader="the parents of the four categories, from simple_icd_10_cm",
)
QUESTIONS = (
    "Which of these is not in block {block}?",
    "All but one belong to block {block}. Which one does not?",
    "Find the exception: it is not in {block}.",
)
LONGEST = 45  # characters of a condition's name
OPTIONS = 4


def generate(icd: Icd, seed: int) -> Iterator[Problem]:
    """Yield one problem a category that is the odd one out among three of a neighbouring block."""
    labels = Counter(code.label for code in icd.of_level("category"))
    codes = [
        code
        for code in icd.of_level("category")
        if len(code.label) <= LONGEST and labels[code.label] == 1 and icd.codes[code.parent].level == "block"
    ]
    pools = by_split(codes, lambda code: category(code.name))
    blocks = {split: _by_block(pool) for split, pool in pools.items()}
    for odd in spread(codes, seed=seed, name=lambda c: c.name, anchor=lambda c: category(c.name)):
        rng = rng_for(seed, KIND.name, odd.name)
        groups = blocks[split_of(category(odd.name))]
        full = [block for block in groups if block != odd.parent]
        if full:
            block = rng.choice(full)
            yield _pose(odd, rng.sample(groups[block], OPTIONS - 1), block, seed)


def _by_block(codes: list[Code]) -> dict[str, list[Code]]:
    blocks: dict[str, list[Code]] = {}
    for code in codes:
        blocks.setdefault(code.parent, []).append(code)
    return {block: members for block, members in blocks.items() if len(members) >= OPTIONS - 1}


def _pose(odd: Code, members: list[Code], block: str, seed: int) -> Problem:
    rng = rng_for(seed, KIND.name, odd.name, block)
    options = rng.sample([odd, *members], OPTIONS)
    values = " ".join(facts.icd(option.name) for option in options)
    return compose(
        kind=KIND.name,
        rng=rng,
        questions=QUESTIONS,
        names={"block": block},
        answer=odd.label,
        anchor=category(odd.name),
        needed=[_placed(odd)],
        distractors=[_placed(member) for member in members],
        query=f"""SELECT ?answer WHERE {{
  VALUES ?option {{ {values} }} ?option skos:broader ?in ; rdfs:label ?answer . FILTER(?in != $block) }}""",
        bindings={"block": facts.icd(block)},
        choices=tuple(option.label for option in options),
    )


def _placed(code: Code) -> Fact:
    return Fact(f"{code.label} is in {code.parent}.", (facts.code_label(code), facts.code_broader(code)))
