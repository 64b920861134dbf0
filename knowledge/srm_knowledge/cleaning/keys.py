"""What of a document is compared with others, so that duplicates are found where the text itself is not at hand."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from srm_core.records import Document, Value

from .duplicates import resembling, same_key, words_key
from .meaning import Embed, apart, near, unit_vector
from .minhash import shingles, signature
from .outcome import Removed
from .seen import Seen

Dedup = Literal["exact", "near", "semantic", "off"]


class Keys(Value):
    """The keys of one document (``document`` is its id before cleaning); hex and base64 of little-endian numbers."""

    document: str
    path: str
    words: str = ""  # of the exact words
    shingles: str = ""  # uint32 (S,)
    signature: str = ""  # uint32 (H,)
    vector: str | None = None  # float32 (D,); None: not asked for, or too long a text
    apart: str = ""


def keys_of(document: Document, dedup: Dedup, embed: Embed | None) -> Keys:
    """Return what `duplicate_of` needs for ``dedup``; only ``semantic`` asks ``embed``."""
    keys = Keys(document=document.id, path=document.path)
    if dedup != "off":
        keys = keys.model_copy(update={"words": words_key(document.text).hex()})
    if dedup in ("near", "semantic"):
        own = shingles(document.text)
        keys = keys.model_copy(update={"shingles": _packed(own), "signature": _packed(signature(own))})
    if dedup == "semantic" and embed is not None and (unit_D := unit_vector(document.text, embed)) is not None:
        keys = keys.model_copy(update={"vector": _packed(unit_D), "apart": apart(document.text).hex()})
    return keys


@dataclass(frozen=True)
class Found:
    """Where the keys of the documents kept so far lie."""

    words: Seen
    meanings: Seen


def duplicate_of(keys: Keys, dedup: Dedup, found: Found) -> Removed | None:
    """Return the removal of a document like one before it, in the order in which the stage ingest looks for them."""
    name, path = keys.document, keys.path
    steps: list[Callable[[], Removed | None]] = []
    if dedup != "off":
        steps.append(lambda: same_key(name, path, bytes.fromhex(keys.words), found.words))
    if dedup in ("near", "semantic"):
        own_S, signature_H = (
            np.frombuffer(b64decode(text), dtype="<u4").astype(np.uint32) for text in (keys.shingles, keys.signature)
        )
        steps.append(lambda: resembling(name, path, own_S, signature_H, found.words))
    if dedup == "semantic" and (vector := keys.vector) is not None:
        unit_D = np.frombuffer(b64decode(vector), dtype="<f4").astype(np.float32)
        steps.append(lambda: near(name, path, unit_D, bytes.fromhex(keys.apart), found.meanings))
    return next((gone for step in steps if (gone := step()) is not None), None)


def _packed(numbers: NDArray[np.uint32] | NDArray[np.float32]) -> str:
    return b64encode(numbers.astype(numbers.dtype.newbyteorder("<")).tobytes()).decode()
