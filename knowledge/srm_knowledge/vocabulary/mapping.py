"""The mapping file: what a vocabulary's facts are called in words, and which kinds of questions are made of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal

from pydantic import Field

from srm_core.config import hint, parse
from srm_core.errors import ConfigError
from srm_core.records import Source, Text, Value

from .wordings import PLACES

Shape = Literal["path", "set", "count", "negation", "comparison", "exception", "analogy"]
MOST_STEPS = 3
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_NAMED = "use 2 to 31 lower-case letters, digits and underscores"
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


class Relation(Value):
    """One predicate in words, read from subject to object, or from object to subject if ``inverse``."""

    predicate: Text  # CURIE or IRI
    inverse: bool = False
    says: Text  # "is a kind of": term, this, other term make a sentence
    one: Text  # "broader term": what the other term is to the first
    many: Text  # "broader terms"
    unit: str = ""  # of a number


class Asked(Value):
    """One kind of problem. ``steps`` are relations, followed one after the other.

    ``without`` (negation): whose members are excluded; ``steps`` of one relation if left out.
    """

    shape: Shape
    steps: Annotated[tuple[Text, ...], Field(min_length=1, max_length=MOST_STEPS)]
    without: str = ""
    title: str = ""
    ask: tuple[Text, ...] = ()  # phrasings in place of the shape's own
    book: Literal["open", "closed"] = "open"
    core: bool = True


class Paraphrase(Value):
    """Questions reworded by a model; each rewording is checked, and the template stays where none holds."""

    teacher: Text  # a model's reference, e.g. "dir:models/teacher"
    share: Annotated[float, Field(gt=0, le=1)] = 0.5  # of the problems
    samples: Annotated[int, Field(ge=1, le=8)] = 3  # rewordings tried of each; the first that holds is taken
    temperature: Annotated[float, Field(gt=0)] = 0.8


class Vocabulary(Value):
    """A mapping file, read. ``home`` is the folder its ``files`` are found in."""

    name: Text
    title: Text
    version: Text = "1"
    source: Source
    files: tuple[Text, ...] = ()  # none: the facts of the source are brought by a corpus or by the pack
    prefixes: dict[str, Text] = {}
    labels: Annotated[tuple[Text, ...], Field(min_length=1)] = ("skos:prefLabel",)
    also: tuple[Text, ...] = ()  # predicates of further names
    texts: tuple[Text, ...] = ()  # predicates of texts about a term: its documents
    language: str = "en"
    intended_use: Text = (
        "naming the terms of this vocabulary and how they stand to each other, from facts that are shown"
    )
    out_of_scope: Text = "anything that the vocabulary does not say; advice of any kind"
    system_prompt: Text = "Use the facts. Reason briefly, then end with a line 'Answer: ' and the answer alone."
    relations: Annotated[dict[str, Relation], Field(min_length=1)]
    kinds: Annotated[dict[str, Asked], Field(min_length=1)]
    paraphrase: Paraphrase | None = None
    home: Path = Field(default=Path(), exclude=True)


def load_vocabulary(file: Path, data: Path | None = None) -> Vocabulary:
    """Return the mapping in ``file``. Its files lie beside it, or by their last names in the folder ``data``.

    Raises:
        ConfigError: the file or one of its files is missing, or a name or value in it is wrong.
    """
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"the mapping {file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"the mapping {file} is not valid TOML: {error}") from None
    if "home" in written:
        raise ConfigError(f"{file}: there is no setting 'home'.")
    vocabulary = parse(Vocabulary, written, where=str(file))
    if wrong := next(_wrong(vocabulary), None):
        raise ConfigError(f"{file}: {wrong}")
    names = [Path(name).name if data else name for name in vocabulary.files]
    vocabulary = vocabulary.model_copy(update={"files": tuple(names), "home": data or file.parent})
    for path in paths(vocabulary):
        if not path.exists():
            raise ConfigError(f"{file}: files names {path}, which does not exist")
    return vocabulary


def paths(vocabulary: Vocabulary) -> list[Path]:
    """Return where the files of facts lie."""
    return [vocabulary.home / Path(name).expanduser() for name in vocabulary.files]


def _wrong(vocabulary: Vocabulary) -> Iterator[str]:
    """Yield what is wrong between the parts of a mapping, a sentence each."""
    if not _NAME.fullmatch(vocabulary.name):
        yield f"name = {vocabulary.name!r}: {_NAMED}"
    if vocabulary.language and not _LANGUAGE.fullmatch(vocabulary.language):
        yield f"language = {vocabulary.language!r}: use a language tag such as 'en', or '' for labels of any language"
    known = list(vocabulary.relations)
    for kind, asked in vocabulary.kinds.items():
        where = f"kind {kind!r}"
        if not _NAME.fullmatch(kind):
            yield f"{where}: {_NAMED}"
        for name in (*asked.steps, *filter(None, [asked.without])):
            if name not in vocabulary.relations:
                yield f"{where} names the relation {name!r}, which is not there.{hint(name, known)}"
        if asked.shape not in ("path", "set", "count") and len(asked.steps) > 1:
            yield f"{where}: the shape {asked.shape!r} takes one step, not {len(asked.steps)}"
        if asked.without and asked.shape != "negation":
            yield f"{where}: the shape {asked.shape!r} takes no 'without'"
        yield from (f"{where}: {wrong}" for text in asked.ask for wrong in _wrong_wording(text, asked.shape))


def _wrong_wording(text: str, shape: Shape) -> Iterator[str]:
    """Yield what is wrong with a phrasing: a place the shape does not have, or lacks."""
    allowed, needed = PLACES[shape]
    try:
        places = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError as error:
        yield f"{text!r} is no phrasing: {error}"
        return
    there = ", ".join(f"{{{name}}}" for name in sorted(allowed | needed))
    yield from (f"{text!r} has {{{name}}}; there are {there}" for name in sorted(places - allowed - needed))
    yield from (f"{text!r} lacks {{{name}}}, without which it asks nothing" for name in sorted(needed - places))
