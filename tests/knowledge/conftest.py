"""A small glossary, a stand-in for the embedding model, and where the shared data lies."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from numpy.typing import NDArray
from srm_knowledge.store import FolderKnowledge
from srm_knowledge.vocabulary.facts import triples
from srm_knowledge.vocabulary.mapping import Vocabulary, load_vocabulary
from srm_knowledge.vocabulary.problems import problems

from srm_core.config import Corpus, PackConfig
from srm_core.records import Problem, Source, Triple

SOURCE = Source(name="test", licence="CC0-1.0")
TERMS = {
    "diarthrosis": "freely mobile joint",
    "synarthrosis": "immobile or nearly immobile joint",
    "amphiarthrosis": "slightly mobile joint",
    "joint cavity": "space enclosed by the articular capsule",
    "uniaxial joint": "type of diarthrosis with motion in one plane",
    "body mass index (BMI)": "body weight divided by the square of the height",
}


def word_vectors(texts: Sequence[str]) -> list[NDArray[np.float32]]:
    """Embed by counting hashed words: nearness is sharing words. No model needed."""
    vectors = []
    for text in texts:
        vector = np.zeros(256, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            vector[crc32(word.encode()) % 256] += 1
        vectors.append(vector / (math.sqrt(float((vector**2).sum())) or 1.0))
    return vectors


def fact(subject: str, predicate: str, value: str, datatype: str = "", **more: str) -> Triple:
    """One triple of the test source."""
    return Triple(subject=subject, predicate=predicate, object=value, datatype=datatype, source=SOURCE, **more)


@pytest.fixture
def knowledge(tmp_path: Path) -> FolderKnowledge:
    """An empty knowledge folder whose passages are embedded by shared words."""
    return FolderKnowledge(tmp_path / "knowledge", lambda: word_vectors)


@pytest.fixture
def make_fact() -> Callable[..., Triple]:
    return fact


@pytest.fixture
def terms() -> dict[str, str]:
    return TERMS


@pytest.fixture
def glossary_file(tmp_path: Path) -> Corpus:
    """A Markdown glossary of six terms with its licence."""
    lines = "\n\n".join(f"{term}\n: {meaning}" for term, meaning in TERMS.items())
    file = tmp_path / "joints.md"
    file.write_text(f"# Joints\n\n{lines}\n", encoding="utf-8")
    return Corpus(path=str(file), licence="CC0-1.0")


@pytest.fixture
def shared_corpora() -> Path:
    """The folder of shared corpora beside the repository."""
    folder = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "corpora"
    if not folder.is_dir():
        pytest.skip("the shared corpora are not beside the repository")
    return folder


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return load_vocabulary(Path(__file__).parent / "vocabulary" / "workshop.toml")


@pytest.fixture(scope="session")
def base(vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FolderKnowledge]:
    knowledge = FolderKnowledge(tmp_path_factory.mktemp("workshop"))
    knowledge.add((), triples(vocabulary))
    yield knowledge
    knowledge.close()


@pytest.fixture(scope="session")
def posed(vocabulary: Vocabulary, base: FolderKnowledge) -> list[Problem]:
    return list(problems(vocabulary, base, PackConfig(per_kind=200)))
