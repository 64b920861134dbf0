"""An OpenSSF model signature over ``merged/`` where the package ``model-signing`` is installed; else none, and said.

The package signs with keys on NIST curves only, so the owner has a second key, P-256, beside the Ed25519 one.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from .files import MODEL_PUBLIC, MODEL_SIGNATURE
from .keys import key_file

ABSENT = "made without the package model-signing (pip install 'srm-sdk[signing]')"
MERGED = "merged"


def add(folder: Path) -> str:
    """Sign ``folder/merged`` if that can be done; return ``made`` or why there is no signature."""
    if importlib.util.find_spec("model_signing") is None:
        return f"none: {ABSENT}"
    if not (folder / MERGED).is_dir():
        return "none: the release holds no merged weights"
    from model_signing import signing

    secret, public = _keys()
    signing.Config().use_elliptic_key_signer(private_key=secret).sign(folder / MERGED, folder / MODEL_SIGNATURE)
    (folder / MODEL_PUBLIC).write_bytes(public)
    return "made"


def check(folder: Path) -> tuple[bool, str]:
    """Return whether the model signature in ``folder`` holds; without the package only its hash is known to hold."""
    if importlib.util.find_spec("model_signing") is None:
        return True, f"there is one; it was not checked: {ABSENT.removeprefix('made ')}"
    from model_signing import verifying

    try:
        verifier = verifying.Config().use_elliptic_key_verifier(public_key=folder / MODEL_PUBLIC)
        verifier.verify(folder / MERGED, folder / MODEL_SIGNATURE)
    except Exception as error:  # the package raises many kinds
        return False, f"it does not hold: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
    return True, f"OpenSSF signature by {MODEL_PUBLIC} holds"


def _keys() -> tuple[Path, bytes]:
    """Return the file of the owner's P-256 key, made on first use, and its public half as PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    own = key_file()
    file = own.with_name(f"{own.name}.p256")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        text = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(text)
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return file, key.public_key().public_bytes(encoding, form)
