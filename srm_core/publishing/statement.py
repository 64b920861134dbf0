"""What is signed: an in-toto Statement v1 with a SLSA provenance v1 predicate, and the gate's judgement in it.

Specifications: github.com/in-toto/attestation (spec/v1/statement.md) and slsa.dev/spec/v1.0/provenance, whose rule for
fields of one's own is a vendor prefix: ours begin with ``srm_``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..records import BuildManifest, StageRecord, digest
from ..reports.waivers import outcome

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD = "urn:srm-sdk:build:v1"  # a name: the eight stages of `srm build`
BUILDER = "urn:srm-sdk:builder:v1"


def statement(manifest: BuildManifest, subject: Mapping[str, str], *, version: str, signature: str) -> dict[str, Any]:
    """Return the statement about the files of ``subject`` (path -> sha256).

    ``version`` is that of `srm`; ``signature`` says whether there is an OpenSSF model signature, or why not.
    """
    return {
        "_type": TYPE,
        "subject": [{"name": name, "digest": {"sha256": value}} for name, value in sorted(subject.items())],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD,
                "externalParameters": {
                    "pack": f"{manifest.pack.name} {manifest.pack.version}",
                    "base": manifest.base,
                    "teacher": manifest.teacher,
                    "seed": manifest.seed,
                    "effort": manifest.effort,
                    "settings": manifest.settings,
                },
                "internalParameters": {
                    "stages": [_stage(record) for record in manifest.stages],
                    "environment": manifest.environment,
                },
                "resolvedDependencies": [_material(each.model_dump()) for each in manifest.materials],
            },
            "runDetails": {
                "builder": {"id": BUILDER, "version": {"srm-sdk": version}},
                "metadata": _metadata(manifest),
                "byproducts": [
                    {"name": f"stage {record.stage}", "digest": {"sha256": digest(record.files)}}
                    for record in manifest.stages
                ],
            },
            "srm_gate": {
                "judged": manifest.verdict,
                "released": outcome(manifest),
                "objections": [each.model_dump(mode="json") for each in manifest.objections],
                "waivers": [each.model_dump(mode="json") for each in manifest.waivers],
            },
            "srm_model_signature": signature,
        },
    }


def _stage(record: StageRecord) -> dict[str, Any]:
    return {
        "stage": record.stage,
        "key": record.key,
        "inputs": record.inputs,
        "settings": record.settings,
        "code": record.code,
        "counts": record.counts,
    }


def _material(fields: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": fields["name"],
        "uri": fields["uri"],
        "digest": {"sha256": fields["sha256"]},
        "annotations": {"srm_hashed": fields["media"]},
    }


def _metadata(manifest: BuildManifest) -> dict[str, str]:
    """Return the invocation's name, and when its first stage began and its last ended, as far as the stages say."""
    named = {"invocationId": digest({record.stage: record.key for record in manifest.stages})[:20]}
    ended = sorted(record.finished for record in manifest.stages if record.finished)
    return {**named, "finishedOn": ended[-1].replace("+00:00", "Z")} if ended else named
