"""The owner's Ed25519 key: made on first use in the user's configuration folder; its public half travels along."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from ..errors import ConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def key_file() -> Path:
    """Return where the owner's key lies: ``SRM_KEY``, else ``owner.key`` in the user's configuration folder."""
    return Path(os.environ.get("SRM_KEY") or Path(platformdirs.user_config_dir("srm")) / "owner.key")


def owner_key() -> Ed25519PrivateKey:
    """Return the owner's private key, made on first use, readable by the owner alone.

    Raises:
        ConfigError: the file holds no such key.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    file = key_file()
    if file.exists():
        try:
            found = serialization.load_pem_private_key(file.read_bytes(), password=None)
        except (ValueError, TypeError):
            found = None
        if not isinstance(found, Ed25519PrivateKey):
            raise ConfigError(f"{file} holds no Ed25519 key without a password; move it away, and a new one is made")
        return found
    file.parent.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(secret)
    return key


def pem(public: Ed25519PublicKey) -> bytes:
    """Return a public key as PEM (SubjectPublicKeyInfo)."""
    from cryptography.hazmat.primitives import serialization

    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def key_id(public: Ed25519PublicKey) -> str:
    """Return the name of a public key: the sha256 of its SubjectPublicKeyInfo in DER, 64 hex digits."""
    from cryptography.hazmat.primitives import serialization

    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def read_public(text: bytes) -> Ed25519PublicKey:
    """Return the public key in ``text``; PEM has bits that mean nothing, so it must be exactly as `pem` writes it.

    Raises:
        ValueError: it is no Ed25519 key, or was changed.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = serialization.load_pem_public_key(text)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    if not isinstance(public, Ed25519PublicKey) or pem(public) != text:
        raise ValueError("not an Ed25519 key as it was written")
    return public
