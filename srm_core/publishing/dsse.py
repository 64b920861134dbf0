"""DSSE v1 envelopes (github.com/secure-systems-lab/dsse): a payload, its type, and Ed25519 signatures over both."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from .keys import key_id

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

IN_TOTO = "application/vnd.in-toto+json"


def pae(kind: str, body: bytes) -> bytes:
    """Return the pre-authentication encoding, what is signed: ``DSSEv1 LEN(type) type LEN(body) body``.

    Lengths are decimal numbers of bytes, parts are separated by one space (protocol.md, "Signature Definition").
    """
    name = kind.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(body), body)


def envelope(body: bytes, key: Ed25519PrivateKey, kind: str = IN_TOTO) -> str:
    """Return ``body`` in an envelope with one signature, as JSON; the same body and key give the same text."""
    signature = {"keyid": key_id(key.public_key()), "sig": _base64(key.sign(pae(kind, body)))}
    return _written({"payload": _base64(body), "payloadType": kind, "signatures": [signature]})


def opened(text: str, public: Ed25519PublicKey, kind: str = IN_TOTO) -> bytes:
    """Return the payload of an envelope whose one signature is by ``public``.

    JSON and base64 have bits that mean nothing, so the text must be exactly as `envelope` writes it.

    Raises:
        ValueError: the envelope is damaged, of another type, or not signed by this key.
    """
    from cryptography.exceptions import InvalidSignature

    try:
        found = json.loads(text)
        body = base64.b64decode(found["payload"], validate=True)
        (signature,) = found["signatures"]
        signed = base64.b64decode(signature["sig"], validate=True)
    except (KeyError, TypeError, ValueError):
        raise ValueError("no DSSE envelope with one signature") from None
    again = {"keyid": key_id(public), "sig": _base64(signed)}
    if text != _written({"payload": _base64(body), "payloadType": kind, "signatures": [again]}):
        raise ValueError("the envelope is not as it was written, or names another key")
    try:
        public.verify(signed, pae(kind, body))
    except InvalidSignature:
        raise ValueError("the signature is not by this key") from None
    return body


def _written(found: object) -> str:
    return json.dumps(found, sort_keys=True, indent=1)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
