"""The audit's place in the pipeline. Each hook imports what it uses, so that loading the plugin costs nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

import click
import pluggy

from srm_core.config import AuditPolicy, PackConfig
from srm_core.protocols import Respondent, Verify
from srm_core.records import (
    AuditFinding,
    AuditItem,
    BuildManifest,
    Objection,
    Pack,
    PlannedAudit,
    Probe,
    Problem,
    Section,
)

hookimpl = pluggy.HookimplMarker("srm")
_LOG = logging.getLogger(__name__)
MITIGATIONS = ("counterfactual",)  # what `srm_mitigate` makes rows by


@hookimpl
def srm_probes(problems: Sequence[Problem], config: PackConfig, pack: Pack | None) -> Iterable[Probe]:
    """Yield twins and injections of all ``problems``, in an order fixed by ``config.seed``; left-outs are logged.

    They are worded for whom the pack's questions are about (`Pack.subject`).
    """
    from .cognitive import injections
    from .selection import in_turns
    from .twins import count_left_out, differences, twins
    from .wordings import wording_of

    places = in_turns(problems, config.seed)
    for (attribute, reason), count in sorted(count_left_out(place.problem for place in places).items()):
        _LOG.info("%d of %d problems have no %s twin: %s", count, len(places), attribute, reason)
    wording = wording_of(pack.subject if pack else "person")
    made = list(twins(places, wording))
    alike = [probe for probe in made if not differences(probe)]
    if len(alike) < len(made):
        _LOG.warning("%d twins left out: they differ in more than their attribute", len(made) - len(alike))
    yield from alike
    yield from injections(places, [place.problem for place in places], wording)


@hookimpl
def srm_findings(
    probes: Sequence[Probe], models: Mapping[str, Respondent], verify: Verify, policy: AuditPolicy
) -> Iterable[AuditItem | AuditFinding]:
    """Yield every item asked, then the findings of each role and of the student against the base."""
    from .findings import audit

    yield from audit(probes, models, verify, policy)


@hookimpl
def srm_audit_plan(
    probes: Sequence[Probe], verify: Verify, policy: AuditPolicy, pilot: Sequence[AuditItem]
) -> Iterable[PlannedAudit]:
    """Yield what twins, injections and published suites would ask, and which limits they could decide."""
    from .outlook import planned

    yield planned(probes, verify, policy, pilot)


@hookimpl
def srm_mitigate(
    mitigation: str, problems: Sequence[Problem], pack: Pack | None, seed: int
) -> Iterable[Problem] | None:
    """Yield the problems once more about other groups, worded as the audit words its twins."""
    if mitigation not in MITIGATIONS:
        return None
    from .mitigations.augmentation import in_rotation
    from .wordings import wording_of

    return in_rotation(problems, wording_of(pack.subject if pack else "person"), seed=seed)


@hookimpl
def srm_commands(cli: click.Group) -> None:
    """Add ``srm mitigate``."""
    from .mitigations.command import command

    cli.add_command(command)


@hookimpl
def srm_objections(manifest: BuildManifest) -> Iterable[Objection]:
    """Yield the fairness gate's objections."""
    from .gate import objections

    yield from objections(manifest)


@hookimpl
def srm_sections(manifest: BuildManifest) -> Iterable[Section]:
    """Yield the audit's section of the model card."""
    from .section import sections

    yield from sections(manifest)
