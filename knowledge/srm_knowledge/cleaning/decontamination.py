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


def without_evaluation(documents: Iterable[Document], texts: Mapping[str, str], run: int = RUN) -> Cleaned:
    """Remove documents that share a run of ``run`` words with one of ``texts`` (by name); ``of`` is the name.

    Case and punctuation make no difference. Texts of fewer words cannot be found; they are counted as ``too_short``.
    """
    known: dict[tuple[str, ...], str] = {}
    short = 0
    for name, text in texts.items():
        runs = list(_runs(text, run))
        short += not runs
        for words in runs:
            known.setdefault(words, name)
    kept: list[Document] = []
    removed: list[Removed] = []
    for document in documents:
        shared = next((words for words in _runs(document.text, run) if words in known), None)
        if shared is None:
            kept.append(document)
        else:
            reason = f'shares {run} words with an evaluation text: "{" ".join(shared)}"'
            removed.append(Removed(document.id, document.path, reason, of=known[shared]))
    return cleaned(kept, removed, Counter(evaluation=len(removed), too_short=short))


def _runs(text: str, run: int) -> Iterable[tuple[str, ...]]:
    words = words_of(text)
    return (tuple(words[at : at + run]) for at in range(len(words) - run + 1))
