"""The summary holds the manifest's numbers, in the order a reader needs, and invents none."""

from __future__ import annotations

from srm_core.records import Score
from srm_core.reports.summary import Figure, control_arms, percent, summarize


def test_kinds_come_in_the_packs_order_and_those_from_memory_last(make_manifest):
    summary = summarize(make_manifest())
    assert [row.name for row in summary.kinds] == ["codes", "calculators", "recall"]
    assert summary.arms == ("base-few", "sft", "rl")
    assert summary.student == "rl"
    assert summary.kinds[0].figures["sft"] == Figure(value=0.88, low=0.70, high=0.96, n=25)


def test_the_mean_and_the_paired_gains_stand_first(make_manifest):
    summary = summarize(make_manifest())
    assert summary.mean is not None
    assert summary.mean.figures["rl"].value == 0.82
    assert [(gain.kind, gain.arm, gain.baseline) for gain in summary.gains] == [
        ("all", "rl", "base-few"),
        ("all", "rl", "sft"),
        ("codes", "rl", "base-few"),
    ]


def test_seen_and_unseen_formulas_stand_apart_from_the_kinds(make_manifest):
    assert [row.title for row in summarize(make_manifest()).parts] == [
        "Clinical calculators, formula seen",
        "Clinical calculators, formula unseen",
    ]


def test_controls_stand_beside_the_student_and_only_where_they_were_measured(make_manifest):
    summary = summarize(make_manifest())
    assert control_arms(summary) == ("rl", "shuffled", "none")
    assert [row.name for row in summary.controls] == ["codes"]
    assert [(gain.arm, gain.figure.value) for gain in summary.control_gains] == [("shuffled", -0.8)]


def test_other_suites_decodings_and_measures_are_no_part_of_the_headline(make_manifest):
    shared = {"suite": "held-out", "kind": "codes", "arm": "rl", "low": 0.0, "high": 1.0, "n": 25}
    further = (
        Score(decoding="vote@5", metric="accuracy", value=0.96, **shared),
        Score(decoding="greedy", metric="format", value=0.99, **shared),
    )
    summary = summarize(make_manifest(scores=(*make_manifest().scores, *further)))
    assert [row.title for row in summary.suites] == ["pubmedqa"]
    assert {row.title for row in summary.further} == {"codes, accuracy, vote@5", "codes, format, greedy"}
    assert summary.kinds[0].figures["rl"].value == 0.92


def test_gains_on_other_suites_stay_apart_and_name_their_suite(make_manifest):
    shared = {"kind": "all", "decoding": "greedy", "metric": "accuracy", "low": 0.0, "high": 0.2, "n": 100}
    gain = Score(suite="pubmedqa", arm="rl", baseline="base-few", value=0.1, **shared)
    summary = summarize(make_manifest(scores=(*make_manifest().scores, gain)))
    assert [gain.title for gain in summary.suite_gains] == ["pubmedqa: all"]
    assert len(summary.gains) == 3


def test_an_arm_of_another_training_method_is_a_column_too(make_manifest):
    shared = {
        "suite": "held-out",
        "kind": "codes",
        "decoding": "greedy",
        "metric": "accuracy",
        "low": 0.0,
        "high": 1.0,
        "n": 9,
    }
    summary = summarize(make_manifest(scores=(*make_manifest().scores, Score(arm="dpo", value=0.5, **shared))))
    assert summary.arms == ("base-few", "sft", "rl", "dpo")
    assert summary.student == "dpo"


def test_what_was_not_measured_is_absent(make_manifest):
    summary = summarize(make_manifest(scores=()))
    assert (summary.kinds, summary.mean, summary.gains, summary.student) == ((), None, (), "")


def test_figures_are_printed_with_interval_n_and_abstentions():
    figure = Figure(value=0.716, low=0.604, high=0.801, n=50, abstained=2)
    assert percent(figure) == "72 % [60, 80] n 50, 2 without a verdict"
    assert percent(Figure(value=-0.001, low=-0.05, high=0.05, n=50), sign=True) == "0 [-5, +5] n 50"
