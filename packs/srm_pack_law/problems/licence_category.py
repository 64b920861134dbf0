"""From another identifier of a licence to its category, in two steps."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import compose, literal, rng_for
from srm_core.records import Kind, Problem
from srm_pack_law.people import FIRMS

from .licence_lines import anchor, beside, is_spdx, named, of_category, pools

KIND = Kind(
    name="licence_category",
    title="the category of a licence known by another identifier, two steps away",
    book="open",
    anchor="the licence",
    shared="the names of the categories",
    core=True,
    second_grader="license-expression's parse of the identifier and the category in its index",
)
QUESTIONS = (
    "Of which category is the licence {name}?",
    "A file of {firm} is under {name}. Which category of licence is that?",
    "{name}: which category?",
    "Name the category of {name}.",
)
QUERY = "SELECT ?answer WHERE {{ ?licence skos:altLabel {name} ; srm:licenceCategory ?answer }}"


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem an identifier, licences of other categories beside it where there are any."""
    among = pools()
    for licence, name in named(seed):
        rng = rng_for(seed, KIND.name, licence.key, name)
        others = beside(licence, among, rng, 8)
        different = [other for other in others if other.category != licence.category][:2]
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"name": name, "firm": rng.choice(FIRMS)},
            answer=licence.category,
            anchor=anchor(licence),
            needed=[is_spdx(licence, name), of_category(licence)],
            distractors=[
                *(is_spdx(other, rng.choice(other.names)) for other in others[:1]),
                *map(of_category, different),
            ],
            query=QUERY.format(name=literal(name)),
        )
