"""A CycloneDX 1.6 bill of materials for machine learning: the model with its card, data, base and libraries.

Specification: cyclonedx.org/docs/1.6/json. Numbers of a metric are strings there.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from ..config import POLICY_METHODS
from ..records import BuildManifest, Source, digest
from .energy import energy
from .libraries import Library, libraries
from .summary import summarize

MODEL = "model"


def ml_bom(manifest: BuildManifest, weights: Mapping[str, str]) -> dict[str, Any]:
    """Return the bill of materials; ``weights`` maps the exported safetensors files to their sha256."""
    packages = libraries()
    data = [_dataset(source, manifest) for source in _sources(manifest)]
    own = _model(manifest, weights, [each["bom-ref"] for each in data])
    name = digest({stage.stage: stage.key for stage in manifest.stages})
    found: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}",
        "version": 1,
        "metadata": {
            "component": own,
            "tools": {"components": [_tool(each) for each in packages if each.name == "srm-sdk"]},
        },
        "components": [*data, *(_library(each) for each in packages)],
        "dependencies": [
            {"ref": MODEL, "dependsOn": [*(each["bom-ref"] for each in data), *_ours(packages)]},
            *({"ref": _ref(each.name), "dependsOn": [_ref(need) for need in each.needs]} for each in packages),
        ],
    }
    ended = sorted(stage.finished for stage in manifest.stages if stage.finished)
    return {**found, "metadata": {**found["metadata"], "timestamp": ended[-1]}} if ended else found


def _model(manifest: BuildManifest, weights: Mapping[str, str], datasets: list[str]) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": MODEL,
        "name": f"srm-{manifest.pack.name}",
        "version": digest(dict(sorted(weights.items())))[:16] if weights else "unknown",
        "description": manifest.pack.title,
        "licenses": [{"license": {"name": licence}} for licence in sorted({s.licence for s in manifest.sources})],
        "properties": [{"name": f"srm:sha256:{file}", "value": value} for file, value in sorted(weights.items())],
        **_hashes(weights.get("merged/model.safetensors", "")),
        "pedigree": {"ancestors": [_ancestor(manifest)]},
        "modelCard": {
            "modelParameters": {
                "approach": {"type": _approach(manifest)},
                "task": "text-generation",
                "datasets": [{"ref": ref} for ref in datasets],
                "inputs": [{"format": "string"}],
                "outputs": [{"format": "string"}],
            },
            "quantitativeAnalysis": {"performanceMetrics": list(_metrics(manifest))},
            "considerations": _considerations(manifest),
        },
    }


def _approach(manifest: BuildManifest) -> str:
    methods = manifest.settings.get("train", {}).get("methods", ())
    return "reinforcement-learning" if {*POLICY_METHODS} & {*methods} else "supervised"


def _ancestor(manifest: BuildManifest) -> dict[str, Any]:
    scheme, colon, rest = manifest.base.partition(":")
    name = f"dir:{rest.rstrip('/').rpartition('/')[2]}" if colon and scheme == "dir" else manifest.base
    own = [each for each in manifest.materials if each.name.startswith("base: ") and each.name.endswith(".safetensors")]
    return {
        "type": "machine-learning-model",
        "name": name,
        **_hashes(own[0].sha256 if len(own) == 1 else ""),
    }


def _metrics(manifest: BuildManifest) -> Iterator[dict[str, Any]]:
    summary = summarize(manifest)
    for row in [*([summary.mean] if summary.mean else []), *summary.kinds]:
        if (figure := row.figures.get(summary.student)) is not None:
            yield {
                "type": "accuracy",
                "value": f"{figure.value:.4f}",
                "slice": f"{row.title}, n {figure.n}",
                "confidenceInterval": {"lowerBound": f"{figure.low:.4f}", "upperBound": f"{figure.high:.4f}"},
            }


def _considerations(manifest: BuildManifest) -> dict[str, Any]:
    judged = [each for each in manifest.findings if each.limit is not None and not each.reference]
    found: dict[str, Any] = {
        "useCases": [manifest.pack.intended_use],
        "technicalLimitations": [manifest.pack.out_of_scope],
        "fairnessAssessments": [
            {
                "groupAtRisk": f"{each.attribute}: {', '.join(each.groups) or 'all'}",
                "harms": (
                    f"{each.harm}, {each.measure} of the {each.role}: {each.effect:+.4f} [{each.low:+.4f}, "
                    f"{each.high:+.4f}], n {each.n}, limit {each.limit}: {each.outcome}"
                ),
            }
            for each in judged
        ],
    }
    spent = energy(manifest)
    if spent is None:
        return found
    said = f"{spent.kwh:.6f} kWh, estimated: {spent.seconds:.1f} s measured times {spent.watts:g} W assumed"
    return {**found, "environmentalConsiderations": {"properties": [{"name": "srm:energy", "value": said}]}}


def _sources(manifest: BuildManifest) -> list[Source]:
    named = {(source.name, source.version): source for source in manifest.sources}
    return [source for _, source in sorted(named.items())]


def _dataset(source: Source, manifest: BuildManifest) -> dict[str, Any]:
    name = f"{source.name} {source.version}".strip()
    material = next((each for each in manifest.materials if each.name == f"source: {name}"), None)
    contents = {"contents": {"url": source.url}} if source.url else {}
    properties = {"properties": [{"name": "srm:hashed", "value": material.media}]} if material else {}
    return {
        "type": "data",
        "bom-ref": f"data:{name}",
        "name": source.name,
        **({"version": source.version} if source.version else {}),
        "licenses": [{"license": {"name": source.licence}}],
        "data": [{"type": "dataset", "name": name, **contents}],
        **properties,
        **_hashes(material.sha256 if material else ""),
    }


def _hashes(value: str) -> dict[str, Any]:
    return {"hashes": [{"alg": "SHA-256", "content": value}]} if value else {}


def _library(library: Library) -> dict[str, Any]:
    named = {"expression": library.licence} if library.expression else {"license": {"name": library.licence}}
    return {
        "type": "library",
        "bom-ref": _ref(library.name),
        "name": library.name,
        "version": library.version,
        "purl": f"pkg:pypi/{library.name}@{library.version.replace('+', '%2B')}",
        "licenses": [named],
    }


def _tool(library: Library) -> dict[str, Any]:
    return {"type": "application", "name": library.name, "version": library.version}


def _ours(packages: list[Library]) -> list[str]:
    return [_ref(each.name) for each in packages if each.name == "srm-sdk"]


def _ref(name: str) -> str:
    return f"pypi:{name}"
