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

THRESHOLD = 0.8  # resemblance from which two documents are near duplicates
MEANING = 0.95  # cosine from which two documents say the same

Embed = Callable[[Sequence[str]], Sequence[NDArray[np.float32]]]


def without_exact(documents: Iterable[Document]) -> Cleaned:
    """Keep the first document of those with the same words, whatever their case, white space and punctuation."""
    first: dict[bytes, str] = {}
    kept: list[Document] = []
    removed: list[Removed] = []
    for document in documents:
        key = hashlib.sha256(" ".join(words_of(document.text)).encode()).digest()
        if key in first:
            removed.append(Removed(document.id, document.path, "the same words", of=first[key]))
        else:
            first[key] = document.id
            kept.append(document)
    return cleaned(kept, removed, Counter(exact=len(removed)))


def without_near(documents: Iterable[Document], threshold: float = THRESHOLD) -> Cleaned:
    """Keep the first document of those whose 5-word shingles resemble each other by ``threshold`` or more.

    Candidates meet in a band of their MinHash signatures (at 0.8 with probability 0.997); the resemblance of each is
    then computed exactly, so nothing below the threshold is removed. ``of`` is always a document that is kept.
    """
    tables: dict[bytes, list[int]] = {}
    sets: list[NDArray[np.uint32]] = []  # of kept documents
    kept: list[Document] = []
    removed: list[Removed] = []
    for document in documents:
        own = shingles(document.text)
        keys = bands(signature(own))
        met = sorted({at for key in keys for at in tables.get(key, ())})
        likeness, nearest = max(((resemblance(own, sets[at]), -at) for at in met), default=(0.0, 0))
        if met and likeness >= threshold:
            reason = f"nearly the same words (resemblance {likeness:.2f})"
            removed.append(Removed(document.id, document.path, reason, of=kept[-nearest].id))
            continue
        for key in keys:
            tables.setdefault(key, []).append(len(kept))
        kept.append(document)
        sets.append(own)
    return cleaned(kept, removed, Counter(near=len(removed)))


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
