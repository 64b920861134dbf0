"""The signed statement: in-toto v1 with SLSA provenance v1, filled from the manifest, the gate's judgement in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from srm_core.publishing.statement import statement
from srm_core.records import BuildManifest, Material, Objection, StageRecord, Waiver

AGE = Objection(gate="fairness", reason="age was not measured", outcome="inconclusive", waivable=True)
WAIVER = Waiver(gate="fairness", who="Ada", why="a pilot", on=date(2026, 11, 23), reasons=(AGE.reason,))
MATERIAL = Material(name="source: words", uri="srm:source/words", sha256="d" * 64, media="9 records")


@pytest.fixture
def said(make_manifest: Callable[..., BuildManifest]) -> dict[str, Any]:
    stages = tuple(
        StageRecord(
            stage=name,
            key=name * 2,
            inputs={},
            settings={"seed": 7},
            code="c",
            counts={"rows": 3},
            files={"a": "b" * 64},
            finished=f"2026-11-2{day}T08:00:00+00:00",
        )
        for day, name in ((1, "ingest"), (2, "train"))
    )
    manifest = make_manifest(
        stages=stages, objections=(AGE,), verdict="INCONCLUSIVE", waivers=(WAIVER,), materials=(MATERIAL,)
    )
    return statement(manifest, {"b": "1" * 64, "a": "0" * 64}, version="0.1.0", signature="none: because")


def test_it_has_the_four_fields_of_an_in_toto_statement_v1(said: dict[str, Any]) -> None:
    assert set(said) == {"_type", "subject", "predicateType", "predicate"}
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://slsa.dev/provenance/v1"
    assert said["subject"] == [
        {"name": "a", "digest": {"sha256": "0" * 64}},
        {"name": "b", "digest": {"sha256": "1" * 64}},
    ]


def test_the_build_definition_holds_settings_stages_and_hashed_sources(said: dict[str, Any]) -> None:
    build = said["predicate"]["buildDefinition"]
    assert set(build) == {"buildType", "externalParameters", "internalParameters", "resolvedDependencies"}
    assert build["externalParameters"]["seed"] == 7
    assert build["externalParameters"]["pack"] == "medical 0.1.0"
    assert build["externalParameters"]["settings"]["train"]["epochs"] == 2.0
    assert [each["stage"] for each in build["internalParameters"]["stages"]] == ["ingest", "train"]
    assert build["internalParameters"]["stages"][1]["key"] == "traintrain"
    assert build["resolvedDependencies"] == [
        {
            "name": "source: words",
            "uri": "srm:source/words",
            "digest": {"sha256": "d" * 64},
            "annotations": {"srm_hashed": "9 records"},
        }
    ]


def test_the_run_details_name_builder_time_and_byproducts(said: dict[str, Any]) -> None:
    run = said["predicate"]["runDetails"]
    assert run["builder"] == {"id": "urn:srm-sdk:builder:v1", "version": {"srm-sdk": "0.1.0"}}
    assert run["metadata"]["finishedOn"] == "2026-11-22T08:00:00Z"
    assert [each["name"] for each in run["byproducts"]] == ["stage ingest", "stage train"]
    assert all(len(each["digest"]["sha256"]) == 64 for each in run["byproducts"])


def test_what_was_judged_and_what_was_waived_are_both_in_it(said: dict[str, Any]) -> None:
    assert said["predicate"]["srm_gate"] == {
        "judged": "INCONCLUSIVE",
        "released": "PASS with waivers",
        "objections": [
            {"gate": "fairness", "reason": "age was not measured", "outcome": "inconclusive", "waivable": True}
        ],
        "waivers": [
            {
                "gate": "fairness",
                "who": "Ada",
                "why": "a pilot",
                "on": "2026-11-23",
                "reasons": ["age was not measured"],
            }
        ],
    }
    assert said["predicate"]["srm_model_signature"] == "none: because"


def test_fields_of_our_own_have_the_vendors_prefix(said: dict[str, Any]) -> None:
    assert {name for name in said["predicate"] if name not in ("buildDefinition", "runDetails")} == {
        "srm_gate",
        "srm_model_signature",
    }
