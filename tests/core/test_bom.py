"""The bill of materials: CycloneDX 1.6 with the model's card, its data and base by hash, and every library."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from srm_core.records import BuildManifest, Material
from srm_core.reports.bom import ml_bom
from srm_core.reports.energy import energy
from srm_core.reports.libraries import NOT_STATED, libraries

WEIGHTS = {"merged/model.safetensors": "a" * 64, "adapter/adapter_model.safetensors": "b" * 64}
MATERIALS = (
    Material(name="base: model.safetensors", uri="srm:base/m", sha256="c" * 64, media="file"),
    Material(name="source: ICD-10-CM 2025", uri="https://www.cdc.gov", sha256="d" * 64, media="9 records"),
)


@pytest.fixture(scope="module")
def bom(make_manifest: Callable[..., BuildManifest]) -> dict[str, Any]:
    return ml_bom(make_manifest(materials=MATERIALS), WEIGHTS)


def schema() -> dict[str, Any] | None:
    """Return the specification's JSON schema, if the package that carries it is installed."""
    found = importlib.util.find_spec("cyclonedx")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(next(iter(found.submodule_search_locations))) / "schema" / "_res"
    read: dict[str, Any] = json.loads((folder / "bom-1.6.SNAPSHOT.schema.json").read_text(encoding="utf-8"))
    return read


def test_it_is_valid_by_the_specifications_schema(bom: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    referencing = pytest.importorskip("referencing")
    known = schema()
    if known is None:
        pytest.skip("the package cyclonedx-python-lib, which carries the schema, is not installed")
    folder = Path(next(iter(importlib.util.find_spec("cyclonedx").submodule_search_locations))) / "schema" / "_res"  # type: ignore[union-attr,arg-type]
    others = [json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text()) for name in ("spdx", "jsf-0.82")]
    registry = referencing.Registry().with_contents(
        [
            (f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", each)
            for name, each in zip(("spdx", "jsf-0.82"), others, strict=True)
        ],
        default_specification=referencing.jsonschema.DRAFT7,
    )
    errors = sorted(jsonschema.Draft7Validator(known, registry=registry).iter_errors(bom), key=str)
    assert [f"{list(each.path)}: {each.message[:200]}" for each in errors] == []


def test_its_frame_is_cyclonedx_1_6(bom: dict[str, Any]) -> None:
    assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bom["serialNumber"])
    assert bom["metadata"]["component"]["type"] == "machine-learning-model"


def test_the_model_has_its_hash_its_base_and_its_card(bom: dict[str, Any]) -> None:
    model = bom["metadata"]["component"]
    assert model["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert {each["name"]: each["value"] for each in model["properties"]} == {
        "srm:sha256:adapter/adapter_model.safetensors": "b" * 64,
        "srm:sha256:merged/model.safetensors": "a" * 64,
    }
    (base,) = model["pedigree"]["ancestors"]
    assert base["name"] == "embedded:smollm2-135m-instruct"
    assert base["hashes"] == [{"alg": "SHA-256", "content": "c" * 64}]
    card = model["modelCard"]
    assert card["modelParameters"]["approach"] == {"type": "reinforcement-learning"}
    assert card["quantitativeAnalysis"]["performanceMetrics"][0] == {
        "type": "accuracy",
        "value": "0.8200",
        "slice": "mean over kinds, n 50",
        "confidenceInterval": {"lowerBound": "0.7100", "upperBound": "0.9200"},
    }
    fairness = card["considerations"]["fairnessAssessments"]
    assert [each["groupAtRisk"].partition(":")[0] for each in fairness] == ["sex", "age", "recency"]
    assert "exceeds" in fairness[2]["harms"]


def test_data_are_components_that_the_card_refers_to(bom: dict[str, Any]) -> None:
    data = [each for each in bom["components"] if each["type"] == "data"]
    assert [each["name"] for each in data] == ["ICD-10-CM", "own corpus"]
    assert data[0]["hashes"] == [{"alg": "SHA-256", "content": "d" * 64}]
    assert data[0]["licenses"] == [{"license": {"name": "public domain"}}]
    assert "hashes" not in data[1]  # nothing is made up where no material was hashed
    asked = bom["metadata"]["component"]["modelCard"]["modelParameters"]["datasets"]
    assert [each["ref"] for each in asked] == [each["bom-ref"] for each in data]


def test_libraries_have_versions_licences_and_dependencies(bom: dict[str, Any]) -> None:
    found = {each["name"]: each for each in bom["components"] if each["type"] == "library"}
    assert {"srm-sdk", "torch", "transformers", "numpy", "pydantic-core"} <= set(found)
    assert found["numpy"]["version"] == version("numpy")
    assert found["srm-sdk"]["licenses"] == [{"expression": "Apache-2.0"}]
    assert found["torch"]["purl"].startswith("pkg:pypi/torch@")
    assert "+" not in found["torch"]["purl"]
    refs = [bom["metadata"]["component"]["bom-ref"], *(each["bom-ref"] for each in bom["components"])]
    assert len(refs) == len(set(refs))
    named = {ref for each in bom["dependencies"] for ref in (each["ref"], *each["dependsOn"])}
    assert named <= set(refs)
    pydantic = next(each for each in bom["dependencies"] if each["ref"] == "pypi:pydantic")
    assert "pypi:pydantic-core" in pydantic["dependsOn"]


def test_every_library_states_a_licence_or_that_it_does_not() -> None:
    assert all(each.licence for each in libraries())
    assert {each.name for each in libraries() if each.expression and each.licence == NOT_STATED} == set()
    assert libraries("no-such-package-anywhere") == []


def test_energy_is_seconds_times_the_assumed_power(make_manifest: Callable[..., BuildManifest]) -> None:
    spent = energy(make_manifest())
    assert spent is not None
    assert spent.seconds == pytest.approx(30.5 * (0 + 1 + 2 + 3 + 4 + 5 + 6 + 7))
    assert spent.watts == 65.0
    assert spent.kwh == pytest.approx(854.0 * 65.0 / 3_600_000)  # 854 s at 65 W are 55,510 J; a kWh is 3.6 MJ
    settings = {**make_manifest().settings, "release": {"assumed_watts": 130.0}}
    twice = energy(make_manifest(settings=settings))
    assert twice is not None
    assert twice.kwh == pytest.approx(2 * spent.kwh)
    assert energy(make_manifest(stages=())) is None
