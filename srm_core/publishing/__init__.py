"""A release: the candidate's files, a signed statement over their hashes, and the check that re-executes.

The statement is JSON: subject (file -> sha256) and verdict. It is signed with the owner's Ed25519 key, made on first
use in the user's configuration folder; the public half travels with the release.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from .config import BuildConfig
from .errors import ArtifactError, ReleaseRefused, SrmError
from .host import Host
from .pipeline import require_unchanged
from .records import Attempt, AuditFinding, BuildManifest, Problem, Score
from .stages.context import Progress, silent
from .stages.release import SUMS, judged
from .store import Artifact, check_files, hashes, read_records, read_stage, sha256, write_atomically
from .workspace import Run, Workspace

STATEMENT, SIGNATURE, PUBLIC = "statement.json", "statement.sig", "owner.pub"
SAMPLE = 8  # evaluation items that `srm verify` re-executes


@dataclass(frozen=True)
class Check:
    """One thing that was computed again."""

    name: str
    ok: bool
    value: str


def release_run(place: Run, workspace: Workspace, *, progress: Progress = silent) -> Path:
    """Publish the run's candidate into ``release/`` with a signed statement, if its verdict is PASS.

    Raises:
        ReleaseRefused: the verdict is FAIL or INCONCLUSIVE, or what was judged was changed afterwards.
        ArtifactError: the candidate or what it was made of is gone.
    """
    manifest = place.manifest()
    if manifest.verdict != "PASS":
        raise ReleaseRefused(f"the gate's verdict on {place.name} is {manifest.verdict or 'missing'}")
    candidate = place.candidate.resolve()
    _require_as_judged(place, candidate, manifest, workspace)
    out, scratch = place.path / "release", place.path / ".release"
    shutil.rmtree(scratch, ignore_errors=True)
    progress("release: copying", 0, 0)
    with workspace.lock():
        shutil.copytree(candidate, scratch)
        _sign(scratch, manifest)
        shutil.rmtree(out, ignore_errors=True)
        os.replace(scratch, out)
    return out


def _require_as_judged(place: Run, candidate: Path, manifest: BuildManifest, workspace: Workspace) -> None:
    """Raise `ReleaseRefused` unless candidate and numbers are those of the store, and the gate says PASS again.

    Whoever edits one file, or a file and its hash, is found; the verdict itself is never taken from a file.
    """
    if not (candidate / "manifest.json").exists():
        raise ArtifactError(f"run {place.name!r} has no candidate any more; build it again")
    released = Artifact(candidate.parent, read_stage(candidate.parent))
    if changed := check_files(released) or _changed(candidate):
        raise ReleaseRefused(f"{changed[0]} of the candidate was changed after it was judged; build again")
    inside = BuildManifest.model_validate_json((candidate / "manifest.json").read_text(encoding="utf-8"))
    if inside != manifest:
        raise ReleaseRefused("the run's manifest is not the one its candidate was judged by; build again")
    host = Host(manifest.pack.name)
    host.require_whole()
    if measured(manifest, workspace) != manifest:
        raise ReleaseRefused("the manifest does not hold what was measured; build again")
    again = judged(host, manifest)
    if again != manifest:
        reasons = "; ".join(f"{each.gate}: {each.reason}" for each in again.objections) or "no objection"
        raise ReleaseRefused(f"judged again, the candidate is {again.verdict} ({reasons}); build again")


def measured(manifest: BuildManifest, workspace: Workspace) -> BuildManifest:
    """Return ``manifest`` with scores, findings and leak certificate read from the artifacts it names.

    Raises:
        ArtifactError: an artifact is gone, or one of its files was changed.
    """
    folders = {}
    for record in manifest.stages:
        found = workspace.store.find(record.stage, record.key)
        if found is None:
            raise ArtifactError(f"the store lacks the {record.stage} artifact {record.key}; build again")
        require_unchanged(found)
        folders[record.stage] = found.path
    return manifest.model_copy(
        update={
            "scores": tuple(read_records(folders["evaluate"] / "scores.jsonl", Score)),
            "findings": tuple(read_records(folders["audit"] / "findings.jsonl", AuditFinding)),
            "leak": json.loads((folders["evaluate"] / "leak.json").read_text(encoding="utf-8")),
        }
    )


def verify_release(folder: Path, sample: int = SAMPLE) -> list[Check]:
    """Hash every file again, check the signature, and let the weights answer a random sample of items again.

    Raises:
        ArtifactError: the folder is no release or candidate.
    """
    if not (folder / SUMS).exists():
        raise ArtifactError(f"{folder} is no release: it holds no {SUMS}")
    changed = _changed(folder)
    shown = f"changed: {', '.join(changed[:5])}" if changed else "every hash holds"
    checks = [Check("files", not changed, shown), _signature(folder)]
    if changed:
        return [*checks, Check("evaluation", False, "not re-executed: the files are not those that were judged")]
    try:
        checks.append(_again(folder, sample))
    except (SrmError, ValueError, OSError, KeyError) as error:
        checks.append(Check("evaluation", False, f"could not be re-executed: {error}"))
    return checks


def _sign(folder: Path, manifest: BuildManifest) -> None:
    subject = json.loads((folder / SUMS).read_text(encoding="utf-8"))
    statement = {
        "subject": subject,
        "sums": sha256(folder / SUMS),
        "verdict": manifest.verdict,
        "pack": manifest.pack.name,
    }
    text = json.dumps(statement, sort_keys=True, indent=1)
    write_atomically(folder / STATEMENT, text)
    key = _owner_key()
    (folder / SIGNATURE).write_bytes(key.sign(text.encode()))
    (folder / PUBLIC).write_bytes(_pem(key.public_key()))


def _pem(public: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization

    text: bytes = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return text


def _owner_key() -> Any:
    """Return the owner's private key, made on first use, readable by the owner alone."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    file = Path(os.environ.get("SRM_KEY") or Path(platformdirs.user_config_dir("srm")) / "owner.key")
    if file.exists():
        return serialization.load_pem_private_key(file.read_bytes(), password=None)
    file.parent.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(secret)
    return key


def _signature(folder: Path) -> Check:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not (folder / STATEMENT).exists():
        return Check("signature", False, "not signed: a candidate, not a release")
    text = (folder / STATEMENT).read_bytes()
    try:
        written = (folder / PUBLIC).read_bytes()
        public = serialization.load_pem_public_key(written)
        if not isinstance(public, Ed25519PublicKey) or _pem(public) != written:  # PEM has bits that mean nothing
            raise ValueError("not the key as it was written")
        public.verify((folder / SIGNATURE).read_bytes(), text)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, OSError):
        return Check("signature", False, "the statement is not signed by the key that travels with it")
    statement = json.loads(text)
    if statement["sums"] != sha256(folder / SUMS):
        return Check("signature", False, f"the statement is about another {SUMS}")
    if statement["verdict"] != "PASS":
        return Check("signature", False, f"the statement says {statement['verdict']}, not PASS")
    return Check("signature", True, f"signed by {PUBLIC}; compare it with the owner's published key")


def _changed(folder: Path) -> list[str]:
    try:
        recorded: dict[str, str] = json.loads((folder / SUMS).read_text(encoding="utf-8"))
    except ValueError:
        return [SUMS]
    beside = {SUMS, STATEMENT, SIGNATURE, PUBLIC}
    now = {name: value for name, value in hashes(folder).items() if name not in beside}
    return sorted(name for name in {*now, *recorded} if now.get(name) != recorded.get(name))


def _again(folder: Path, sample: int) -> Check:
    """Let the released weights answer ``sample`` random items again; token for token, and with the same verdict."""
    from .inference.asking import Asker
    from .inference.local import open_checkpoint
    from .models.load import checked

    manifest = BuildManifest.model_validate_json((folder / "manifest.json").read_text(encoding="utf-8"))
    config = BuildConfig.model_validate(manifest.settings)
    problems = {p.id: p for p in read_records(folder / "evidence" / "problems.jsonl", Problem)}
    attempts = list(read_records(folder / "evidence" / "attempts.jsonl", Attempt))
    chosen = random.SystemRandom().sample(attempts, min(sample, len(attempts)))
    model = open_checkpoint(checked(f"dir:{folder / 'merged'}", folder / "merged"))
    host = Host(config.pack)
    same = texts = 0
    for attempt in chosen:
        problem = problems[attempt.problem].model_copy(update={"evidence": attempt.evidence})
        asker = Asker(model, system=manifest.pack.system_prompt, sampling=attempt.sampling)
        said = asker.answer([problem])[0]
        texts += said.text == attempt.completion.text
        same += host.verify(problem, said.text, attempt.evidence).correct == attempt.verdict.correct
    shown = f"{same} of {len(chosen)} verdicts and {texts} of {len(chosen)} texts come out the same"
    return Check("evaluation", bool(chosen) and same == len(chosen), shown)
