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
from .records import Attempt, BuildManifest, Problem
from .stages.context import Progress, silent
from .stages.release import SUMS
from .store import hashes, read_records, write_atomically
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
        ReleaseRefused: the verdict is FAIL or INCONCLUSIVE, or the candidate was changed after it was judged.
    """
    manifest = place.manifest()
    if manifest.verdict != "PASS":
        raise ReleaseRefused(f"the gate's verdict on {place.name} is {manifest.verdict or 'missing'}")
    candidate = place.candidate.resolve()
    changed = _changed(candidate)
    if changed:
        raise ReleaseRefused(f"{changed[0]} of the candidate was changed after it was judged; build again")
    inside = BuildManifest.model_validate_json((candidate / "manifest.json").read_text(encoding="utf-8"))
    if inside != manifest:
        raise ReleaseRefused("the run's manifest is not the one its candidate was judged by; build again")
    out, scratch = place.path / "release", place.path / ".release"
    shutil.rmtree(scratch, ignore_errors=True)
    progress("release: copying", 0, 0)
    with workspace.lock():
        shutil.copytree(candidate, scratch)
        _sign(scratch, manifest)
        shutil.rmtree(out, ignore_errors=True)
        os.replace(scratch, out)
    return out


def verify_release(folder: Path, sample: int = SAMPLE) -> list[Check]:
    """Hash every file again, check the signature, and let the weights answer a random sample of items again.

    Raises:
        ArtifactError: the folder is no release or candidate.
    """
    if not (folder / SUMS).exists():
        raise ArtifactError(f"{folder} is no release: it holds no {SUMS}")
    changed = _changed(folder)
    checks = [Check("files", not changed, f"changed: {', '.join(changed[:5])}" if changed else "every hash holds")]
    checks.append(_signature(folder))
    try:
        checks.append(_again(folder, sample))
    except (SrmError, ValueError, OSError) as error:
        checks.append(Check("evaluation", False, f"could not be re-executed: {error}"))
    return checks


def _sign(folder: Path, manifest: BuildManifest) -> None:
    from cryptography.hazmat.primitives import serialization

    subject = json.loads((folder / SUMS).read_text(encoding="utf-8"))
    statement = {
        "subject": subject,
        "sums": hashes(folder)[SUMS],
        "verdict": manifest.verdict,
        "pack": manifest.pack.name,
    }
    text = json.dumps(statement, sort_keys=True, indent=1)
    write_atomically(folder / STATEMENT, text)
    key = _owner_key()
    (folder / SIGNATURE).write_bytes(key.sign(text.encode()))
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / PUBLIC).write_bytes(public)


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
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization

    if not (folder / STATEMENT).exists():
        return Check("signature", False, "not signed: a candidate, not a release")
    text = (folder / STATEMENT).read_bytes()
    try:
        public = serialization.load_pem_public_key((folder / PUBLIC).read_bytes())
        public.verify((folder / SIGNATURE).read_bytes(), text)  # type: ignore[union-attr, call-arg]
    except (InvalidSignature, ValueError, OSError):
        return Check("signature", False, "the statement is not signed by the key that travels with it")
    statement = json.loads(text)
    if statement["sums"] != hashes(folder)[SUMS]:
        return Check("signature", False, f"the statement is about another {SUMS}")
    return Check("signature", True, f"signed by {PUBLIC}; compare it with the owner's published key")


def _changed(folder: Path) -> list[str]:
    recorded: dict[str, str] = json.loads((folder / SUMS).read_text(encoding="utf-8"))
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
