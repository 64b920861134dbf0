"""MinHash over word shingles, and bands that bring like documents together.

After: Broder 1997, On the resemblance and containment of documents (signature and resemblance); Leskovec, Rajaraman and
Ullman, Mining of Massive Datasets, 3.4 (bands); Dietzfelbinger et al. 1997 (multiply-shift hashing).
"""

from __future__ import annotations

import hashlib
import re

import numpy as np
from numpy.typing import NDArray

# S shingles of a document, H hash functions of a signature
SHINGLE = 5  # words
BANDS, ROWS = 32, 8
_WORD = re.compile(r"\w+")
_SEED = 20_240_229


def words_of(text: str) -> list[str]:
    """Return the words of ``text`` in lower case, without punctuation."""
    return _WORD.findall(text.casefold())


def shingles(text: str, size: int = SHINGLE) -> NDArray[np.uint32]:
    """Return the hashes (S,) of the runs of ``size`` words, each once, rising; a shorter text is one run."""
    words = words_of(text)
    if not words:
        return np.empty(0, dtype=np.uint32)
    runs = {" ".join(words[at : at + size]) for at in range(max(1, len(words) - size + 1))}
    hashes = [int.from_bytes(hashlib.blake2b(run.encode(), digest_size=4).digest(), "little") for run in runs]
    return np.unique(np.array(hashes, dtype=np.uint32))


def signature(shingles_S: NDArray[np.uint32], hashes: int = BANDS * ROWS) -> NDArray[np.uint32]:
    """Return the signature (H,): for each hash function the least value over all shingles.

    Two signatures agree in a place with the probability of the documents' resemblance (Broder 1997, theorem 1).
    """
    random = np.random.default_rng(_SEED)
    factors_H1 = (random.integers(0, 2**63, size=(hashes, 1), dtype=np.uint64) << np.uint64(1)) | np.uint64(1)
    offsets_H1 = random.integers(0, 2**63, size=(hashes, 1), dtype=np.uint64)
    least_H = np.full(hashes, np.iinfo(np.uint32).max, dtype=np.uint32)
    for part in np.array_split(shingles_S.astype(np.uint64), max(1, len(shingles_S) // 4096)):
        if len(part):
            values_HS = (factors_H1 * part[None, :] + offsets_H1) >> np.uint64(32)
            least_H = np.minimum(least_H, values_HS.min(axis=1).astype(np.uint32))
    return least_H


def bands(signature_H: NDArray[np.uint32]) -> list[bytes]:
    """Return the keys of the `BANDS` bands of `ROWS` places; two documents meet if one key is the same."""
    return [bytes([at]) + row.tobytes() for at, row in enumerate(signature_H.reshape(BANDS, ROWS))]


def resemblance(first_S: NDArray[np.uint32], second_S: NDArray[np.uint32]) -> float:
    """Return the shared part of all shingles, |A ∩ B| / |A ∪ B|, from 0 to 1 (Broder 1997, section 2)."""
    shared = len(np.intersect1d(first_S, second_S, assume_unique=True))
    return shared / (len(first_S) + len(second_S) - shared) if len(first_S) + len(second_S) else 1.0


def meeting_probability(resemblance: float) -> float:
    """Return how likely two documents of this resemblance meet in a band: 1 - (1 - s^r)^b (Leskovec et al. 3.4.2)."""
    return float(1.0 - (1.0 - resemblance**ROWS) ** BANDS)
