"""The items of Annex XI, section 1, of Regulation (EU) 2024/1689 (AI Act), filled from the build or not measured."""

from __future__ import annotations

from ..config import POLICY_METHODS
from ..records import BuildManifest
from .energy import energy, operations, parameters
from .front_matter import UNKNOWN, licences
from .html import duration
from .markdown import table
from .summary import Summary


def annex(manifest: BuildManifest, summary: Summary) -> str:
    """Return the annex as a table of items and what this build knows of them."""
    counts = {stage.stage: stage.counts for stage in manifest.stages}
    metrics = {name: value for stage in manifest.stages for name, value in stage.metrics.items()}
    rows = [
        ("Tasks and intended use", manifest.pack.intended_use),
        ("Acceptable use", f"not: {manifest.pack.out_of_scope}"),
        ("Date of release", next((stage.finished for stage in reversed(manifest.stages) if stage.finished), UNKNOWN)),
        ("Way of distribution", "a folder of files, signed by its owner when released"),
        ("Architecture and parameters", _count(_first(metrics.get("parameters"), parameters(manifest, "merged")))),
        ("Parameters trained", _count(_first(metrics.get("trainable_parameters"), parameters(manifest, "adapter")))),
        ("Input and output", "text, text"),
        ("Licence", "; ".join(licences(manifest)) + " (sources; the base model's own terms apply too)"),
        ("Technical means of integration", "transformers, safetensors, and the calculator in srm_calculator.py"),
        ("Training process", f"{', '.join(_methods(manifest)) or UNKNOWN}; settings are in the manifest"),
        ("Design choices and what was optimized", _optimized(manifest)),
        ("Data: provenance", _provenance(manifest)),
        (
            "Data: curation",
            "; ".join(f"{name}: {_counts(counts[name])}" for name in ("ingest", "pose", "distill") if name in counts)
            or UNKNOWN,
        ),
        ("Data: number of points", f"{counts['train']['rows']} training rows" if _rows(counts) else UNKNOWN),
        ("Data: bias detection", f"{len(manifest.findings)} findings, above" if manifest.findings else UNKNOWN),
        ("Compute: time", _time(manifest)),
        ("Compute: operations", _operations(manifest, metrics)),
        ("Energy", _energy(manifest, metrics)),
        ("Hardware", "; ".join(f"{name} {value}" for name, value in manifest.environment.items()) or UNKNOWN),
        ("Evaluation", "held out by anchor, above" if summary.kinds else UNKNOWN),
        ("Adversarial testing", "see the audit above; no red team" if manifest.findings else UNKNOWN),
        ("Monitoring after release", UNKNOWN),
    ]
    return table(("item", "what this build knows"), rows)


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _rows(counts: dict[str, dict[str, int]]) -> bool:
    return "rows" in counts.get("train", {})


def _count(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.0f} parameters"


def _provenance(manifest: BuildManifest) -> str:
    hashed = f"; {len(manifest.materials)} materials are hashed in the manifest" if manifest.materials else ""
    return f"{len(manifest.sources)} sources, listed above; each record is traceable with `srm trace`{hashed}"


def _optimized(manifest: BuildManifest) -> str:
    methods = _methods(manifest)
    said = []
    kind = manifest.settings.get("train", {}).get("adapter", "lora")
    if "cpt" in methods:
        said.append("likelihood of the corpus's passages")
    if "sft" in methods:
        said.append(f"likelihood of verified worked answers ({kind})")
    if "esft" in methods:
        said.append("likelihood of verified worked answers (weights of chosen experts)")
    if "gkd" in methods:
        said.append("nearness to a teacher's probabilities")
    if {*POLICY_METHODS} & {*methods}:
        weights = manifest.settings.get("train", {}).get("reward_weights", {})
        said.append(f"verifiable rewards ({', '.join(f'{k} {v}' for k, v in weights.items()) or 'weights not stated'})")
    return "; ".join(said) or UNKNOWN


def _time(manifest: BuildManifest) -> str:
    spent = sum(stage.seconds for stage in manifest.stages)
    train = {stage.stage: stage.seconds for stage in manifest.stages}.get("train")
    return f"{duration(spent)} in all, {duration(train) if train is not None else UNKNOWN} training"


def _operations(manifest: BuildManifest, metrics: dict[str, float]) -> str:
    if "flops" in metrics:
        return f"{metrics['flops']:.3g} floating-point operations"
    bound = operations(manifest)
    if bound is None:
        return UNKNOWN
    return f"at most {bound:.2g} floating-point operations in supervised training, estimated as 6 · parameters · tokens"


def _energy(manifest: BuildManifest, metrics: dict[str, float]) -> str:
    if "energy_kwh" in metrics:
        return f"{metrics['energy_kwh']:.3g} kWh, measured"
    spent = energy(manifest)
    if spent is None:
        return UNKNOWN
    return (
        f"{spent.kwh:.3g} kWh, estimated: {duration(spent.seconds)} of the stages (measured) times {spent.watts:g} W "
        "(assumed, release.assumed_watts); the power was not measured"
    )


def _methods(manifest: BuildManifest) -> list[str]:
    return [str(method) for method in manifest.settings.get("train", {}).get("methods", ())]


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
