from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from srm_knowledge.evidence import evidence_for
from srm_knowledge.store import FolderKnowledge

from srm_core.errors import ModelError
from srm_core.records import ChoiceKey, Chunk, Problem, Source

SOURCE = Source(name="notes", licence="CC-BY-4.0")
PLANTED = "The quokka sleeps under the old lighthouse every winter."
TEXTS = (PLANTED, *(f"Paragraph {n} is about kidneys" + " and lungs" * n for n in range(30)))


def chunks(texts: tuple[str, ...] = TEXTS) -> list[Chunk]:
    return [
        Chunk(document=f"document-{n}", start=0, end=len(text), text=text, source=SOURCE)
        for n, text in enumerate(texts)
    ]


def question(text: str, *choices: str) -> Problem:
    return Problem(kind="any", question=text, choices=choices, answer="A", anchor="any", key=ChoiceKey(index=0))


def test_search_finds_the_planted_passage_and_its_source(knowledge: FolderKnowledge) -> None:
    knowledge.add(chunks(), [])
    found = knowledge.search("where does the quokka sleep in winter", 3)
    assert len(found) == 3
    assert found[0].text == PLANTED
    assert all(0 <= item.score <= 1 for item in found)
    assert found[0].score > found[1].score
    assert found[0].cites == (chunks()[0].id,)
    assert knowledge.source_of(found[0].cites[0]) == ("notes", "CC-BY-4.0")


def test_adding_passages_again_changes_nothing_and_they_survive_closing(knowledge: FolderKnowledge) -> None:
    knowledge.add(chunks(), [])
    first = knowledge.search("kidneys", 5)
    knowledge.add(chunks() + chunks(), [])
    knowledge.close()
    assert knowledge.counts() == {"triples": 0, "chunks": len(TEXTS)}
    assert knowledge.search("kidneys", 5) == first
    assert len(knowledge.search("kidneys", 500)) == len(TEXTS)


def test_an_empty_question_or_an_empty_folder_finds_nothing(knowledge: FolderKnowledge) -> None:
    assert knowledge.search("anything", 3) == []
    knowledge.add(chunks(), [])
    assert knowledge.search("  ", 3) == []
    assert knowledge.search("x", 0) == []


def test_evidence_is_passages_and_facts_of_what_the_question_names(
    knowledge: FolderKnowledge, make_fact: object
) -> None:
    assert callable(make_fact)
    facts = [
        make_fact("icd10cm:A00", "rdfs:label", "Cholera", "xsd:string"),
        make_fact("icd10cm:A00-A09", "rdfs:label", "Intestinal infectious diseases", "xsd:string"),
        make_fact("icd10cm:A00", "skos:broader", "icd10cm:A00-A09"),
        make_fact("icd10cm:A00", "srm:hasSymptom", "diarrhoea", "xsd:string"),
    ]
    knowledge.add(chunks(), facts)
    for asked in ("Is cholera an infection of the kidneys?", "What is above A00?", "What is above icd10cm:A00?"):
        found = list(evidence_for(question(asked), knowledge))
        assert len(found) == 6
        texts = [item.text for item in found]
        assert "Cholera (A00) is a kind of Intestinal infectious diseases (A00-A09)" in texts
        assert "Cholera (A00) has symptom diarrhoea" in texts
        assert any("Paragraph" in text or "quokka" in text for text in texts)
        assert all(knowledge.source_of(cite) for item in found for cite in item.cites)


def test_evidence_does_not_depend_on_the_gold(knowledge: FolderKnowledge) -> None:
    knowledge.add(chunks(), [])
    asked = question("What sleeps under the lighthouse?", "quokka", "whale")
    other = Problem.model_validate({**asked.model_dump(exclude={"id", "content"}), "answer": "B", "accept": ("whale",)})
    assert list(evidence_for(asked, knowledge)) == list(evidence_for(other, knowledge))


def test_the_packaged_model_finds_a_passage_by_its_meaning(tmp_path: Path) -> None:
    from srm_knowledge.embedding import MiniLM

    from srm_core.models.embedded import embedder_folder

    try:
        embed = MiniLM(embedder_folder())
    except ModelError as error:
        pytest.skip(f"the embedding model cannot be provided: {error}")
    texts = [*TEXTS[:4], ""]
    vectors = embed(texts)
    assert [vector.shape for vector in vectors] == [(384,)] * 5
    assert np.allclose([np.linalg.norm(vector) for vector in vectors], 1, atol=1e-5)
    assert all(np.array_equal(one, other) for one, other in zip(vectors, embed(texts), strict=True))
    knowledge = FolderKnowledge(tmp_path, lambda: embed)
    knowledge.add(chunks(TEXTS[:6]), [])
    assert knowledge.search("Where does a small marsupial rest in the cold months?", 1)[0].text == PLANTED
