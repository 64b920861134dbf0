"""May a part under a licence ship under a stated policy: the category of the licence against the policy."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import Fact, compose, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_law.citing import PLACE, cited
from srm_pack_law.licences import Licence, load_licences
from srm_pack_law.people import FIRMS
from srm_pack_law.provisions import POLICIES, Provision

from .licence_lines import anchor, beside, of_category, pools

KIND = Kind(
    name="licence_compatibility",
    title="whether a licence is compatible with a stated policy",
    book="open",
    anchor="the licence",
    shared="the three policies",
    second_grader="the category in license-expression's index against a table of the policies of its own",
)
QUESTIONS = (
    "Policy {policy} holds at {firm}. May a part under {name} ship?",
    "{firm} follows Policy {policy}. Is {name} compatible with it?",
    "Does Policy {policy} let a part under {name} ship?",
    "A product of {firm} holds a part under {name}. Does Policy {policy} allow that?",
)
QUERY = (
    "SELECT ?answer WHERE {{ $licence srm:licenceCategory ?category . "
    "OPTIONAL {{ $policy srm:allows ?allowed FILTER(?allowed = ?category) }} "
    'BIND(IF(BOUND(?allowed), "yes{cite}", "no{cite}") AS ?answer) }}'
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems about each licence and policy; "yes" and "no" take turns as long as both last."""
    among = pools()
    for licence, policy in _in_turns(seed):
        rng = rng_for(seed, KIND.name, licence.key, policy.name)
        rule = Fact(policy.text, policy.fact.triples, shared=True)
        strange = rng.choice([other for other in POLICIES if other is not policy])
        category = of_category(licence)
        problem = compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"policy": _name(policy), "name": licence.spdx, "firm": rng.choice(FIRMS)},
            answer="yes" if _allowed(licence, policy) else "no",
            anchor=anchor(licence),
            needed=[category, rule],
            distractors=[strange.fact, *(of_category(other) for other in beside(licence, among, rng, 2))],
            query=QUERY.format(cite=PLACE),
            bindings={"licence": licence.curie, "policy": policy.triple.subject},
        )
        yield cited(problem, category)


def _name(policy: Provision) -> str:
    return policy.text.removeprefix("Policy ").partition(":")[0]


def _in_turns(seed: int) -> Iterator[tuple[Licence, Provision]]:
    items = [(licence, policy) for licence in load_licences() for policy in POLICIES]
    allowed = [item for item in items if _allowed(*item)]
    barred = [item for item in items if not _allowed(*item)]
    sides = (spread(side, seed=seed, name=_name_of, anchor=lambda i: anchor(i[0])) for side in (allowed, barred))
    for one, other in zip(*sides, strict=False):
        yield one
        yield other


def _allowed(licence: Licence, policy: Provision) -> bool:
    return licence.category in POLICIES[policy]


def _name_of(item: tuple[Licence, Provision]) -> str:
    return f"{KIND.name} {item[0].key} {item[1].name}"
