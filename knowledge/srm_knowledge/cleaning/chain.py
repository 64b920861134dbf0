"""The steps of cleaning as the stage ingest takes them: one document after the other, each removal and change said.

Only the documents of the user's own corpora are cleaned; what packs make from their packages passes as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Literal

from srm_core.config import IngestConfig
from srm_core.records import Document, Remark

from ..corpus import source_of_corpus
from .decontamination import holds_evaluation, known_runs
from .duplicates import nearly_same_words, same_words
from .injection import find_injections
from .meaning import same_meaning
from .outcome import Removed
from .personal import HEALTH, PERSONAL, find_personal
from .secrets import find_secrets
from .seen import Seen
from .spans import Finder, redacted

Step = Callable[[Document], tuple[Document | None, Remark | None]]  # what is left of it, and what to say


def clean(
    documents: Iterable[Document], evaluation: Mapping[str, str], config: IngestConfig
) -> Iterator[Document | Remark]:
    """Yield documents and remarks. The order: duplicates, evaluation texts, text that speaks to a model, redaction."""
    own = {source_of_corpus(corpus) for corpus in config.corpus}
    with ExitStack() as stack:
        steps = tuple(_steps(config, evaluation, stack.enter_context(Seen()), stack.enter_context(Seen())))
        for document in documents:
            yield from _through(document, steps if document.source in own else ())


def _through(document: Document, steps: Iterable[Step]) -> Iterator[Document | Remark]:
    for step in steps:
        left, remark = step(document)
        if remark is not None:
            yield remark
        if left is None:
            return
        document = left
    yield document


def _steps(config: IngestConfig, evaluation: Mapping[str, str], seen: Seen, meanings: Seen) -> Iterator[Step]:
    if config.dedup != "off":
        yield _removing("duplicate", lambda document: same_words(document, seen))
    if config.dedup in ("near", "semantic"):
        yield _removing("duplicate", lambda document: nearly_same_words(document, seen))
    if config.dedup == "semantic":
        from .. import embedding

        embed = embedding.embedder()
        yield _removing("duplicate", lambda document: same_meaning(document, meanings, embed))
    if config.decontaminate and evaluation:
        known = known_runs(evaluation)
        yield _removing("filtered", lambda document: holds_evaluation(document, known))
    if config.injection != "off":
        yield _injection(drop=config.injection == "drop")
    yield _redacting("secrets", find_secrets)
    if config.redact != "off":
        kinds = HEALTH if config.redact == "health" else PERSONAL
        yield _redacting(f"{config.redact} data", lambda text: find_personal(text, kinds))


def _removing(action: Literal["duplicate", "filtered"], find: Callable[[Document], Removed | None]) -> Step:
    def step(document: Document) -> tuple[Document | None, Remark | None]:
        gone = find(document)
        if gone is None:
            return document, None
        return None, Remark(document=gone.document, path=gone.path, action=action, reason=gone.reason, of=gone.of)

    return step


def _injection(*, drop: bool) -> Step:
    def step(document: Document) -> tuple[Document | None, Remark | None]:
        found = find_injections(document.text)
        if not found:
            return document, None
        places = ", ".join(f"{span.kind} at {span.start}-{span.end}" for span in found)
        action: Literal["filtered", "marked"] = "filtered" if drop else "marked"
        remark = Remark(document=document.id, path=document.path, action=action, reason=f"speaks to a model ({places})")
        return (None if drop else document), remark

    return step


def _redacting(what: str, find: Finder) -> Step:
    def step(document: Document) -> tuple[Document | None, Remark | None]:
        over, kinds = redacted(document, find)
        if not kinds:
            return document, None
        over = over.revised(parents=document.parents)  # the text before is nowhere kept
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        remark = Remark(
            document=document.id, path=document.path, action="redacted", reason=f"{what}: {said}", of=over.id
        )
        return over, remark

    return step
