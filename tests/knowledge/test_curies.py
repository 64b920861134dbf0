from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from srm_knowledge.curies import NAMESPACES, to_curie, to_iri

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
CURIES = st.one_of(
    st.builds(lambda prefix, local: f"{prefix}:{local}", st.one_of(st.sampled_from(sorted(NAMESPACES)), TEXT), TEXT),
    TEXT,
)


@settings(max_examples=200)
@given(CURIES)
def test_any_curie_comes_back_as_it_was_from_a_valid_iri(curie: str) -> None:
    import pyoxigraph

    iri = to_iri(curie)
    assert pyoxigraph.NamedNode(iri).value == iri
    assert not set(iri) & set('<>"{}|^`\\ ')
    assert to_curie(iri) == curie


@given(CURIES, CURIES)
def test_two_curies_never_share_an_iri(first: str, second: str) -> None:
    assert (to_iri(first) == to_iri(second)) == (first == second)


@pytest.mark.parametrize(
    ("curie", "iri"),
    [
        ("icd10cm:E11.65", "http://purl.bioontology.org/ontology/ICD10CM/E11.65"),
        ("icd10cm:A00-B99", "http://purl.bioontology.org/ontology/ICD10CM/A00-B99"),
        ("hp:0001250", "http://purl.obolibrary.org/obo/HP_0001250"),
        ("skos:broader", "http://www.w3.org/2004/02/skos/core#broader"),
        ("lab:Na+", "urn:srm:lab:Na%2B"),
        ("corpus:cushing\u2019s disease/x", "urn:srm:corpus:cushing%E2%80%99s%20disease%2Fx"),
    ],
)
def test_known_prefixes_have_their_published_namespace_and_others_a_urn(curie: str, iri: str) -> None:
    assert to_iri(curie) == iri


def test_no_namespace_begins_another() -> None:
    spaces = list(NAMESPACES.values())
    assert not [(a, b) for a in spaces for b in spaces if a != b and a.startswith(b)]


def test_a_foreign_iri_comes_back_unchanged() -> None:
    assert to_curie("http://example.org/x%20y") == "http://example.org/x%20y"
