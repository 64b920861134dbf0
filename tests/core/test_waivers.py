"""Waivers: who and why, only of what may be waived, and exactly of the objections that were judged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from srm_core.errors import ReleaseRefused
from srm_core.records import BuildManifest, Objection
from srm_core.reports.card import model_card
from srm_core.reports.waivers import Request, outcome, standing, waiver_lines, waivers_for

DAY = date(2026, 11, 23)
BIAS = Objection(gate="fairness", reason="recency costs 20 points", waivable=True)
AGE = Objection(gate="fairness", reason="age was not measured", outcome="inconclusive", waivable=True)
LICENCE = Objection(gate="licences", reason="source web is under CC-BY-NC", waivable=True)
LEAK = Objection(gate="contamination", reason="2 test items share a fact")
RUN = Objection(gate="contamination", reason="3 items share words", outcome="inconclusive", waivable=True)


def test_a_waiver_covers_every_objection_of_its_gate_and_says_which() -> None:
    (waiver,) = waivers_for((BIAS, LICENCE, AGE), [Request("fairness", " Ada ", " a pilot ")], DAY)
    assert (waiver.who, waiver.why, waiver.on) == ("Ada", "a pilot", DAY)
    assert waiver.reasons == (BIAS.reason, AGE.reason)
    assert standing((BIAS, LICENCE, AGE), (waiver,)) == (LICENCE,)
    assert waiver_lines((waiver,)) == ["waived: fairness, by Ada on 2026-11-23: a pilot"]


def test_what_was_objected_after_the_waiver_stands() -> None:
    (waiver,) = waivers_for((AGE,), [Request("fairness", "Ada", "a pilot")], DAY)
    assert standing((AGE, BIAS), (waiver,)) == (BIAS,)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Request("fairness", "", "a pilot"), "the waiver of fairness lacks a name"),
        (Request("fairness", "Ada", "  "), "the waiver of fairness lacks its reason"),
        (Request("capability", "Ada", "a pilot"), "no objection of 'capability' to waive; .*: contamination, fairness"),
        (Request("contamination", "Ada", "a pilot"), "contamination may not be waived: 2 test items share a fact"),
    ],
)
def test_an_unsound_waiver_is_refused(request_: Request, said: str) -> None:
    with pytest.raises(ReleaseRefused, match=said):
        waivers_for((BIAS, LEAK, RUN), [request_], DAY)


def test_the_outcome_follows_from_what_stands(make_manifest: Callable[..., BuildManifest]) -> None:
    waivers = waivers_for((BIAS, RUN), [Request("fairness", "A", "b"), Request("contamination", "C", "d")], DAY)
    judged = make_manifest(objections=(BIAS, RUN), verdict="FAIL")
    assert outcome(judged) == "FAIL"
    assert outcome(judged.model_copy(update={"waivers": waivers[:1]})) == "FAIL"
    assert outcome(judged.model_copy(update={"waivers": waivers})) == "PASS with waivers"
    assert outcome(make_manifest(objections=(), verdict="PASS")) == "PASS"
    assert outcome(make_manifest(objections=(), verdict="FAIL", waivers=waivers)) == "FAIL"


def test_a_waiver_made_by_hand_of_what_may_not_be_waived_changes_nothing(
    make_manifest: Callable[..., BuildManifest],
) -> None:
    (waiver,) = waivers_for((RUN,), [Request("contamination", "Ada", "a pilot")], DAY)
    forged = waiver.model_copy(update={"reasons": (LEAK.reason,)})
    assert standing((LEAK,), (forged,)) == (LEAK,)
    assert outcome(make_manifest(objections=(LEAK,), verdict="FAIL", waivers=(forged,))) == "FAIL"


def test_the_card_names_who_waived_what_and_why(make_manifest: Callable[..., BuildManifest]) -> None:
    waivers = waivers_for((BIAS,), [Request("fairness", "Ada <b>", "a pilot, ten users")], DAY)
    card = model_card(make_manifest(objections=(BIAS,), verdict="FAIL", waivers=waivers), ())
    assert "## Release gate: PASS with waivers" in card
    assert "Judged FAIL; every objection was waived by the people named below." in card
    assert "- **fairness** (fails, waivable): recency costs 20 points" in card
    assert "- **waiver of fairness** by Ada &lt;b> on 2026-11-23: a pilot, ten users" in card
    assert "waiver" not in model_card(make_manifest(objections=(BIAS,), verdict="FAIL"), ()).replace("waivable", "")
