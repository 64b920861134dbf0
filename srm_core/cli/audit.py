"""``srm audit RUN``: the stage ``audit`` alone, with other settings if asked; ``--plan``: what it could find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import json_option, set_option, workspace_option

if TYPE_CHECKING:
    from ..records import PlannedFinding
    from ..stages.audit_plan import AuditPlan, Speed
    from ..stages.context import Context
    from ..store import Artifact
    from ..workspace import Run, Workspace


@click.command("audit")
@click.argument("run")
@click.option("--plan", "plan_only", is_flag=True, help="Print what the audit could find and what it costs, and stop.")
@json_option
@set_option
@workspace_option
def command(run: str, *, plan_only: bool, as_json: bool, assignments: tuple[str, ...], workspace: Path | None) -> None:
    """Audit a run again, or plan its audit.

    Settings can be changed with --set, e.g. --set audit.per_attribute=60; what is unchanged is taken from the store.
    With --plan nothing is asked of a model: problems per attribute, the smallest effect that would be found, which
    limits cannot be decided at this size, calls and time.
    """
    if not plan_only:
        if as_json:
            raise click.UsageError("--json belongs to --plan; `srm show RUN --json` prints a finished run")
        from .rerunning import rerun_and_show

        rerun_and_show(run, assignments, workspace)
        return
    plan = planned(run, assignments, workspace)
    if as_json:
        click.echo(json.dumps(plan_data(plan), indent=1, ensure_ascii=False))
    else:
        print_plan(plan)


def planned(run: str, assignments: tuple[str, ...], workspace: Path | None) -> AuditPlan:
    """Return the plan of a run's audit with its own settings, changed by ``assignments``.

    Raises:
        ArtifactError: there is no such run, or its problems are not posed yet with these settings.
        ConfigError: a setting is wrong, or a published suite cannot be read.
    """
    from ..config import load_config
    from ..errors import ArtifactError
    from ..pipeline import prepare, settings_of
    from ..stages.audit_plan import measured_speed, plan_audit
    from ..workspace import open_workspace

    place = open_workspace(workspace)
    here = place.run(run)
    own = settings_of(here)
    settings = load_config(pack=own.pack, effort=own.effort, assignments=assignments, below=own.model_dump(mode="json"))
    context = prepare(settings, None)
    done = _finished(here, place)
    unchanged = all(text.strip().startswith("audit.") for text in assignments)
    problems = _posed(context, place) or (done.get("pose") if unchanged else None)
    if problems is None:
        raise ArtifactError(
            f"run {run!r} has no posed problems with these settings, and an audit is planned from them; "
            "`srm build` with the same settings and --until pose makes them"
        )
    earlier = done.get("audit")
    speed = measured_speed({name: artifact.record for name, artifact in done.items()}, earlier)
    return plan_audit(context, problems, speed or _assumed(context, place), earlier)


def _finished(run: Run, place: Workspace) -> dict[str, Artifact]:
    """Return the artifacts of the run's last finished build that are still here."""
    if not (run.path / "manifest.json").is_file():
        return {}
    found = {record.stage: place.store.find(record.stage, record.key) for record in run.manifest().stages}
    return {stage: artifact for stage, artifact in found.items() if artifact is not None}


def _posed(context: Context, place: Workspace) -> Artifact | None:
    """Return the problems that a build with these settings would audit, if they are posed."""
    from ..pipeline import STEPS, step_key

    keys: dict[str, str] = {}
    for step in STEPS:
        keys[step.name] = step_key(step, context, place, keys)
        if step.name == "pose":
            break
    return place.store.find("pose", keys["pose"])


def _assumed(context: Context, place: Workspace) -> Speed:
    """Return the speed that a build's plan assumes: token counts divided by rates of the embedded model."""
    from ..planning import VARIANTS, plan
    from ..stages.audit_plan import Speed

    (step,) = (step for step in plan(context.config, place, context.host).steps if step.name == "audit")
    answers = 2 * context.config.audit.per_attribute * VARIANTS  # of base and student
    return Speed(step.seconds / answers, "not measured: token counts divided by rates of the embedded model on 2 cores")


def plan_data(plan: AuditPlan) -> dict[str, Any]:
    """Return the plan as data for programs; every finding says how many problems it needs and could have."""
    findings = [
        {**finding.model_dump(mode="json"), "needed": finding.needed, "decidable": finding.decidable, "available": n}
        for finding, n in zip(plan.findings, plan.available, strict=True)
    ]
    return {
        **plan.model_dump(mode="json", exclude={"available"}),
        "findings": findings,
        "undecidable": plan.undecidable,
        "deciding": plan.deciding,
    }


def print_plan(plan: AuditPlan) -> None:
    """Print what each finding could say, then what cannot be decided, then what it costs."""
    from .tables import print_table

    rows = [_row(finding, n) for finding, n in zip(plan.findings, plan.available, strict=True)]
    head = ["measure", "attribute", "groups", "problems", "smallest effect found", "limit", "needed", "decidable"]
    print_table(head, rows)
    for line in _said(plan):
        click.echo(line)


def _row(finding: PlannedFinding, available: int) -> list[str]:
    return [
        finding.measure,
        finding.attribute,
        " / ".join(finding.groups),
        f"{finding.n} of {available}" if available > finding.n else str(finding.n),
        ("none" if finding.mde is None else f"{finding.mde:.3f}") + ("" if finding.measured else " *"),
        f"{finding.limit:.2f}",
        f"{finding.needed:,}",
        "yes" if finding.decidable else "no",
    ]


def _said(plan: AuditPlan) -> list[str]:
    lines = []
    if plan.undecidable:
        lines.append(
            f"Not decidable at this size: {plan.undecidable} of {len(plan.findings)} limits. An effect as large as the "
            "limit could go unseen, or the interval would be too wide to say that there is none: such a finding ends "
            f"inconclusive, which is no pass. audit.per_attribute = {plan.deciding} would decide all of them with "
            f"power 0.8{_short(plan)}."
        )
    elif plan.findings:
        lines.append(f"All {len(plan.findings)} limits can be decided at this size, each with power 0.8.")
    else:
        lines.append("No finding would have a limit: the run's held-out problems give no probes.")
    if any(not finding.measured for finding in plan.findings):
        assumed = sorted({finding.discordance for finding in plan.findings if not finding.measured})
        shares = ", ".join(f"{100 * share:.0f} %" for share in assumed)
        lines.append(f"* assumed, not measured: answers differ between wordings in {shares} of the problems")
    lines.append(
        f"Asked: {plan.answers:,} answers and {plan.scores:,} scores of each of {len(plan.models)} models "
        f"({', '.join(plan.models)}), {plan.calls:,} calls, about {_time(plan.seconds)} "
        f"({plan.seconds_per_call:.2g} s a call, {plan.speed})."
    )
    return lines


def _short(plan: AuditPlan) -> str:
    """Return how far the run's own problems go, where they do not suffice."""
    short = [n for finding, n in zip(plan.findings, plan.available, strict=True) if n < finding.needed]
    return f", but the run holds out as few as {min(short)} that suit: raise pose.per_kind too" if short else ""


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
