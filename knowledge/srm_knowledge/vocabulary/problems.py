"""All problems of a mapping, kind by kind, and the kinds and the pack that it declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.protocols import Knowledge
from srm_core.records import Kind, Pack, Problem

from .drafts import Draft, Task, problem_of
from .mapping import Asked, Shape, Vocabulary
from .masking import spoken
from .network import Network, network_of
from .pairs import analogies, comparisons, exceptions
from .paraphrasing import Posed, reworded, teacher_of
from .walks import counts, negations, paths, sets

SHAPES: Mapping[Shape, Callable[[Task], Iterator[Draft]]] = {
    "path": paths,
    "set": sets,
    "count": counts,
    "negation": negations,
    "comparison": comparisons,
    "exception": exceptions,
    "analogy": analogies,
}
_TITLES: Mapping[Shape, str] = {
    "path": "name the {chain} of a term",
    "set": "list the {chain} of a term",
    "count": "count the {chain} of a term",
    "negation": "list the {chain} of a term without those of another",
    "comparison": "of two terms, name the one with more or greater {chain}",
    "exception": "of four terms, find the one that is not among the {chain}",
    "analogy": "complete an analogy by the {chain}",
}
_ANCHORS: Mapping[Shape, str] = {
    "path": "the last term before the answer",
    "comparison": "the first term; the second is of the same split",
    "analogy": "the third term; the first is of the same split",
}


def problems(vocabulary: Vocabulary, knowledge: Knowledge, config: PackConfig) -> Iterator[Problem]:
    """Yield at most ``config.per_kind`` problems of each kind of the mapping that ``config.kinds`` asks for.

    Raises:
        ConfigError: the mapping does not fit the facts; see `srm_knowledge.vocabulary.network.network_of`.
        ModelError: the teacher of ``paraphrase`` cannot be opened.
    """
    asked = {name: kind for name, kind in vocabulary.kinds.items() if not config.kinds or name in config.kinds}
    if not asked:
        return
    network = network_of(vocabulary, knowledge)
    posed = _posed(vocabulary, network, knowledge, config, asked)
    if vocabulary.paraphrase is None:
        yield from (each.problem for each in posed)
        return
    known = frozenset(spoken(name) for name in network.names.of.values())
    with teacher_of(vocabulary.paraphrase, config.cache) as teacher:
        yield from reworded(posed, vocabulary.paraphrase, teacher, known=known, seed=config.seed)


def _posed(
    vocabulary: Vocabulary, network: Network, knowledge: Knowledge, config: PackConfig, asked: Mapping[str, Asked]
) -> Iterator[Posed]:
    for name, kind in asked.items():
        _check(vocabulary, network, name, kind)
        task = Task(vocabulary, network, knowledge, name, kind, config.seed)
        drafts = ((problem_of(task, draft), draft.names) for draft in SHAPES[kind.shape](task))
        found = (Posed(problem, names) for problem, names in drafts if problem is not None)
        yield from islice(found, config.per_kind)


def kinds_of(vocabulary: Vocabulary) -> tuple[Kind, ...]:
    """Return the kinds that the mapping declares, for ``Pack.kinds``."""
    return tuple(
        Kind(
            name=name,
            title=asked.title or _title(vocabulary, asked),
            book=asked.book,
            anchor=_ANCHORS.get(asked.shape, "the term asked about"),
            shared="the names of terms and the wording of relations",
            core=asked.core,
        )
        for name, asked in vocabulary.kinds.items()
    )


def pack_of(vocabulary: Vocabulary) -> Pack:
    """Return who a pack is that stands on the mapping alone."""
    return Pack(
        name=vocabulary.name,
        title=vocabulary.title,
        version=vocabulary.version,
        intended_use=vocabulary.intended_use,
        out_of_scope=vocabulary.out_of_scope,
        system_prompt=vocabulary.system_prompt,
        kinds=kinds_of(vocabulary),
    )


def _title(vocabulary: Vocabulary, asked: Asked) -> str:
    steps = [vocabulary.relations[name] for name in reversed(asked.steps)]
    plural = asked.shape not in ("path", "analogy")
    return _TITLES[asked.shape].format(chain=" of the ".join(step.many if plural else step.one for step in steps))


def _check(vocabulary: Vocabulary, network: Network, name: str, asked: Asked) -> None:
    """Refuse a kind that asks for terms where a relation leads to texts or numbers."""
    may = ("path", "comparison") if len(asked.steps) == 1 else ("path",)
    used = [*asked.steps[:-1], *filter(None, [asked.without])]
    used += [] if asked.shape in may else [asked.steps[-1]]
    for step in used:
        if step in network.values:
            raise ConfigError(
                f"vocabulary {vocabulary.name!r}: kind {name!r} needs relations between terms, but {step!r} leads to "
                "texts or numbers; such a relation may end a path, or be compared"
            )
