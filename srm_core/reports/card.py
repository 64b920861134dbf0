"""The model card: what the build knows, in the form the Hugging Face hub reads; what it does not know says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..records import AuditFinding, BuildManifest, Section
from .annex import annex
from .front_matter import UNKNOWN, front_matter, public
from .gmlp import gmlp, is_medical
from .html import VERDICTS
from .markdown import plain, quote, table
from .plots import effect_text, finding_label
from .summary import Gain, Row, Summary, arm_title, columns, control_arms, percent, summarize
from .waivers import WAIVED, outcome

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
        front_matter(manifest, summary),
        f"# {plain(manifest.pack.title)}\n\n{_opening(manifest)}",
        f"## Release gate: {outcome(manifest) or 'not judged'}\n\n{_gate(manifest)}",
        f"## Intended use\n\n{plain(manifest.pack.intended_use)}",
        f"## Out of scope and limits\n\n{_limits(manifest)}",
        f"## Evaluation\n\n{_evaluation(summary)}",
        f"## Audit\n\n{_audit(manifest)}",
        f"## Training data\n\n{_data(manifest)}",
        f"## How to use\n\n{_use(manifest)}\n\n{quote(manifest.pack.system_prompt)}",
        *(f"## {plain(section.title)}\n\n{section.body.strip()}" for section in sections),
        f"## Technical documentation (after the EU AI Act, Annex XI, section 1)\n\n{annex(manifest, summary)}",
        *(
            [f"## Good machine learning practice (medical)\n\n{gmlp(manifest, summary)}"]
            if is_medical(manifest)
            else []
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _use(manifest: BuildManifest) -> str:
    exports = manifest.settings.get("release", {}).get("exports", ("merged",))
    if "merged" in exports:
        return _USE
    return f'This release holds {", ".join(exports)}: `srm ask RUN "..."` answers with it. The system prompt was:'


def _opening(manifest: BuildManifest) -> str:
    return (
        f"`{plain(public(manifest.base))}` specialized by `srm` with the pack `{manifest.pack.name}` "
        f"{plain(manifest.pack.version)}; taught by `{plain(public(manifest.teacher))}`, effort {manifest.effort}, "
        f"seed {manifest.seed}. Every number below was measured in this build."
    )


def _gate(manifest: BuildManifest) -> str:
    waived = f"Judged {manifest.verdict}; every objection was waived by the people named below."
    lines = [waived if outcome(manifest) == WAIVED else VERDICTS[manifest.verdict]]
    lines += [
        f"- **{plain(item.gate)}** ({item.outcome}{', waivable' if item.waivable else ''}): {plain(item.reason)}"
        for item in manifest.objections
    ]
    lines += [
        f"- **waiver of {plain(each.gate)}** by {plain(each.who)} on {each.on}: {plain(each.why)}"
        for each in manifest.waivers
    ]
    return "\n\n".join([lines[0], "\n".join(lines[1:])]).strip()


def _limits(manifest: BuildManifest) -> str:
    single = [kind.title for kind in manifest.pack.kinds if not kind.second_grader]
    shared = [
        f"- {plain(kind.title)}: held out by {plain(kind.anchor)}; shared on purpose: {plain(kind.shared)}"
        for kind in manifest.pack.kinds
    ]
    graded = f"Graded by one grader only: {plain(', '.join(single))}." if single else "Every kind has a second grader."
    return "\n\n".join([plain(manifest.pack.out_of_scope), "\n".join(shared), graded]).strip()


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
        blocks += ["Other suites, not trained on:", _matrix(summary.suites, columns(summary.suites))]
    if summary.suite_gains:
        blocks += ["Paired differences on benchmarks, in points:", _differences(summary.suite_gains)]
    return "\n\n".join(blocks)


def _differences(gains: Iterable[Gain]) -> str:
    rows = [
        (gain.title, f"{arm_title(gain.arm)} − {arm_title(gain.baseline)}", percent(gain.figure, sign=True))
        for gain in gains
    ]
    return table(("kind", "compared", "difference"), rows)


def _matrix(rows: Iterable[Row], arms: Sequence[str]) -> str:
    cells = [
        (
            f"{row.title} ({row.note})" if row.note else row.title,
            *(percent(row.figures[arm]) if arm in row.figures else UNKNOWN for arm in arms),
        )
        for row in rows
    ]
    return table(("", *(arm_title(arm) for arm in arms)), cells)


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
    return f"{head}\n\n{table(('finding', 'harm', 'effect', 'limit', 'n', 'outcome'), rows)}"


def _effect(finding: AuditFinding) -> str:
    value, low, high = (effect_text(finding, number) for number in (finding.effect, finding.low, finding.high))
    return f"{value} [{low}, {high}]"


def _data(manifest: BuildManifest) -> str:
    if not manifest.sources:
        return f"Sources: {UNKNOWN}."
    rows = [(source.name, source.version or "–", source.licence, source.url or "–") for source in manifest.sources]
    return table(("source", "version", "licence", "address"), rows)
