"""The model card: what the build knows, in the form the Hugging Face hub reads; what it does not know says so.

The annex follows the items of Annex XI of Regulation (EU) 2024/1689 (AI Act), section 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ..records import AuditFinding, BuildManifest, Section
from .html import VERDICTS, duration
from .plots import effect_text, finding_label
from .summary import Gain, Row, Summary, arm_title, columns, control_arms, percent, summarize

UNKNOWN = "not measured"
HUB_NAMES = {"embedded:smollm2-135m-instruct": "HuggingFaceTB/SmolLM2-135M-Instruct"}
HUB_LICENCES = {"apache-2.0", "mit", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "bsd-3-clause"}
_USE = """\
```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("merged")
model = AutoModelForCausalLM.from_pretrained("merged")
```

The model was trained and measured with a calculator: when it writes `<<140-104=`, the value after `=` is computed for
it, not generated. Plain `generate` has no calculator, so arithmetic is then a guess of its own and the accuracy above
does not hold. `srm ask RUN "..."` and `srm_core.calculator` supply it. The system prompt was:"""


def model_card(manifest: BuildManifest, sections: Sequence[Section]) -> str:
    """Return the model card as Markdown with a YAML head; ``sections`` come from plugins, after our own."""
    summary = summarize(manifest)
    parts = [
        _head(manifest, summary),
        f"# {_text(manifest.pack.title)}\n\n{_opening(manifest)}",
        f"## Release gate: {manifest.verdict or 'not judged'}\n\n{_gate(manifest)}",
        f"## Intended use\n\n{_text(manifest.pack.intended_use)}",
        f"## Out of scope and limits\n\n{_limits(manifest)}",
        f"## Evaluation\n\n{_evaluation(summary)}",
        f"## Audit\n\n{_audit(manifest)}",
        f"## Training data\n\n{_data(manifest)}",
        f"## How to use\n\n{_USE}\n\n{_quote(manifest.pack.system_prompt)}",
        *(f"## {_text(section.title)}\n\n{section.body.strip()}" for section in sections),
        f"## Technical documentation (after the EU AI Act, Annex XI, section 1)\n\n{_annex(manifest, summary)}",
    ]
    return "\n\n".join(parts) + "\n"


def _head(manifest: BuildManifest, summary: Summary) -> str:
    """Return the YAML head; each value is JSON, which YAML reads."""
    fields: dict[str, Any] = {
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        **_licence_fields(_licences(manifest)),
        "tags": ["srm", "reasoning", manifest.pack.name],
    }
    if (base := _hub_name(manifest.base)) is not None:
        fields["base_model"] = base
    if results := _results(manifest, summary):
        fields["model-index"] = [{"name": f"srm-{manifest.pack.name}", "results": results}]
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    return "\n".join(["---", *lines, "---"])


def _licence_fields(licences: Sequence[str]) -> dict[str, str]:
    """Return the hub's licence fields: one known licence of all sources by its name, anything else as ``other``."""
    if len(licences) == 1 and licences[0].lower() in HUB_LICENCES:
        return {"license": licences[0].lower()}
    return {"license": "other", "license_name": "; ".join(licences) or UNKNOWN}


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


def _public(ref: str) -> str:
    """Return a reference without the folders above it."""
    scheme, colon, rest = ref.partition(":")
    return f"{scheme}:{rest.rstrip('/').rsplit('/', 1)[-1]}" if colon and scheme in ("dir", "gguf", "recorded") else ref


def _licences(manifest: BuildManifest) -> list[str]:
    return sorted({source.licence for source in manifest.sources})


def _opening(manifest: BuildManifest) -> str:
    return (
        f"`{_text(_public(manifest.base))}` specialized by `srm` with the pack `{manifest.pack.name}` "
        f"{_text(manifest.pack.version)}; taught by `{_text(_public(manifest.teacher))}`, effort {manifest.effort}, "
        f"seed {manifest.seed}. Every number below was measured in this build."
    )


def _gate(manifest: BuildManifest) -> str:
    lines = [VERDICTS[manifest.verdict]]
    lines += [
        f"- **{_text(item.gate)}** ({item.outcome}{', waivable' if item.waivable else ''}): {_text(item.reason)}"
        for item in manifest.objections
    ]
    return "\n\n".join([lines[0], "\n".join(lines[1:])]).strip()


def _limits(manifest: BuildManifest) -> str:
    single = [kind.title for kind in manifest.pack.kinds if not kind.second_grader]
    shared = [
        f"- {_text(kind.title)}: held out by {_text(kind.anchor)}; shared on purpose: {_text(kind.shared)}"
        for kind in manifest.pack.kinds
    ]
    graded = f"Graded by one grader only: {_text(', '.join(single))}." if single else "Every kind has a second grader."
    return "\n\n".join([_text(manifest.pack.out_of_scope), "\n".join(shared), graded]).strip()


def _evaluation(summary: Summary) -> str:
    if not summary.kinds:
        return f"{UNKNOWN.capitalize()}."
    rows = [*summary.kinds, *([summary.mean] if summary.mean else [])]
    blocks = [
        "Accuracy on held-out problems: value, 95 % interval, number of items.",
        _matrix(rows, summary.arms),
    ]
    if summary.gains:
        blocks += ["Paired differences in points, on the same items:", _differences(summary.gains)]
    if summary.parts:
        blocks += ["By part:", _matrix(summary.parts, columns(summary.parts))]
    if summary.controls:
        blocks += ["Controls, the student with wrong or no facts:", _matrix(summary.controls, control_arms(summary))]
    if summary.suites:
        blocks += ["Published benchmarks, not trained on:", _matrix(summary.suites, columns(summary.suites))]
    if summary.suite_gains:
        blocks += ["Paired differences on benchmarks, in points:", _differences(summary.suite_gains)]
    return "\n\n".join(blocks)


def _differences(gains: Iterable[Gain]) -> str:
    rows = [
        (gain.title, f"{arm_title(gain.arm)} − {arm_title(gain.baseline)}", percent(gain.figure, sign=True))
        for gain in gains
    ]
    return _table(("kind", "compared", "difference"), rows)


def _matrix(rows: Iterable[Row], arms: Sequence[str]) -> str:
    cells = [
        (
            f"{row.title} ({row.note})" if row.note else row.title,
            *(percent(row.figures[arm]) if arm in row.figures else UNKNOWN for arm in arms),
        )
        for row in rows
    ]
    return _table(("", *(arm_title(arm) for arm in arms)), cells)


def _audit(manifest: BuildManifest) -> str:
    if not manifest.findings:
        return "Not measured: no audit was run, so nothing is known about bias."
    rows = [
        (
            finding_label(finding),
            finding.harm,
            _effect(finding),
            "none set" if finding.limit is None else f"±{100 * finding.limit:.1f}",
            str(finding.n),
            finding.outcome,
        )
        for finding in manifest.findings
    ]
    head = (
        "Effects in points with 95 % intervals. An interval that crosses its limit is inconclusive; "
        "within the limit we set does not mean free of bias."
    )
    return f"{head}\n\n{_table(('finding', 'harm', 'effect', 'limit', 'n', 'outcome'), rows)}"


def _effect(finding: AuditFinding) -> str:
    value, low, high = (effect_text(finding, number) for number in (finding.effect, finding.low, finding.high))
    return f"{value} [{low}, {high}]"


def _data(manifest: BuildManifest) -> str:
    if not manifest.sources:
        return f"Sources: {UNKNOWN}."
    rows = [(source.name, source.version or "–", source.licence, source.url or "–") for source in manifest.sources]
    return _table(("source", "version", "licence", "address"), rows)


def _annex(manifest: BuildManifest, summary: Summary) -> str:
    counts = {stage.stage: stage.counts for stage in manifest.stages}
    metrics = {name: value for stage in manifest.stages for name, value in stage.metrics.items()}
    spent = sum(stage.seconds for stage in manifest.stages)
    train = {stage.stage: stage.seconds for stage in manifest.stages}.get("train")
    rows = [
        ("Tasks and intended use", manifest.pack.intended_use),
        ("Acceptable use", f"not: {manifest.pack.out_of_scope}"),
        ("Date of release", next((stage.finished for stage in reversed(manifest.stages) if stage.finished), UNKNOWN)),
        ("Architecture and parameters", _number(metrics.get("parameters"), "parameters")),
        ("Parameters trained", _number(metrics.get("trainable_parameters"), "parameters")),
        ("Input and output", "text, text"),
        ("Licence", "; ".join(_licences(manifest)) + " (sources; the base model's own terms apply too)"),
        ("Training process", f"{', '.join(_methods(manifest)) or UNKNOWN}; settings are in the manifest"),
        (
            "Data: provenance",
            f"{len(manifest.sources)} sources, listed above; each record is traceable with `srm trace`",
        ),
        (
            "Data: curation",
            "; ".join(f"{name}: {_counts(counts[name])}" for name in ("ingest", "pose", "distill") if name in counts)
            or UNKNOWN,
        ),
        ("Data: bias detection", f"{len(manifest.findings)} findings, above" if manifest.findings else UNKNOWN),
        ("Compute: time", f"{duration(spent)} in all, {duration(train) if train is not None else UNKNOWN} training"),
        ("Compute: operations", _number(metrics.get("flops"), "floating-point operations")),
        ("Energy", _number(metrics.get("energy_kwh"), "kWh")),
        ("Hardware", "; ".join(f"{name} {value}" for name, value in manifest.environment.items()) or UNKNOWN),
        ("Evaluation", "held out by anchor, above" if summary.kinds else UNKNOWN),
        ("Adversarial testing", "see the audit above; no red team" if manifest.findings else UNKNOWN),
        ("Monitoring after release", UNKNOWN),
    ]
    return _table(("item", "what this build knows"), rows)


def _methods(manifest: BuildManifest) -> list[str]:
    train = manifest.settings.get("train", {})
    return [str(method) for method in train.get("methods", ())]


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _number(value: float | None, unit: str) -> str:
    return UNKNOWN if value is None else f"{value:,.0f} {unit}" if value >= 10 else f"{value:.3g} {unit}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(_text(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _text(text: str) -> str:
    """Return ``text`` on one line and without markup: a corpus title must not become HTML on a hub page."""
    return " ".join(text.replace("&", "&amp;").replace("<", "&lt;").split())


def _quote(text: str) -> str:
    return "\n".join(f"> {_text(line)}" for line in text.splitlines())
