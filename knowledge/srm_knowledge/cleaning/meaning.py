"""Documents of the same meaning, found without comparing every pair: signs of random projections, taken in bands.

After: Charikar 2002, Similarity estimation techniques from rounding algorithms, section 3 (two vectors at an angle t
lie on the same side of a random plane with probability 1 - t/pi); bands as in `srm_knowledge.cleaning.minhash`.

Memory stays flat: vectors and bands of the documents kept lie in a temporary file, and only those that share a band
with the document at hand are read, one after the other. A vector takes 1.5 kB there, its bands a few times as much.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from srm_core.records import Document

from .outcome import Removed
from .seen import Seen

# D numbers of a vector, P planes
BANDS, ROWS = 96, 24
MEANING = 0.95  # cosine from which two documents say the same
LONGEST = 900  # characters of a text that the model reads to its end (256 tokens)
_SEED = 20_261_123
_OTHERWISE = re.compile(r"\d+(?:[.,]\d+)*|\b(?:not|no|never|none|neither|nor|without|cannot)\b|n['’]t\b", re.IGNORECASE)

Embed = Callable[[Sequence[str]], Sequence[NDArray[np.float32]]]


def same_meaning(document: Document, seen: Seen, embed: Embed, threshold: float = MEANING) -> Removed | None:
    """Return the removal of a document whose vector has a cosine of ``threshold`` or more with that of one kept.

    Candidates meet in a band (at 0.95 with probability 0.9996, closer ones more often); the cosine of each is then
    computed, so nothing below the threshold is removed. Only texts with the same numbers and as many negations meet:
    "5 mg" and "50 mg" are near in meaning to a model. A text over `LONGEST` characters is kept and removes nothing.
    """
    unit_D = unit_vector(document.text, embed)
    if unit_D is None:
        return None
    return near(document.id, document.path, unit_D, apart(document.text), seen, threshold)


def unit_vector(text: str, embed: Embed) -> NDArray[np.float32] | None:
    """Return the vector (D,) of ``text`` with length 1, or None if the text is too long."""
    if len(text) > LONGEST:
        return None
    vector_D = np.asarray(embed([text])[0], dtype=np.float32)
    return vector_D / np.float32(float(np.linalg.norm(vector_D)) or 1.0)


def near(
    document: str, path: str, unit_D: NDArray[np.float32], otherwise: bytes, seen: Seen, threshold: float = MEANING
) -> Removed | None:
    """Return what `same_meaning` does, for the document (id) at ``path``; ``otherwise`` is `apart` of its text."""
    keys = bands(unit_D, otherwise)
    likeness, nearest = 0.0, ""
    for other, theirs in seen.sets_meeting(keys):
        cosine = float(theirs.view(np.float32) @ unit_D)
        if not nearest or cosine > likeness:
            likeness, nearest = cosine, other
    if nearest and likeness >= threshold:
        return Removed(document, path, f"the same meaning (cosine {likeness:.2f})", of=nearest)
    seen.keep_set(document, keys, unit_D.view(np.uint32))
    return None


def bands(unit_D: NDArray[np.float32], apart: bytes = b"") -> list[bytes]:
    """Return the keys of the `BANDS` bands of `ROWS` signs; two vectors meet if one key is the same."""
    signs_P = unit_D @ _planes(len(unit_D)) > 0
    packed = np.packbits(signs_P.reshape(BANDS, ROWS), axis=1)
    return [apart + bytes([at]) + row.tobytes() for at, row in enumerate(packed)]


def apart(text: str) -> bytes:
    """Return 8 bytes that differ where two texts have other numbers or another count of negations."""
    found = [match.group().casefold() for match in _OTHERWISE.finditer(text)]
    numbers = sorted(each for each in found if each[0].isdigit())
    return hashlib.blake2b(f"{numbers} {len(found) - len(numbers)}".encode(), digest_size=8).digest()


def meeting_probability(cosine: float) -> float:
    """Return how likely two vectors of this cosine meet in a band: 1 - (1 - p^r)^b with p = 1 - arccos(cosine)/pi."""
    agree = 1.0 - math.acos(max(-1.0, min(1.0, cosine))) / math.pi
    return 1.0 - (1.0 - agree**ROWS) ** BANDS


@lru_cache(maxsize=2)
def _planes(width: int) -> NDArray[np.float32]:
    """Return the normals (D, P) of the planes, drawn once for all."""
    return np.random.default_rng(_SEED).standard_normal((width, BANDS * ROWS), dtype=np.float32)
