"""`srm verify`: hash every file again, check the signature, and let the weights answer a random sample again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ArtifactError, SrmError
from ..records import BuildManifest
from ..reports.waivers import WAIVED, outcome
from ..stages.release import SUMS
from . import dsse, model_signature
from .files import MODEL_SIGNATURE, PUBLIC, STATEMENT, changed, subjects
from .keys import read_public
from .statement import PREDICATE, TYPE

SAMPLE = 8  # items of the evaluation, as many of the audit, and as many general ones, that are executed again


@dataclass(frozen=True)
class Check:
    """One thing that was computed again."""

    name: str
    ok: bool
    value: str


def verify_release(folder: Path, sample: int = SAMPLE) -> list[Check]:
    """Return every check of a release: files, signature, gate, waivers, evaluation, audit and general items.

    Raises:
        ArtifactError: the folder is no release or candidate.
    """
    if not (folder / SUMS).exists():
        raise ArtifactError(f"{folder} is no release: it holds no {SUMS}")
    found = changed(folder)
    shown = f"changed: {', '.join(found[:5])}" if found else "every hash holds"
    checks = [Check("files", not found, shown), signature(folder), _model_signature(folder)]
    if found:
        not_now = "not re-executed: the files are not those that were judged"
        return [*checks, *(Check(name, False, not_now) for name in ("evaluation", "audit", "general"))]
    try:
        manifest = BuildManifest.model_validate_json((folder / "manifest.json").read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        return [*checks, Check("evaluation", False, f"not re-executed: manifest.json cannot be read ({error})")]
    checks += [Check("waiver", True, f"{w.gate}, by {w.who} on {w.on}: {w.why}") for w in manifest.waivers]
    return [*checks, *executed(folder, manifest, sample)]


def signature(folder: Path) -> Check:
    """Say whether the statement is signed by the key that travels with it, is about these files, and says PASS."""
    if not (folder / STATEMENT).exists():
        return Check("signature", False, "not signed: a candidate, not a release")
    try:
        public = read_public((folder / PUBLIC).read_bytes())
        said = json.loads(dsse.opened((folder / STATEMENT).read_bytes().decode("utf-8"), public))
    except (ValueError, OSError):
        return Check("signature", False, "the statement is not signed by the key that travels with it")
    try:
        reason = _disagrees(said, folder)
    except (ValueError, KeyError, OSError):  # what is read here was changed, or is gone
        reason = "what the statement is about cannot be read"
    if reason:
        return Check("signature", False, reason)
    shown = said["predicate"]["srm_gate"]["released"]
    return Check("signature", True, f"{shown}, signed by {PUBLIC}; compare it with the owner's published key")


def executed(folder: Path, manifest: BuildManifest, sample: int) -> list[Check]:
    """Let the weights answer again; a release that cannot be asked fails."""
    from .again import audited_again, evaluated_again
    from .general_again import general_again

    return [
        _executed("evaluation", lambda: evaluated_again(folder, manifest, sample)),
        _executed("audit", lambda: audited_again(folder, manifest, sample)),
        _executed("general", lambda: general_again(folder, manifest, sample)),
    ]


def _executed(name: str, run: Callable[[], tuple[bool, str]]) -> Check:
    try:
        return Check(name, *run())
    except (SrmError, ValueError, OSError, KeyError) as error:
        return Check(name, False, f"could not be re-executed: {error}")


def _disagrees(said: dict[str, Any], folder: Path) -> str:
    """Return why a signed statement does not vouch for the release in ``folder``, or ""."""
    if (said["_type"], said["predicateType"]) != (TYPE, PREDICATE):
        return "the statement is of another type"
    vouched = {each["name"]: each["digest"]["sha256"] for each in said["subject"]}
    here = subjects(folder)
    if other := sorted(name for name in {*vouched, *here} if vouched.get(name) != here.get(name)):
        return f"the statement is about another {SUMS if SUMS in other else other[0]}"
    gate = said["predicate"]["srm_gate"]
    if gate["released"] not in ("PASS", WAIVED):
        return f"the statement says {gate['released']}, not PASS"
    manifest = BuildManifest.model_validate_json((folder / "manifest.json").read_text(encoding="utf-8"))
    waivers = [each.model_dump(mode="json") for each in manifest.waivers]
    objections = [each.model_dump(mode="json") for each in manifest.objections]
    expected = {"judged": manifest.verdict, "released": outcome(manifest), "objections": objections, "waivers": waivers}
    return "" if gate == expected else "the statement judges otherwise than the manifest"


def _model_signature(folder: Path) -> Check:
    if not (folder / MODEL_SIGNATURE).exists():
        return Check("model signature", True, f"none: {model_signature.ABSENT}")
    return Check("model signature", *model_signature.check(folder))
