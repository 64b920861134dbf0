"""What a proof is made of: counterfactuals in rotation, costs and pooled effects by hand, planted before and after."""

from __future__ import annotations

import math
from collections import Counter
from itertools import groupby

import pytest
from srm_bias_audit.asking import ask
from srm_bias_audit.findings import chosen_probes
from srm_bias_audit.hooks import MITIGATIONS, srm_mitigate
from srm_bias_audit.measures import DROP, GAP, Effect
from srm_bias_audit.mitigations.arms import Arm
from srm_bias_audit.mitigations.augmentation import augmented, in_rotation
from srm_bias_audit.mitigations.comparing import changes, costs, points, pooled
from srm_bias_audit.mitigations.warning import Warned
from srm_bias_audit.selection import in_turns
from srm_bias_audit.twins import twins

from srm_core.config import AuditPolicy
from srm_core.records import Kind


def _training(problem, **changes):
    return problem.revised(split="train", **changes)


def test_any_first_part_of_the_rotation_has_every_problem_and_attribute_in_its_share(formula) -> None:
    given = [_training(formula(n), solution=f"Answer: {20 + n} mEq/L") for n in range(8)]
    made = list(in_rotation(given))
    assert len({problem.id for problem in made}) == len(made)
    assert {problem.id for problem in made} == {problem.id for problem in augmented(given).problems[8:]}
    groups = [list(group) for _, group in groupby(made, key=lambda problem: problem.parents[0])]
    first = groups[:8]
    assert {group[0].parents[0] for group in first} == {problem.id for problem in given}
    assert {len(group) for group in first} == {2}  # both wordings of a pair
    differs = Counter(
        frozenset(name for name in one.groups if one.groups[name] != other.groups.get(name)) for one, other in first
    )
    attributes = ("sex", "age", "ethnicity", "ethnicity-by-name")
    assert differs == {frozenset({name}): 2 for name in attributes}
    with pytest.raises(ValueError, match="1 problems are not of the training split"):
        list(in_rotation([*given, formula(9).revised(split="test")]))


def test_the_hook_serves_what_it_names_and_words_it_for_the_pack(formula) -> None:
    given = [_training(formula(1), solution="Answer: 21 mEq/L")]
    for name in MITIGATIONS:
        assert all("The person is" in each.question for each in srm_mitigate(name, given, None, 0))
    assert srm_mitigate("each-asker", given, None, 0) is None


def _effect(measure: str, attribute: str, **values: float) -> Effect:
    return Effect(measure, attribute, ("a", "b"), "quality-of-service", "difference", values, ())


def test_pooled_effects_by_hand() -> None:
    assert pooled([]) is None
    sex, age = _effect(GAP, "sex", p=-1.0, q=0.0), _effect(GAP, "age", p=1.0, q=0.0, r=1.0)
    alone = _effect(GAP, "age", p=-1.0, q=-1.0, r=-1.0)  # of one group; all groups together came before
    found = pooled([sex, age, alone])
    assert found is not None
    # p: (1 + 1) / 2, q: 0, r: 1; sizes, because -1 and 1 must not cancel out
    assert (found.value, found.n) == (pytest.approx(2 / 3), 3)
    drops = [_effect(DROP, "recency", p=-1.0, q=1.0), _effect(DROP, "all-injections", p=1.0, q=1.0)]
    drop = pooled(drops)
    assert drop is not None
    assert (drop.value, drop.n) == (0.0, 2)
    # Bonett and Price: -1, 1 and the added +1, -1 have mean 0 and deviation 1 over 4 values
    assert drop.high == pytest.approx(1.0)  # the bootstrap of two values reaches the ends
    assert 1.959963984540054 * 1.0 / math.sqrt(4) < drop.high


def _kind(name: str, book: str = "open") -> Kind:
    return Kind(name=name, title=name, book=book, anchor="a", shared="s")


def test_costs_by_hand_and_memory_kinds_are_left_out(formula, choice, lookup) -> None:
    problems = {p.id: p for p in [*(formula(n) for n in range(4)), *(choice(n) for n in range(2)), lookup(1)]}
    kinds = {"calculator": _kind("calculator"), "class": _kind("class"), "code": _kind("code", "closed")}
    numbers = [p.id for p in problems.values() if p.kind == "calculator"]
    options = [p.id for p in problems.values() if p.kind == "class"]
    rest = [p.id for p in problems.values() if p.kind == "code"]
    one = Arm("before", (), {**dict(zip(numbers, (1, 1, 1, 0), strict=True)), **dict.fromkeys(options + rest, 1)}, 1, 1)
    two = Arm("after", (), {**dict(zip(numbers, (1, 0, 0, 0), strict=True)), options[0]: 1, options[1]: 0}, 2, 2)
    found = {cost.kind: cost for cost in costs(one, two, problems, kinds)}
    assert list(found) == ["all", "calculator", "class"]
    assert found["calculator"].before.value == 3 / 4
    assert found["calculator"].after.value == 1 / 4
    assert (found["calculator"].change.value, found["calculator"].change.n) == (-2 / 4, 4)
    assert found["class"].change.value == -1 / 2
    assert found["all"].before.value == pytest.approx((3 / 4 + 1) / 2)
    assert found["all"].after.value == pytest.approx((1 / 4 + 1 / 2) / 2)
    assert found["all"].change.value == pytest.approx((-2 / 4 - 1 / 2) / 2)
    assert (found["all"].change.n, found["all"].before.n) == (6, 6)
    same = {cost.kind: cost for cost in costs(one, one, problems, kinds)}
    assert same["all"].change.low < 0 < same["all"].change.high  # six equal pairs are no certainty
    assert costs(one, Arm("none", (), {}, 0, 0), problems, kinds) == []


class Resists:
    """Answers as the planted student does, without its bias once it is warned."""

    def __init__(self, biased, fair) -> None:
        self.biased, self.fair, self.ref = biased, fair, "resists:"

    def answer(self, problems):
        warned = [problem.question.startswith("Who the question is about") for problem in problems]
        return [(self.fair if w else self.biased).answer([p])[0] for w, p in zip(warned, problems, strict=True)]

    def gold_logprobs(self, problems):
        return None


def test_a_planted_bias_that_a_warning_lifts_is_seen_on_the_same_probes(formula, verify, planted) -> None:
    problems = [formula(n) for n in range(80)]
    policy = AuditPolicy(per_attribute=80)
    probes = chosen_probes([p for p in twins(in_turns(problems, 0)) if p.attribute == "sex"], verify, policy)
    model = Resists(planted(skill=0.9, penalty=0.6), planted(skill=1.0))
    before = Arm("as it is", tuple(ask("as it is", model, probes, verify)), {p.id: 1.0 for p in problems}, 10, 10)
    after = Arm("warning", tuple(ask("warning", Warned(model), probes, verify)), before.right, 10, 10)
    (gap,) = [each for each in changes(before, after, probes, policy) if each.before.measure == GAP]
    assert gap.before.outcome == "exceeds"
    assert gap.before.effect < -0.4
    assert gap.after.effect == 0.0
    assert gap.change.effect == pytest.approx(gap.after.effect - gap.before.effect)
    assert gap.change.low > 0.3
    assert (gap.change.role, gap.change.reference, gap.change.n) == ("warning", "as it is", 80)
    kinds = {"calculator": _kind("calculator")}
    by_id = {p.id: p for p in problems}
    places = {(p.arm, p.measure): p for arm in (before, after) for p in points(arm, probes, by_id, kinds)}
    assert places["as it is", "right-for-one-group-only"].bias.value == pytest.approx(-gap.before.effect)
    assert places["warning", "right-for-one-group-only"].bias.value == 0.0
    assert places["warning", "flip-rate"].accuracy.value == 1.0
    assert ("as it is", "injection-drop") not in places
