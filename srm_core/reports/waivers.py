"""Waivers: who decided to release in spite of which objection, and what is left of the verdict then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ..errors import ReleaseRefused
from ..records import BuildManifest, Objection, Waiver

WAIVED = "PASS with waivers"


@dataclass(frozen=True)
class Request:
    """What somebody asks for: to waive every objection of ``gate``."""

    gate: str
    who: str
    why: str


def waivers_for(objections: Sequence[Objection], requests: Sequence[Request], on: date) -> tuple[Waiver, ...]:
    """Return one waiver a request, each with the reasons of the objections it covers.

    Raises:
        ReleaseRefused: a request lacks who or why, its gate objects to nothing, or an objection may not be waived.
    """
    return tuple(_waiver(objections, request, on) for request in requests)


def standing(objections: Sequence[Objection], waivers: Sequence[Waiver]) -> tuple[Objection, ...]:
    """Return the objections that no waiver covers; one that is not waivable always stands."""
    covered = {(waiver.gate, reason) for waiver in waivers for reason in waiver.reasons}
    return tuple(each for each in objections if not each.waivable or (each.gate, each.reason) not in covered)


def outcome(manifest: BuildManifest) -> str:
    """Return what the verdict is with the manifest's waivers: PASS, `WAIVED`, FAIL, INCONCLUSIVE, or "" if unjudged."""
    if manifest.verdict in ("PASS", "") or standing(manifest.objections, manifest.waivers):
        return manifest.verdict
    return WAIVED if manifest.objections and manifest.waivers else manifest.verdict


def waiver_lines(waivers: Sequence[Waiver]) -> list[str]:
    """Return one line a waiver, for a terminal."""
    return [f"waived: {each.gate}, by {each.who} on {each.on}: {each.why}" for each in waivers]


def _waiver(objections: Sequence[Objection], request: Request, on: date) -> Waiver:
    gate, who, why = (text.strip() for text in (request.gate, request.who, request.why))
    if not who or not why:
        raise ReleaseRefused(
            f"the waiver of {gate or 'a gate'} lacks {'its reason' if who else 'a name'}: say --who and --why"
        )
    found = [each for each in objections if each.gate == gate]
    if not found:
        gates = ", ".join(sorted({each.gate for each in objections})) or "none"
        raise ReleaseRefused(f"there is no objection of {gate!r} to waive; gates that object: {gates}")
    if fixed := [each for each in found if not each.waivable]:
        raise ReleaseRefused(f"{gate} may not be waived: {fixed[0].reason}")
    return Waiver(gate=gate, who=who, why=why, on=on, reasons=tuple(each.reason for each in found))
