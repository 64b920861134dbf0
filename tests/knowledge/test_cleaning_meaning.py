"""The same meaning without comparing every pair: formulas by hand, recall against every pair, what must not be removed."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from srm_knowledge.cleaning.chain import clean
from srm_knowledge.cleaning.duplicates import without_same_meaning
from srm_knowledge.cleaning.meaning import BANDS, LONGEST, ROWS, apart, bands, meeting_probability, same_meaning
from srm_knowledge.cleaning.seen import Seen
from srm_knowledge.corpus import source_of_corpus

from srm_core.config import Corpus, IngestConfig
from srm_core.errors import ModelError
from srm_core.records import Document, Remark, Source

SOURCE = Source(name="s", licence="CC0-1.0")
WIDTH = 384
# Labelled by the author of the step: pairs that say the same in other words, and pairs that do not
ALIKE = (
    ("The heart pumps blood through the body.", "Blood is pumped through the body by the heart."),
    ("Wash your hands before you touch the wound.", "Before touching the wound, wash your hands."),
    ("A judge decides the case when no jury is present.", "When no jury is present, a judge decides the case."),
    ("The contract ends on the last day of June.", "On the last day of June the contract ends."),
    ("Water boils at a lower temperature on high mountains.", "On high mountains, water boils at a lower temperature."),
    ("The shop is closed on Sundays.", "On Sundays the shop isn't open."),
    ("Keep this medicine away from children.", "Keep this medicine out of the reach of children."),
    ("Light from the star takes years to reach us.", "It takes years for the star's light to reach us."),
    ("The bank charges a fee for each transfer.", "For every transfer the bank charges a fee."),
    ("Iron rusts in damp air.", "In damp air, iron rusts."),
    ("She signed the lease in May.", "The lease was signed by her in May."),
    ("The nurse checks the pulse every hour.", "Every hour the nurse checks the pulse."),
)
UNLIKE = (
    ("Take 5 mg of the drug every day.", "Take 50 mg of the drug every day."),
    ("The patient has a fever.", "The patient has no fever."),
    ("Payment is due on 3 March.", "Payment is due on 30 March."),
    ("The lease ends in spring.", "The whale is a mammal."),
    ("The left kidney lies higher than the right.", "The right kidney lies higher than the left."),
    ("The buyer pays the seller.", "The seller pays the buyer."),
    ("The drug raises blood pressure.", "The drug lowers blood pressure."),
    ("Mercury is the planet nearest to the sun.", "Venus is the planet nearest to the sun."),
    ("The tenant may end the lease.", "The landlord may end the lease."),
    ("Store the sample in the freezer.", "Store the sample in the oven."),
    ("Arteries carry blood away from the heart.", "Veins carry blood back to the heart."),
    ("The interest is paid every month.", "The interest is paid every year."),
)


def doc(text: str, source: Source = SOURCE) -> Document:
    return Document(text=text, source=source)


def turned(unit: NDArray[np.float64], cosine: float, dice: np.random.Generator) -> NDArray[np.float32]:
    """Return a unit vector at this cosine to ``unit``."""
    aside = dice.standard_normal(len(unit))
    aside -= (aside @ unit) * unit
    aside /= np.linalg.norm(aside)
    return np.asarray(cosine * unit + math.sqrt(1 - cosine**2) * aside, dtype=np.float32)


def test_the_probability_to_meet_by_hand() -> None:
    # cosine 0: a right angle, p = 1 - (pi/2)/pi = 1/2; 2^-24 in 96 bands is 96/16777216 = 5.72e-6
    assert meeting_probability(0.0) == pytest.approx(96 / 16777216, rel=1e-4)
    # cosine 0.95: arccos = 0.3175604, / pi = 0.1010826; 0.8989174^24 = 0.0774; 1 - 0.9226^96 = 0.99956
    assert meeting_probability(0.95) == pytest.approx(0.9996, abs=1e-4)
    assert meeting_probability(1.0) == 1.0


def test_signs_agree_as_often_as_the_angle_says() -> None:
    dice = np.random.default_rng(1)
    unit = np.eye(WIDTH)[0]
    agreed = []
    for _ in range(40):
        first, second = bands(unit.astype(np.float32)), bands(turned(unit, 0.5, dice))
        bits = [
            np.unpackbits(np.frombuffer(a[1:], np.uint8) ^ np.frombuffer(b[1:], np.uint8))
            for a, b in zip(first, second, strict=True)
        ]
        agreed.append(1 - float(np.mean(bits)))
    assert np.mean(agreed) == pytest.approx(1 - 1 / 3, abs=0.01)  # cosine 1/2 is 60 degrees, a third of a half turn


def test_nearly_all_that_comparing_every_pair_finds_is_found_and_nothing_else() -> None:
    dice = np.random.default_rng(2)
    vectors: dict[str, NDArray[np.float32]] = {}
    for n in range(1500):
        unit = dice.standard_normal(WIDTH)
        unit /= np.linalg.norm(unit)
        vectors[f"first {'a' * n}"] = unit.astype(np.float32)
        if n < 500:  # a third have a twin, from hardly to well beyond the threshold, or just below it
            vectors[f"twin {'b' * n}"] = turned(unit, (0.951, 0.96, 0.98, 0.999, 0.94)[n % 5], dice)
    documents = [doc(text[:LONGEST]) for text in vectors if len(text) <= LONGEST]

    def embed(texts: Sequence[str]) -> list[NDArray[np.float32]]:
        return [vectors[text] for text in texts]

    every_pair = {(item.document, item.of) for item in without_same_meaning(documents, embed).removed}
    with Seen() as seen:
        found = [same_meaning(document, seen, embed) for document in documents]
    blocked = {(item.document, item.of) for item in found if item is not None}
    print(f"recall {len(blocked & every_pair)}/{len(every_pair)} of every pair's, {len(documents)} documents")  # noqa: T201
    assert len(every_pair) == 400
    assert blocked <= every_pair
    assert len(blocked & every_pair) / len(every_pair) >= 0.995


def test_other_numbers_and_negations_never_meet() -> None:
    for first, second in UNLIKE[:3]:
        assert apart(first) != apart(second)
    for first, second in ALIKE[:5]:
        assert apart(first) == apart(second)
    assert apart("He didn't pay 1,000 or 2.5") == apart("2.5 or 1,000 he did NOT pay")


def test_a_text_that_the_model_does_not_read_to_its_end_is_kept_and_removes_nothing() -> None:
    def embed(texts: Sequence[str]) -> list[NDArray[np.float32]]:
        return [np.ones(WIDTH, dtype=np.float32) for _ in texts]

    long, short = doc("word " * 200), doc("word")
    with Seen() as seen:
        assert same_meaning(long, seen, embed) is None
        assert same_meaning(short, seen, embed) is None
        gone = same_meaning(doc("another"), seen, embed)
    assert gone is not None
    assert (gone.of, gone.reason) == (short.id, "the same meaning (cosine 1.00)")


def test_memory_does_not_grow_with_the_documents() -> None:
    dice = np.random.default_rng(3)

    def embed(texts: Sequence[str]) -> list[NDArray[np.float32]]:
        return [dice.standard_normal(WIDTH).astype(np.float32) for _ in texts]

    with Seen() as seen:
        same_meaning(doc("warm"), seen, embed)
        sizes = []
        tracemalloc.start()
        for n in range(600):
            assert same_meaning(doc("x" * (n + 1)), seen, embed) is None
            sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    # 300 vectors alone would be 460,800 bytes; what Python holds after 600 is what it held after 300
    assert sizes[599] - sizes[299] < 50_000


def test_the_stage_removes_what_says_the_same_and_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = Corpus(path=str(tmp_path), licence="CC0-1.0", name="notes")
    own = source_of_corpus(corpus)
    texts = {"sun": 0.0, "the sun": 0.1, "moon": 1.5, "the sun again": 0.2}

    def embed(given: Sequence[str]) -> list[NDArray[np.float32]]:
        return [np.array([math.cos(texts[text]), math.sin(texts[text])], dtype=np.float32) for text in given]

    monkeypatch.setattr("srm_knowledge.embedding.embedder", lambda: embed)
    documents = [doc(text, own) for text in texts] + [doc("the sun")]  # the last is a package's, which passes
    given = list(clean(documents, {}, IngestConfig(corpus=(corpus,), dedup="semantic")))
    assert [item.text for item in given if isinstance(item, Document)] == ["sun", "moon", "the sun"]
    remarks = [item for item in given if isinstance(item, Remark)]
    # cosines of 0.1 and 0.2 radians: 0.995 and 0.980
    assert [item.reason for item in remarks] == ["the same meaning (cosine 1.00)", "the same meaning (cosine 0.98)"]
    assert {item.of for item in remarks} == {documents[0].id}
    assert {item.action for item in remarks} == {"duplicate"}


@pytest.mark.embedded
def test_the_packaged_model_tells_the_same_from_what_is_not() -> None:
    from srm_knowledge.embedding import embedder

    try:
        embed = embedder()
    except ModelError as error:
        pytest.skip(str(error))
    cosines = {}
    for first, second in (*ALIKE, *UNLIKE):
        with Seen() as seen:
            assert same_meaning(doc(first), seen, embed) is None
            removed = same_meaning(doc(second), seen, embed) is not None
        cosines[first] = (round(float(embed([first])[0] @ embed([second])[0]), 3), removed)
    print(cosines)  # noqa: T201
    alike, unlike = (sum(cosines[first][1] for first, _ in pairs) for pairs in (ALIKE, UNLIKE))
    print(f"recall {alike}/{len(ALIKE)}, precision {alike}/{alike + unlike}")  # noqa: T201
    # measured 7 and 3: texts that swap who does what are as near to the model as texts that say the same
    assert 7 <= alike <= 8  # one pair lies at 0.950
    assert unlike <= 3


def test_the_bands_fit_their_key() -> None:
    keys = bands(np.ones(WIDTH, dtype=np.float32), b"x" * 8)
    assert len(set(keys)) == BANDS <= 256  # the place of a band is one byte
    assert {len(key) for key in keys} == {8 + 1 + ROWS // 8}
