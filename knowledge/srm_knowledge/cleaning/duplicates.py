"""Find duplicates: the same text, nearly the same words, or the same meaning. Each names the document it is like."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from srm_core.records import Document

from .minhash import bands, resemblance, shingles, signature, words_of
from .outcome import Cleaned, Removed, cleaned
from .seen import Seen

THRESHOLD = 0.8  # resemblance from which two documents are near duplicates
MEANING = 0.95  # cosine from which two documents say the same

Embed = Callable[[Sequence[str]], Sequence[NDArray[np.float32]]]


def same_words(document: Document, seen: Seen) -> Removed | None:
    """Return the removal of a document whose words were seen, whatever their case, white space and punctuation."""
    return same_key(document.id, document.path, words_key(document.text), seen)


def words_key(text: str) -> bytes:
    """Return 32 bytes that two texts share if they have the same words."""
    return hashlib.sha256(" ".join(words_of(text)).encode()).digest()


def same_key(document: str, path: str, key: bytes, seen: Seen) -> Removed | None:
    """Return the removal of the document (id) at ``path`` if its key (`words_key`) was seen."""
    first = seen.first_with(key, document)
    return Removed(document, path, "the same words", of=first) if first else None


def nearly_same_words(document: Document, seen: Seen, threshold: float = THRESHOLD) -> Removed | None:
    """Return the removal of a document whose 5-word shingles resemble those of one that is kept; else keep its own.

    Candidates meet in a band of their MinHash signatures (at 0.8 with probability 0.997); the resemblance of each is
    then computed exactly, so nothing below the threshold is removed. The most alike is named, of equals the first.
    """
    own = shingles(document.text)
    return resembling(document.id, document.path, own, signature(own), seen, threshold)


def resembling(
    document: str,
    path: str,
    own: NDArray[np.uint32],
    signature_H: NDArray[np.uint32],
    seen: Seen,
    threshold: float = THRESHOLD,
) -> Removed | None:
    """Return what `nearly_same_words` does, for the document (id) at ``path`` with the shingles ``own`` (S,)."""
    keys = bands(signature_H)
    likeness, nearest = 0.0, ""
    for other, theirs in seen.sets_meeting(keys):
        now = resemblance(own, theirs)
        if not nearest or now > likeness:
            likeness, nearest = now, other
    if nearest and likeness >= threshold:
        reason = f"nearly the same words (resemblance {likeness:.2f})"
        return Removed(document, path, reason, of=nearest)
    seen.keep_set(document, keys, own)
    return None


def without_exact(documents: Iterable[Document]) -> Cleaned:
    """Keep the first document of those with the same words; see `same_words`."""
    with Seen() as seen:
        return _without(documents, lambda document: same_words(document, seen), "exact")


def without_near(documents: Iterable[Document], threshold: float = THRESHOLD) -> Cleaned:
    """Keep the first document of those that resemble each other by ``threshold`` or more; see `nearly_same_words`."""
    with Seen() as seen:
        return _without(documents, lambda document: nearly_same_words(document, seen, threshold), "near")


def _without(documents: Iterable[Document], like: Callable[[Document], Removed | None], name: str) -> Cleaned:
    kept: list[Document] = []
    removed: list[Removed] = []
    for document in documents:
        gone = like(document)
        if gone is None:
            kept.append(document)
        else:
            removed.append(gone)
    return cleaned(kept, removed, Counter({name: len(removed)}))


def without_same_meaning(documents: Sequence[Document], embed: Embed, threshold: float = MEANING) -> Cleaned:
    """Keep the first document of those whose embeddings have a cosine of ``threshold`` or more.

    ``embed`` gives one vector a text; what it reads of a long text is its own matter. Every pair is compared.
    """
    vectors = [np.asarray(vector, dtype=np.float32) for vector in embed([item.text for item in documents])]
    kept: list[Document] = []
    removed: list[Removed] = []
    units: list[NDArray[np.float32]] = []
    for document, vector in zip(documents, vectors, strict=True):
        unit = vector / (float(np.linalg.norm(vector)) or 1.0)
        cosines = np.stack(units) @ unit if units else np.empty(0, dtype=np.float32)
        best = int(cosines.argmax()) if len(cosines) else -1
        if best >= 0 and cosines[best] >= threshold:
            reason = f"the same meaning (cosine {float(cosines[best]):.2f})"
            removed.append(Removed(document.id, document.path, reason, of=kept[best].id))
        else:
            kept.append(document)
            units.append(unit)
    return cleaned(kept, removed, Counter(meaning=len(removed)))
