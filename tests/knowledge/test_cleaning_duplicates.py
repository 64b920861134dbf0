"""Duplicates and evaluation texts: formulas by hand, and precision and recall on planted near duplicates."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from srm_knowledge.cleaning.decontamination import without_evaluation
from srm_knowledge.cleaning.duplicates import without_exact, without_near, without_same_meaning
from srm_knowledge.cleaning.minhash import (
    bands,
    meeting_probability,
    resemblance,
    shingles,
    signature,
    words_of,
)

from srm_core.records import Document, Source

SOURCE = Source(name="s", licence="CC0-1.0")
WORDS = [
    f"{start}{middle}{end}"
    for start in "bdfgklmnprst"
    for middle in ("a", "e", "io", "u")
    for end in ("n", "r", "st", "l", "m")
]


def doc(text: str, path: str = "") -> Document:
    return Document(text=text, path=path, source=SOURCE)


def test_resemblance_by_hand() -> None:
    first, second = shingles("one two three four five six seven"), shingles("ONE two, three four five six eight!")
    assert len(first) == len(second) == 3
    assert resemblance(first, second) == pytest.approx(2 / 4)  # two runs of five are shared, four there are in all
    assert resemblance(first, first) == 1.0


def test_short_and_empty_texts_are_one_shingle_and_none() -> None:
    assert len(shingles("two words")) == 1
    assert len(shingles("")) == 0
    assert resemblance(shingles(""), shingles("")) == 1.0


def test_the_probability_to_meet_by_hand() -> None:
    # s = 0.8, r = 8, b = 32: 0.8^8 = 0.16777216, 1 - 0.83222784^32 = 0.9972
    assert meeting_probability(0.8) == pytest.approx(0.9972, abs=1e-4)
    assert meeting_probability(0.0) == 0.0
    assert meeting_probability(1.0) == 1.0


def test_signatures_agree_as_often_as_documents_resemble() -> None:
    random_words = random.Random(1)
    base = random_words.choices(WORDS, k=2000)
    first, second = shingles(" ".join(base)), shingles(" ".join(base[:1500] + random_words.choices(WORDS, k=500)))
    agreed = float(np.mean(signature(first, 1024) == signature(second, 1024)))
    assert agreed == pytest.approx(resemblance(first, second), abs=0.05)  # the error is about 1/sqrt(1024)
    assert len(set(bands(signature(first)))) == 32


def test_the_same_words_are_exact_duplicates_that_name_the_first() -> None:
    documents = [doc("Bones are organs.", "a"), doc("bones  are\norgans", "b"), doc("Bones are not organs.", "c")]
    result = without_exact(documents)
    assert [item.path for item in result.kept] == ["a", "c"]
    assert [(item.path, item.of) for item in result.removed] == [("b", documents[0].id)]
    assert result.counts == {"in": 3, "kept": 2, "removed": 1, "exact": 1}


def edited(words: list[str], edits: int, chance: random.Random) -> list[str]:
    """Words with some replaced, left out or put in."""
    out = list(words)
    for _ in range(edits):
        at = chance.randrange(len(out))
        change = chance.randrange(3)
        out[at : at + (change < 2)] = [] if change == 0 else [chance.choice(WORDS)]
    return out


@pytest.fixture(scope="module")
def planted() -> tuple[list[Document], dict[str, str]]:
    """400 documents of 120 to 400 words; 150 near duplicates with a few edits, 150 that share only a third or half."""
    chance = random.Random(7)
    originals = [chance.choices(WORDS, k=chance.randint(120, 400)) for _ in range(400)]
    documents = [doc(" ".join(words), f"o{at}") for at, words in enumerate(originals)]
    truth: dict[str, str] = {}
    for at in range(150):
        copy = doc(" ".join(edited(originals[at], 1 + at % 3, chance)), f"d{at}")
        truth[copy.id] = documents[at].id
        documents.append(copy)
    for at in range(150):
        words = originals[200 + at]
        shared = words[: len(words) // (2 + at % 2)]
        documents.append(doc(" ".join(shared + chance.choices(WORDS, k=len(words) - len(shared))), f"h{at}"))
    return documents, truth


def test_planted_near_duplicates_are_found_and_name_their_original(
    planted: tuple[list[Document], dict[str, str]],
) -> None:
    documents, truth = planted
    begin = time.process_time()
    result = without_near(documents)
    seconds = time.process_time() - begin
    named = {item.document: item.of for item in result.removed}
    right = sum(truth.get(name) == of for name, of in named.items())
    by_pairs = {  # what comparing every pair would find
        name
        for name, of in truth.items()
        if resemblance(*(shingles(_text(documents, item)) for item in (name, of))) >= 0.8
    }
    print(f"recall {right}/{len(truth)}, precision {right}/{len(named)}, {seconds:.1f} s")  # noqa: T201
    assert result.counts["in"] == len(documents) == result.counts["kept"] + result.counts["removed"]
    assert right == len(named)
    assert len(by_pairs & set(named)) / len(by_pairs) >= 0.98
    assert right / len(truth) >= 0.95
    assert {item.of for item in result.removed} <= {item.id for item in result.kept}


def _text(documents: list[Document], name: str) -> str:
    return next(item.text for item in documents if item.id == name)


def test_the_same_meaning_by_vectors_worked_by_hand() -> None:
    vectors = {"a": [1.0, 0.0], "b": [0.96, 0.28], "c": [0.6, 0.8]}  # cosines with a: 0.96 and 0.6
    documents = [doc(name) for name in vectors]

    def embed(texts: object) -> list[np.ndarray]:
        return [np.array(vectors[text], dtype=np.float32) for text in texts]  # type: ignore[attr-defined]

    result = without_same_meaning(documents, embed)
    assert [item.text for item in result.kept] == ["a", "c"]
    assert [(item.document, item.of) for item in result.removed] == [(documents[1].id, documents[0].id)]
    assert len(without_same_meaning(documents, embed, threshold=0.97).kept) == 3


QUESTION = "Which of the following bones of the adult human hand is most often broken in a fall onto it?"


def test_documents_with_thirteen_words_of_an_evaluation_are_removed() -> None:
    words = words_of(QUESTION)
    leaked = doc("Answer this. " + " ".join(words[2:15]).upper() + ", they asked.", "leak")
    near = doc("Answer this. " + " ".join(words[2:14]) + " and so on", "near")
    result = without_evaluation([leaked, near], {"item-1": QUESTION, "item-2": "Too short."})
    assert [item.path for item in result.kept] == ["near"]
    assert result.removed[0].of == "item-1"
    assert '"the following bones of the adult human hand is most often broken in"' in result.removed[0].reason
    assert result.counts == {"in": 2, "kept": 1, "removed": 1, "evaluation": 1, "too_short": 1}
