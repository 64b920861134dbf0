"""The core's gates: what fails, what is inconclusive, and how the verdict follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from srm_core.config import BuildConfig
from srm_core.records import BuildManifest, Kind, Objection, Score, Source
from srm_core.reports.gates import disagreement, gain, leak_section, objections, verdict_of
from srm_core.verifying.rates import exact_rate

CLEAN = {
    "train": 300,
    "test": 40,
    "levels": {name: {"leaks": 0, "examples": []} for name in ("fact", "exact", "8 words", "64 characters")},
    "not_checked": ["meaning (no embedder)"],
    "clean": True,
}
GENERAL = (  # nothing was lost on general items
    Score(
        suite="general",
        kind="all",
        arm="rl",
        decoding="likelihood",
        metric="right-choice-probability",
        value=0.0,
        low=-0.03,
        high=0.03,
        n=100,
        baseline="base-zero",
    ),
)
FINE = {  # what was measured on the exported files
    "weights": {"tensors": 10, "not_finite": 0, "named": [], "parameters": {"merged": 1000}},
    "tokens": {"problems": 50, "different": 0, "named": []},
}
Make = Callable[..., BuildManifest]


def difference(low: float, high: float, **changes: Any) -> Score:
    fields: dict[str, Any] = {
        "suite": "held-out",
        "kind": "all",
        "arm": "rl",
        "decoding": "greedy",
        "metric": "accuracy",
        "value": (low + high) / 2,
        "low": low,
        "high": high,
        "n": 50,
        "baseline": "base-few",
    }
    return Score(**{**fields, **changes})


@pytest.fixture
def manifest(make_manifest: Make) -> Make:
    """Return a function that makes a manifest the gates have nothing against, with fields changed as asked."""

    def make(*scores: Score, release: dict[str, Any] | None = None, **changes: Any) -> BuildManifest:
        settings = BuildConfig(pack="toy").model_dump(mode="json")
        settings["release"] |= release or {}
        fields = {
            "scores": (*(scores or (difference(0.3, 0.5),)), *GENERAL),
            "settings": settings,
            "leak": CLEAN,
            "sources": (Source(name="own", licence="CC-BY-4.0"),),
            "exported": FINE,
            "verifiers": {name: accepted(0, 300) for name in ("recall", "codes", "calculators")},
        }
        return make_manifest(**{**fields, **changes})

    return make


def accepted(count: int, n: int) -> dict[str, float]:
    return exact_rate(count, n).model_dump()


def found(manifest: BuildManifest) -> list[tuple[str, str]]:
    return [(each.gate, each.outcome) for each in objections(manifest)]


def leaking(**levels: int) -> dict[str, Any]:
    named = {name.replace("_", " ").removeprefix("n"): {"leaks": n, "examples": []} for name, n in levels.items()}
    return {**CLEAN, "levels": {**CLEAN["levels"], **named}, "clean": False}  # type: ignore[dict-item]


def test_nothing_speaks_against_a_good_build(manifest: Make) -> None:
    assert found(manifest()) == []
    assert verdict_of(()) == "PASS"


@pytest.mark.parametrize(
    ("low", "high", "least", "outcome"),
    [
        (0.01, 0.2, 0.0, None),
        (0.0, 0.2, 0.0, "inconclusive"),
        (-0.1, 0.2, 0.0, "inconclusive"),
        (-0.2, 0.0, 0.0, "fails"),
        (0.0, 0.0, 0.0, "fails"),
        (-0.3, -0.1, 0.0, "fails"),
        (0.31, 0.5, 0.3, None),
        (0.2, 0.5, 0.3, "inconclusive"),
        (0.1, 0.3, 0.3, "fails"),
    ],
)
def test_the_whole_interval_of_the_gain_must_clear_the_least(
    manifest: Make, low: float, high: float, least: float, outcome: str | None
) -> None:
    judged = found(manifest(difference(low, high), release={"min_gain": least}))
    assert judged == ([("capability", outcome)] if outcome else [])


def test_the_gain_is_the_candidates_over_a_base_on_held_out_problems_greedily(manifest: Make) -> None:
    others = [
        difference(0.9, 0.99, baseline="sft"),
        difference(0.9, 0.99, suite="bench"),
        difference(0.9, 0.99, kind="double"),
        difference(0.9, 0.99, decoding="vote@5"),
        difference(0.9, 0.99, baseline=""),
        difference(-0.9, -0.8, arm="none", baseline="rl"),
    ]
    assert gain(manifest(*others)) is None
    assert found(manifest(*others)) == [("capability", "inconclusive")]
    real = difference(0.1, 0.2)
    assert gain(manifest(*others, real)) == real
    assert found(manifest(*others, real)) == []


def test_a_shared_fact_or_text_fails_and_a_run_of_words_is_inconclusive(manifest: Make) -> None:
    for level in ("fact", "exact"):
        assert found(manifest(leak=leaking(**{level: 2}))) == [("contamination", "fails")]
    for level in ("n8_words", "n64_characters", "meaning"):
        assert found(manifest(leak=leaking(**{level: 1}))) == [("contamination", "inconclusive")]
    both = list(objections(manifest(leak=leaking(fact=2, n8_words=3))))
    assert [each.reason.split()[0] for each in both] == ["2", "3"]
    assert [each.waivable for each in both] == [False, True]


def test_leaks_that_nobody_measured_are_inconclusive(manifest: Make) -> None:
    assert found(manifest(leak={})) == [("contamination", "inconclusive")]
    assert leak_section(manifest(leak={})).body == "Leaks were not measured."


@pytest.mark.parametrize("licence", ["unknown", "Unknown terms", "CC-BY-NC-4.0", "cc-by-nd-4.0"])
def test_a_refused_licence_fails_by_its_prefix(manifest: Make, licence: str) -> None:
    judged = list(objections(manifest(sources=(Source(name="web", licence=licence),))))
    assert [(each.gate, each.outcome, each.waivable) for each in judged] == [("licences", "fails", True)]
    assert f"source web is under {licence}" in judged[0].reason
    loose = manifest(sources=(Source(name="web", licence=licence),), release={"licences_refused": []})
    assert found(loose) == [("policy", "inconclusive")]  # not to refuse them is a decision that somebody must sign


def test_a_kind_with_one_grader_counts_only_where_the_policy_says_so_and_it_was_measured(manifest: Make) -> None:
    scores = (difference(0.3, 0.5), difference(0.5, 0.9, kind="recall", baseline=""))
    strict = {"single_grader": "inconclusive"}
    assert found(manifest(*scores)) == []
    judged = list(objections(manifest(*scores, release=strict)))
    assert [each.reason for each in judged] == ["kinds with a single grader: recall"]
    kinds = (Kind(name="recall", title="R", book="closed", anchor="a", shared="n", second_grader="a walk"),)
    pack = manifest().pack.model_copy(update={"kinds": kinds})
    agreed = difference(0.97, 1.0, metric="second_grader_agreement", baseline="")
    assert found(manifest(*scores, agreed, release=strict, pack=pack)) == []


def test_one_failure_outweighs_what_is_inconclusive() -> None:
    fails, unclear = Objection(gate="a", reason="b"), Objection(gate="c", reason="d", outcome="inconclusive")
    assert verdict_of((unclear, fails)) == "FAIL"
    assert verdict_of((unclear, unclear)) == "INCONCLUSIVE"
    assert verdict_of((Objection(gate="a", reason="b", waivable=True),)) == "FAIL"  # waiving is somebody's decision


def test_the_section_says_what_was_kept_apart_and_what_was_not_checked(manifest: Make) -> None:
    body = leak_section(manifest(leak=leaking(n8_words=3))).body
    assert body.startswith("300 training and 40 test problems, split by anchor")
    assert "| 8 words | 3 |" in body
    assert "Not checked: meaning (no embedder)." in body


def test_the_agreement_of_two_graders_is_found(manifest: Make) -> None:
    agreement = difference(0.8, 1.0, metric="second_grader_agreement", baseline="")
    of_the_base = difference(0.1, 0.2, metric="second_grader_agreement", baseline="", arm="base-few")
    assert disagreement(manifest(difference(0.3, 0.5), of_the_base, agreement)) == agreement
    assert disagreement(manifest()) is None


# ---- the graders


def of_kind(*kinds: str) -> list[Score]:
    return [difference(0.3, 0.5), *(difference(0.5, 0.9, kind=kind, baseline="") for kind in kinds)]


def graders(manifest: BuildManifest, gate: str) -> list[tuple[str, bool, str]]:
    return [(each.outcome, each.waivable, each.reason) for each in objections(manifest) if each.gate == gate]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.96, 0.99, []),  # disagreement 1 to 4 %
        (0.95, 1.0, []),  # exactly the limit
        (0.90, 0.98, [("inconclusive", True)]),  # 2 to 10 %
        (0.80, 0.94, [("fails", False)]),  # 6 to 20 %
    ],
)
def test_the_second_grader_may_disagree_on_five_percent(
    manifest: Make, low: float, high: float, expected: list[tuple[str, bool]]
) -> None:
    agreement = difference(low, high, metric="second_grader_agreement", baseline="")
    found_ = graders(manifest(difference(0.3, 0.5), agreement), "graders")
    assert [each[:2] for each in found_] == expected
    assert graders(manifest(difference(0.3, 0.5), agreement, release={"max_disagreement": 0.5}), "graders") == []


def test_the_reason_says_how_often_the_second_grader_disagreed(manifest: Make) -> None:
    agreement = difference(0.80, 0.94, metric="second_grader_agreement", baseline="", n=75)  # value 0.87
    ((_, _, reason),) = graders(manifest(difference(0.3, 0.5), agreement), "graders")
    assert reason == "the second grader disagrees on 13.0 % [6.0, 20.0] of 75 answers; allowed are 5 %"


def test_a_second_grader_that_was_promised_and_never_asked_is_inconclusive(manifest: Make) -> None:
    assert graders(manifest(*of_kind("codes")), "graders") == [
        ("inconclusive", True, "the second grader of codes gave no verdict")
    ]
    assert graders(manifest(*of_kind("recall")), "graders") == []


@pytest.mark.parametrize(
    ("count", "n", "expected"),
    [
        (0, 300, []),  # upper limit 1 - 0.05 ** (1 / 300) = 0.994 %
        (0, 200, [("inconclusive", True)]),  # 1 - 0.05 ** (1 / 200) = 1.487 %
        (1, 300, [("inconclusive", True)]),
        (4, 300, [("fails", False)]),  # 1.33 %
        (0, 0, [("inconclusive", True)]),
    ],
)
def test_a_verifier_that_accepts_near_misses_fails_and_too_few_of_them_settle_nothing(
    manifest: Make, count: int, n: int, expected: list[tuple[str, bool]]
) -> None:
    judged = manifest(*of_kind("recall"), verifiers={"recall": accepted(count, n)})
    assert [each[:2] for each in graders(judged, "verifiers")] == expected


def test_only_the_verifiers_of_kinds_that_were_evaluated_count(manifest: Make) -> None:
    assert graders(manifest(*of_kind("recall"), verifiers={"recall": accepted(0, 300)}), "verifiers") == []
    ((_, _, reason),) = graders(manifest(*of_kind("recall"), verifiers={"codes": accepted(9, 9)}), "verifiers")
    assert reason == "the verifier of recall was not tried on near misses"
    assert graders(manifest(verifiers={}), "verifiers") == []


# ---- the files


def test_a_weight_that_is_not_finite_fails_and_weights_that_nobody_read_are_inconclusive(manifest: Make) -> None:
    bad = {"tensors": 10, "not_finite": 2, "named": ["merged/model.safetensors: lm_head.weight"], "parameters": {}}
    ((outcome, waivable, reason),) = graders(manifest(exported={**FINE, "weights": bad}), "weights")
    assert (outcome, waivable) == ("fails", False)
    assert reason == "2 of 10 exported tensors hold NaN or infinity: merged/model.safetensors: lm_head.weight"
    assert [each[0] for each in graders(manifest(exported={"tokens": FINE["tokens"]}), "weights")] == ["inconclusive"]
    none = {"tensors": 0, "not_finite": 0, "named": [], "parameters": {}}
    assert [each[0] for each in graders(manifest(exported={**FINE, "weights": none}), "weights")] == ["inconclusive"]
    assert graders(manifest(), "weights") == []


def test_other_token_ids_fail_and_a_tokenizer_that_was_not_compared_is_inconclusive(manifest: Make) -> None:
    bad = {"problems": 50, "different": 3, "named": ["problem-1"]}
    ((outcome, waivable, reason),) = graders(manifest(exported={**FINE, "tokens": bad}), "tokens")
    assert (outcome, waivable) == ("fails", False)
    assert reason == "the exported tokenizer gives other ids on 3 of 50 problems: problem-1"
    assert [each[0] for each in graders(manifest(exported={"weights": FINE["weights"]}), "tokens")] == ["inconclusive"]
    assert graders(manifest(), "tokens") == []


# ---- the policy


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("audit", "max_flip_rate", 0.2),
        ("audit", "max_accuracy_gap", 0.06),
        ("audit", "max_injection_drop", 0.5),
        ("audit", "alpha", 0.1),
        ("train", "max_false_accepts", 0.5),
        ("release", "max_false_accepts", 0.5),
        ("release", "max_disagreement", 0.5),
        ("release", "licences_refused", ["unknown"]),
    ],
)
def test_a_policy_looser_than_the_default_needs_a_waiver(manifest: Make, section: str, name: str, value: Any) -> None:
    settings = BuildConfig(pack="toy").model_dump(mode="json")
    settings[section][name] = value
    ((outcome, waivable, reason),) = graders(manifest(settings=settings), "policy")
    assert (outcome, waivable) == ("inconclusive", True)
    assert reason.startswith(f"{section}.{name} is ")


def test_a_stricter_policy_needs_none(manifest: Make) -> None:
    settings = BuildConfig(pack="toy").model_dump(mode="json")
    settings["audit"] |= {"max_flip_rate": 0.01, "alpha": 0.01, "max_tokens": 500}
    settings["release"] |= {"licences_refused": [*settings["release"]["licences_refused"], "GPL"], "min_gain": 0.1}
    assert graders(manifest(settings=settings), "policy") == []
