"""The YAML head of a model card, in the fields that the Hugging Face hub reads."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from ..records import BuildManifest
from .summary import Summary

UNKNOWN = "not measured"
LANGUAGE = "en"  # the problems, prompts and audits of every pack are English
HUB_NAMES = {"embedded:smollm2-135m-instruct": "HuggingFaceTB/SmolLM2-135M-Instruct"}
HUB_LICENCES = {"apache-2.0", "mit", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "bsd-3-clause"}


def front_matter(manifest: BuildManifest, summary: Summary) -> str:
    """Return the head; each value is JSON, which YAML reads."""
    fields: dict[str, Any] = {
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "language": [LANGUAGE],
        **_licence_fields(licences(manifest)),
        "tags": ["srm", "reasoning", manifest.pack.name],
    }
    if (base := _hub_name(manifest.base)) is not None:
        fields["base_model"] = base
    if named := sorted({_slug(source.name) for source in manifest.sources} - {""}):
        fields["datasets"] = named
    if results := _results(manifest, summary):
        fields["metrics"] = ["accuracy"]
        fields["model-index"] = [{"name": f"srm-{manifest.pack.name}", "results": results}]
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    return "\n".join(["---", *lines, "---"])


def licences(manifest: BuildManifest) -> list[str]:
    """Return the licences of all sources, each once."""
    return sorted({source.licence for source in manifest.sources})


def public(ref: str) -> str:
    """Return a reference without the folders above it."""
    scheme, colon, rest = ref.partition(":")
    return f"{scheme}:{rest.rstrip('/').rsplit('/', 1)[-1]}" if colon and scheme in ("dir", "gguf", "recorded") else ref


def _licence_fields(names: Sequence[str]) -> dict[str, str]:
    """Return the hub's licence fields: one known licence of all sources by its name, anything else as ``other``."""
    if len(names) == 1 and names[0].lower() in HUB_LICENCES:
        return {"license": names[0].lower()}
    return {"license": "other", "license_name": "; ".join(names) or UNKNOWN}


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")


def _results(manifest: BuildManifest, summary: Summary) -> list[dict[str, Any]]:
    rows = ([summary.mean] if summary.mean else []) + list(summary.kinds)
    return [
        {
            "task": {"type": "text-generation", "name": row.title},
            "dataset": {"name": f"{manifest.pack.name}, held out by anchor", "type": f"srm-{manifest.pack.name}"},
            "metrics": [
                {
                    "type": "accuracy",
                    "name": f"accuracy, 95 % interval [{f.low:.3f}, {f.high:.3f}], n {f.n}",
                    "value": f.value,
                }
            ],
        }
        for row in rows
        if (f := row.figures.get(summary.student)) is not None
    ]


def _hub_name(base: str) -> str | None:
    """Return the hub id behind a reference; folders and test models have none (and their paths stay private)."""
    return base[3:] if base.startswith("hf:") else HUB_NAMES.get(base)
