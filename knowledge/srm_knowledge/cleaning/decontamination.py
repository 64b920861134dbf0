"""Take out documents that hold a text of an evaluation: any run of 13 words in common.

After: Brown et al. 2020 (GPT-3), appendix C, which takes runs of 13 words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from srm_core.records import Document

from .minhash import words_of
from .outcome import Cleaned, Removed, cleaned

RUN = 13  # words


def known_runs(texts: Mapping[str, str], run: int = RUN) -> dict[tuple[str, ...], str]:
    """Return every run of ``run`` words of ``texts`` (by name) with the name of the first that has it."""
    known: dict[tuple[str, ...], str] = {}
    for name, text in texts.items():
        for words in _runs(text, run):
            known.setdefault(words, name)
    return known


def holds_evaluation(document: Document, known: Mapping[tuple[str, ...], str], run: int = RUN) -> Removed | None:
    """Return the removal of a document that has a run of ``known``; ``of`` is the name of the text it shares."""
    shared = next((words for words in _runs(document.text, run) if words in known), None)
    if shared is None:
        return None
    reason = f'shares {run} words with an evaluation text: "{" ".join(shared)}"'
    return Removed(document.id, document.path, reason, of=known[shared])


def without_evaluation(documents: Iterable[Document], texts: Mapping[str, str], run: int = RUN) -> Cleaned:
    """Remove documents that share a run of ``run`` words with one of ``texts`` (by name); ``of`` is the name.

    Case and punctuation make no difference. Texts of fewer words cannot be found; they are counted as ``too_short``.
    """
    known = known_runs(texts, run)
    short = sum(len(words_of(text)) < run for text in texts.values())
    kept: list[Document] = []
    removed: list[Removed] = []
    for document in documents:
        gone = holds_evaluation(document, known, run)
        if gone is None:
            kept.append(document)
        else:
            removed.append(gone)
    return cleaned(kept, removed, Counter(evaluation=len(removed), too_short=short))


def _runs(text: str, run: int) -> Iterable[tuple[str, ...]]:
    words = words_of(text)
    return (tuple(words[at : at + run]) for at in range(len(words) - run + 1))
