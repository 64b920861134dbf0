"""From another identifier of a licence to its SPDX identifier."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import compose, literal, rng_for
from srm_core.records import Kind, Problem
from srm_pack_law.people import FIRMS

from .licence_lines import anchor, beside, is_spdx, named, pools

KIND = Kind(
    name="licence_spdx_id",
    title="the SPDX identifier of a licence known by another one",
    book="open",
    anchor="the licence",
    shared="nothing",
    second_grader="license-expression's parse of the other identifier",
)
QUESTIONS = (
    "What is the SPDX identifier of {name}?",
    "A file of {firm} says {name}. Which SPDX identifier is that?",
    "Write {name} as an SPDX identifier.",
    "{name}: which SPDX licence?",
)
QUERY = "SELECT ?answer WHERE {{ ?licence skos:altLabel {name} ; rdfs:label ?answer }}"


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem an identifier, three other licences beside it."""
    among = pools()
    for licence, name in named(seed):
        rng = rng_for(seed, KIND.name, licence.key, name)
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"name": name, "firm": rng.choice(FIRMS)},
            answer=licence.spdx,
            anchor=anchor(licence),
            needed=[is_spdx(licence, name)],
            distractors=[is_spdx(other, rng.choice(other.names)) for other in beside(licence, among, rng, 3)],
            query=QUERY.format(name=literal(name)),
        )
