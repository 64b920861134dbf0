"""The build on one page: a single HTML file that opens anywhere and loads nothing from anywhere.

Everything in it is escaped: a model's output, a corpus title or a plugin's text can never become markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..config import POLICY_METHODS
from ..records import BuildManifest
from ..store import write_atomically
from .plots import accuracy_plot, audit_plot, curve, effect_text, finding_label
from .summary import arm_title, columns, control_arms, percent, summarize

Logs = Mapping[str, Sequence[Mapping[str, Any]]]
VERDICTS = {
    "PASS": "Every gate passed. This candidate may be released.",
    "FAIL": "At least one gate failed. This candidate must not be released as it is.",
    "INCONCLUSIVE": "No gate failed, but the evidence is too thin to decide. Measure more before releasing.",
    "": "The gate has not judged this build.",
}


def write_report(manifest: BuildManifest, logs: Logs, out: Path) -> Path:
    """Write the report of a build to the file ``out`` and return it.

    ``logs`` maps a training method to its log: ``sft`` with ``step`` and ``loss``, one of reinforcement with ``step``
    and ``reward``.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "arm": arm_title,
        "finding": finding_label,
        "duration": duration,
        "effect": effect_text,
    }
    judged = [finding for finding in manifest.findings if finding.limit is not None and not finding.reference]
    summary = summarize(manifest)
    reinforced = next((log for name, log in logs.items() if name in POLICY_METHODS), ())
    pictures = {
        "accuracy": accuracy_plot(summary),
        "loss": curve(logs.get("sft", ()), "loss", colour="#3f7fd0", ylabel="loss, nats a token"),
        "reward": curve(reinforced, "reward", colour="#0b8f6f", ylabel="mean reward"),
        "audit": audit_plot(judged),
    }
    page = environment.get_template("report.html").render(
        manifest=manifest,
        summary=summary,
        verdict_text=VERDICTS[manifest.verdict],
        control_arms=control_arms(summary),
        part_arms=columns(summary.parts),
        suite_arms=columns(summary.suites),
        further_arms=columns(summary.further),
        judged=judged,
        unjudged=[finding for finding in manifest.findings if finding not in judged],
        leak=list(flatten(manifest.leak)),
        settings=list(flatten(manifest.settings)),
        single_grader=[kind.title for kind in manifest.pack.kinds if not kind.second_grader],
        total_s=sum(stage.seconds for stage in manifest.stages),
        # matplotlib escapes the text inside its SVG, so only these strings are markup
        pictures={name: Markup(svg) for name, svg in pictures.items()},  # noqa: S704
    )
    write_atomically(out, page)
    return out


def flatten(tree: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
    """Return the leaves of nested settings as (dotted name, value as JSON), in their order."""
    leaves: list[tuple[str, str]] = []
    for name, value in tree.items():
        path = f"{above}{name}"
        if isinstance(value, Mapping) and value:
            leaves += flatten(value, f"{path}.")
        else:
            leaves.append(
                (path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))
            )
    return leaves


def duration(seconds: float) -> str:
    """Return seconds as ``8.2 s``, ``3 min 20 s`` or ``1 h 05 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
