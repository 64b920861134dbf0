"""DSSE envelopes: what is signed is the specification's encoding, and nothing but the text as written is opened."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from srm_core.publishing.dsse import IN_TOTO, envelope, opened, pae
from srm_core.publishing.keys import key_id, pem, read_public

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def test_the_encoding_is_that_of_the_specifications_example() -> None:
    # secure-systems-lab/dsse, protocol.md: type http://example.com/HelloWorld (29 bytes), body "hello world" (11 bytes)
    assert len("http://example.com/HelloWorld") == 29
    assert len("hello world") == 11
    expected = b"DSSEv1" + b" " + b"29" + b" " + b"http://example.com/HelloWorld" + b" " + b"11" + b" " + b"hello world"
    assert pae("http://example.com/HelloWorld", b"hello world") == expected


def test_lengths_are_of_bytes_and_an_empty_body_has_one() -> None:
    # "ä" is the two bytes c3 a4 in UTF-8
    assert pae("ä", b"") == b"DSSEv1 2 \xc3\xa4 0 "
    assert pae("", b"\x00 ") == b"DSSEv1 0  2 \x00 "


def test_an_envelope_can_be_checked_with_the_key_and_the_encoding_alone() -> None:
    found = json.loads(envelope(b"{}", KEY))
    assert set(found) == {"payload", "payloadType", "signatures"}
    assert found["payloadType"] == IN_TOTO == "application/vnd.in-toto+json"
    assert found["payload"] == "e30="  # 7b 7d -> 011110 110111 1101(00) -> e 3 0 =
    (signature,) = found["signatures"]
    assert signature["keyid"] == key_id(KEY.public_key())
    KEY.public_key().verify(base64.b64decode(signature["sig"]), b"DSSEv1 28 application/vnd.in-toto+json 2 {}")
    assert opened(envelope(b"{}", KEY), KEY.public_key()) == b"{}"


def test_another_key_another_type_or_another_payload_is_refused() -> None:
    text, other = envelope(b'{"a": 1}', KEY), Ed25519PrivateKey.from_private_bytes(bytes(32))
    with pytest.raises(ValueError, match="names another key"):
        opened(text, other.public_key())
    with pytest.raises(ValueError, match="not as it was written"):
        opened(text, KEY.public_key(), "text/plain")
    signed_by_other = envelope(b'{"a": 1}', other).replace(key_id(other.public_key()), key_id(KEY.public_key()))
    with pytest.raises(ValueError, match="not by this key"):
        opened(signed_by_other, KEY.public_key())
    payload = base64.b64encode(b'{"a": 2}').decode()
    with pytest.raises(ValueError, match="not by this key"):
        opened(text.replace(json.loads(text)["payload"], payload), KEY.public_key())


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"payload": 1, "signatures": []}'])
def test_what_is_no_envelope_is_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="no DSSE envelope with one signature"):
        opened(text, KEY.public_key())


def test_two_signatures_are_refused() -> None:
    found = json.loads(envelope(b"{}", KEY))
    found["signatures"] *= 2
    with pytest.raises(ValueError, match="no DSSE envelope with one signature"):
        opened(json.dumps(found, sort_keys=True, indent=1), KEY.public_key())


def test_every_bit_of_an_envelope_counts() -> None:
    whole = envelope(b'{"verdict": "PASS"}', KEY).encode()
    for place in range(len(whole)):
        for bit in range(8):
            spoiled = whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :]
            with pytest.raises(ValueError):  # noqa: PT011 - a text that is no UTF-8 is refused as such
                opened(spoiled.decode("utf-8"), KEY.public_key())


def test_a_public_key_is_read_only_as_it_was_written() -> None:
    text = pem(KEY.public_key())
    assert key_id(read_public(text)) == key_id(KEY.public_key())
    with pytest.raises(ValueError, match="as it was written"):
        read_public(text + b"\n")
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the library says of it
        read_public(b"no key")
