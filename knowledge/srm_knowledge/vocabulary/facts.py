"""A vocabulary's files as triples and as texts."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator

from srm_core.errors import ConfigError
from srm_core.records import Document, Triple

from ..importing import Skipped, path_facts
from ..naming import Naming
from .mapping import Vocabulary, paths
from .terms import Predicates, in_language, names_of

_log = logging.getLogger(__name__)


def triples(vocabulary: Vocabulary) -> Iterator[Triple]:
    """Yield the facts of the mapping's files, and of its prefixes; each file is parsed in a process of its own.

    Raises:
        ConfigError: a file holds no fact, or cannot be read.
    """
    naming = Naming({})
    for prefix, namespace in vocabulary.prefixes.items():
        naming.suggest(prefix, namespace)
    for path in paths(vocabulary):
        found, reason = 0, "it holds none"
        for item in path_facts(path, vocabulary.source, naming):
            if isinstance(item, Skipped):
                reason = item.reason
                _log.info("%s: %s", item.path, item.reason)
            else:
                found += 1
                yield item
        if not found:
            raise ConfigError(f"{path} gives the vocabulary {vocabulary.name!r} no fact: {reason}")


def documents(vocabulary: Vocabulary, count: int) -> Iterator[Document]:
    """Yield at most ``count`` texts about terms: what the predicates ``texts`` say, after the term's name."""
    by_predicate: dict[str, list[Triple]] = defaultdict(list)
    for fact in triples(vocabulary) if vocabulary.texts else ():
        by_predicate[fact.predicate].append(fact)
    if not by_predicate:
        return
    predicates = Predicates(vocabulary, lambda name: by_predicate[name])
    names = names_of(vocabulary, lambda name: by_predicate[name], predicates).of
    told = [fact for written in vocabulary.texts for fact in by_predicate[predicates.curie(written)]]
    for fact in [fact for fact in told if fact.subject in names and in_language(fact, vocabulary)][:count]:
        name = names[fact.subject]
        yield Document(text=f"{name}: {fact.object}", title=name, source=vocabulary.source)
