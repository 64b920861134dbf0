"""The core's gates: what fails, what is inconclusive, and how the verdict follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from srm_core.config import BuildConfig
from srm_core.records import BuildManifest, Kind, Objection, Score, Source
from srm_core.reports.gates import disagreement, gain, leak_section, objections, verdict_of

CLEAN = {
    "train": 300,
    "test": 40,
    "levels": {name: {"leaks": 0, "examples": []} for name in ("fact", "exact", "8 words", "64 characters")},
    "not_checked": ["meaning (no embedder)"],
    "clean": True,
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
            "scores": scores or (difference(0.3, 0.5),),
            "settings": settings,
            "leak": CLEAN,
            "sources": (Source(name="own", licence="CC-BY-4.0"),),
        }
        return make_manifest(**{**fields, **changes})

    return make


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
    assert found(manifest(sources=(Source(name="web", licence=licence),), release={"licences_refused": []})) == []


def test_a_kind_with_one_grader_counts_only_where_the_policy_says_so_and_it_was_measured(manifest: Make) -> None:
    scores = (difference(0.3, 0.5), difference(0.5, 0.9, kind="recall", baseline=""))
    strict = {"single_grader": "inconclusive"}
    assert found(manifest(*scores)) == []
    judged = list(objections(manifest(*scores, release=strict)))
    assert [each.reason for each in judged] == ["kinds with a single grader: recall"]
    kinds = (Kind(name="recall", title="R", book="closed", anchor="a", shared="n", second_grader="a walk"),)
    pack = manifest().pack.model_copy(update={"kinds": kinds})
    assert found(manifest(*scores, release=strict, pack=pack)) == []


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
    assert disagreement(manifest(difference(0.3, 0.5), agreement)) == agreement
    assert disagreement(manifest()) is None
