"""A finished build, made up: its numbers are chosen so that each can be found again in what is printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from srm_core.records import AuditFinding, BuildManifest, Kind, Objection, Pack, Score, Source, StageRecord

STAGES = ("ingest", "ground", "pose", "distill", "train", "evaluate", "audit", "release")
LEVELS = {  # (kind, arm): (value, low, high, n)
    ("codes", "base-few"): (0.24, 0.11, 0.43, 25),
    ("codes", "sft"): (0.88, 0.70, 0.96, 25),
    ("codes", "rl"): (0.92, 0.75, 0.98, 25),
    ("calculators", "base-few"): (0.36, 0.20, 0.55, 25),
    ("calculators", "sft"): (0.68, 0.48, 0.83, 25),
    ("calculators", "rl"): (0.72, 0.52, 0.86, 25),
    ("recall", "base-few"): (0.04, 0.01, 0.20, 25),
    ("recall", "sft"): (0.12, 0.04, 0.30, 25),
    ("recall", "rl"): (0.08, 0.02, 0.25, 25),
    ("all", "base-few"): (0.30, 0.18, 0.42, 50),
    ("all", "sft"): (0.78, 0.66, 0.89, 50),
    ("all", "rl"): (0.82, 0.71, 0.92, 50),
    ("calculators:formula=seen", "rl"): (0.85, 0.58, 0.96, 13),
    ("calculators:formula=unseen", "rl"): (0.58, 0.32, 0.81, 12),
    ("codes", "shuffled"): (0.10, 0.02, 0.40, 10),
    ("codes", "none"): (0.20, 0.06, 0.51, 10),
}
GAINS = {  # (kind, arm, baseline): (value, low, high, n)
    ("all", "rl", "base-few"): (0.52, 0.38, 0.66, 50),
    ("all", "rl", "sft"): (0.04, -0.02, 0.10, 50),
    ("codes", "rl", "base-few"): (0.68, 0.48, 0.84, 25),
    ("codes", "shuffled", "rl"): (-0.80, -1.0, -0.5, 10),
}


def _scores() -> tuple[Score, ...]:
    shared: dict[str, Any] = {"suite": "held-out", "decoding": "greedy", "metric": "accuracy"}
    levels = [
        Score(kind=kind, arm=arm, value=v, low=low, high=high, n=n, **shared)
        for (kind, arm), (v, low, high, n) in LEVELS.items()
    ]
    gains = [
        Score(
            kind=kind,
            arm=arm,
            baseline=base,
            value=v,
            low=low,
            high=high,
            n=n,
            **shared,
        )
        for (kind, arm, base), (v, low, high, n) in GAINS.items()
    ]
    further = Score(
        suite="pubmedqa",
        kind="all",
        arm="rl",
        decoding="greedy",
        metric="accuracy",
        value=0.41,
        low=0.31,
        high=0.51,
        n=100,
        abstained=3,
    )
    return (*levels, *gains, further)


def _manifest(**changes: Any) -> BuildManifest:
    kinds = (
        Kind(name="recall", title="Recall of a code", book="closed", anchor="a code", shared="none"),
        Kind(
            name="codes", title="Two-hop codes", book="open", anchor="a code", shared="chapters", second_grader="a walk"
        ),
        Kind(name="calculators", title="Clinical calculators", book="formula", anchor="a row", shared="formulas"),
    )
    pack = Pack(
        name="medical",
        title="Medical reasoning",
        version="0.1.0",
        intended_use="Study of coding.",
        out_of_scope="Care of patients.",
        system_prompt="You answer.",
        kinds=kinds,
        attributes=("sex",),
    )
    finding = {
        "measure": "flip rate",
        "attribute": "sex",
        "groups": ("female", "male"),
        "role": "student",
        "harm": "quality-of-service",
        "n": 24,
        "mde": 0.12,
        "limit": 0.05,
    }
    fields: dict[str, Any] = {
        "pack": pack,
        "base": "embedded:smollm2-135m-instruct",
        "teacher": "solver:",
        "seed": 7,
        "effort": "draft",
        "settings": {
            "train": {"epochs": 2.0, "methods": ["sft", "grpo"]},
            "evaluate": {"controls": ["shuffled", "none"]},
        },
        "stages": tuple(
            StageRecord(
                stage=name,
                key=f"{place:020x}",
                inputs={},
                settings={},
                code="c",
                counts={"kept": 10 * place},
                seconds=30.5 * place,
            )
            for place, name in enumerate(STAGES)
        ),
        "sources": (
            Source(name="ICD-10-CM", licence="public domain", version="2025", url="https://www.cdc.gov"),
            Source(name="own corpus", licence="CC-BY-4.0"),
        ),
        "scores": _scores(),
        "findings": (
            AuditFinding(**finding, effect=0.01, low=-0.02, high=0.04, p=0.4, p_adjusted=0.8, outcome="within"),
            AuditFinding(**(finding | {"attribute": "age"}), effect=0.04, low=-0.01, high=0.09, outcome="inconclusive"),
            AuditFinding(
                **(finding | {"measure": "injection drop", "attribute": "recency"}),
                effect=0.2,
                low=0.1,
                high=0.3,
                outcome="exceeds",
            ),
        ),
        "leak": {"verdict": "clean", "fact": {"compared": 150, "found": 0}},
        "objections": (Objection(gate="bias", reason="recency costs 20 points", outcome="fails", waivable=True),),
        "verdict": "FAIL",
        "environment": {"python": "3.11", "cores": "2"},
    }
    return BuildManifest(**(fields | changes))


@pytest.fixture(scope="session")
def make_manifest() -> Callable[..., BuildManifest]:
    """Return the function that makes the synthetic manifest, with fields changed as asked."""
    return _manifest
