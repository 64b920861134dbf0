"""What this plugin gives the host. Every import of weight is inside the function that needs it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from srm_core import hookimpl

if TYPE_CHECKING:
    import click

    from srm_core.config import GroundConfig, IngestConfig, PackConfig
    from srm_core.protocols import Knowledge
    from srm_core.records import (
        BuildManifest,
        Document,
        Evidence,
        Problem,
        Remark,
        Reward,
        Section,
        Trace,
        Triple,
        Verdict,
    )


@hookimpl
def srm_documents(config: PackConfig) -> Iterable[Document]:
    """Yield the documents of the user's corpora; what was set aside goes to the logger ``srm.quarantine``."""
    from .corpus import read_corpus
    from .folder import Quarantined

    log = logging.getLogger("srm.quarantine")
    for corpus in config.corpus:
        for item in read_corpus(corpus):
            if isinstance(item, Quarantined):
                log.warning("%s: %s", item.path, item.reason)
            else:
                yield item


@hookimpl
def srm_clean(
    documents: Iterable[Document], evaluation: Mapping[str, str], config: IngestConfig
) -> Iterable[Document | Remark]:
    """Clean the documents of the user's corpora; the others pass."""
    if not config.corpus:
        return documents
    from .cleaning.chain import clean

    return clean(documents, evaluation, config)


@hookimpl
def srm_triples(config: PackConfig) -> Iterable[Triple]:
    """Yield the facts of the user's corpora: of their graph files, and of their glossaries."""
    from .glossary import glossary
    from .importing import corpus_facts

    for corpus in config.corpus:
        yield from corpus_facts(corpus)
        yield from glossary(corpus)


@hookimpl(trylast=True)
def srm_open_knowledge(folder: Path, config: GroundConfig | None = None) -> Knowledge:
    """Open the knowledge in ``folder``; a plugin with a store of its own is asked first."""
    from .store import FolderKnowledge

    return FolderKnowledge(folder, retrieval=config.retrieval if config else None)


@hookimpl
def srm_evidence(problem: Problem, knowledge: Knowledge) -> Iterable[Evidence]:
    """Yield passages and facts for the question."""
    from .evidence import evidence_for

    return evidence_for(problem, knowledge)


@hookimpl
def srm_problems(knowledge: Knowledge, config: PackConfig) -> Iterable[Problem]:
    """Yield problems from the glossary of the corpus."""
    from .problems import problems

    return problems(knowledge, config)


@hookimpl
def srm_verify(problem: Problem, trace: Trace) -> Verdict | None:
    """Grade the glossary kinds, and what a mapping file poses."""
    from .grading import verify
    from .vocabulary import grading

    return grading.verify(problem, trace) if "vocabulary" in problem.tags else verify(problem, trace)


@hookimpl
def srm_rewards(problem: Problem, trace: Trace, evidence: Sequence[Evidence]) -> Iterable[Reward]:
    """Yield the term ``grounded``."""
    from .rewards import rewards

    return rewards(problem, trace, evidence)


@hookimpl
def srm_sections(manifest: BuildManifest) -> Iterable[Section]:
    """Yield the part on sources and licences."""
    from .sections import sections

    return sections(manifest)


@hookimpl
def srm_commands(cli: click.Group) -> None:
    """Add ``srm kg``."""
    from .commands import add_commands

    add_commands(cli)
