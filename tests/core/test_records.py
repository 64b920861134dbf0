"""Records are named by their content, sealed, and frozen."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from srm_core.records import (
    ChoiceKey,
    Document,
    Evidence,
    FormulaKey,
    GraphKey,
    Probe,
    Problem,
    Reward,
    Source,
    StageRecord,
    Triple,
    Variant,
    digest,
    split_of,
)

SOURCE = Source(name="notes", licence="CC0-1.0")
TEXT = st.text(alphabet='ab ü\n\u2028"\\😀', min_size=1, max_size=40)


def problem(**changes: Any) -> Problem:
    fields: dict[str, Any] = {
        "kind": "quiz",
        "question": "One or two?",
        "answer": "two",
        "choices": ("one", "two"),
        "anchor": "quiz:1",
        "key": ChoiceKey(index=1),
    }
    return Problem(**(fields | changes))


def test_an_id_names_the_class_and_the_content() -> None:
    fields = {"text": "a", "source": {"name": "notes", "licence": "CC0-1.0"}}
    assert Document(text="a", source=SOURCE).id == f"document-{digest(fields)[:16]}"


def test_a_field_that_a_later_version_adds_renames_nothing() -> None:
    class Source2(Source):
        archived: str = ""

    class Later(Document):
        source: Source2
        pages: int = 0

    Later.__name__ = "Document"
    old = Document(text="a", title="t", source=SOURCE)
    read = Later.model_validate_json(old.model_dump_json())
    assert (read.id, read.content) == (old.id, old.content)
    assert Later(text="a", title="t", source=Source2(name="notes", licence="CC0-1.0"), pages=3).content != old.content


@given(TEXT, TEXT)
def test_the_identity_fields_alone_decide_the_id(text: str, title: str) -> None:
    one, other = Document(text=text, title=title, source=SOURCE), Document(text=text, source=SOURCE)
    assert one.id == other.id
    assert one.content != other.content
    assert Document(text=text + "x", source=SOURCE).id != one.id


@given(TEXT, TEXT, TEXT)
def test_a_record_comes_back_from_its_line(subject: str, predicate: str, thing: str) -> None:
    triple = Triple(subject=subject, predicate=predicate, object=thing, source=SOURCE)
    assert Triple.model_validate_json(triple.model_dump_json()) == triple


@pytest.mark.parametrize(("field", "value"), [("answer", "one"), ("solution", "Answer: one"), ("parents", ["x"])])
def test_an_edited_record_is_refused(field: str, value: Any) -> None:
    line = json.loads(problem().model_dump_json())
    with pytest.raises(ValidationError, match=r"does not match the record|was edited"):
        Problem.model_validate(line | {field: value})


def test_a_revised_record_is_sealed_anew_under_its_id_and_checked() -> None:
    changed = problem().revised(solution="Answer: two")
    assert (changed.id, changed.solution) == (problem().id, "Answer: two")
    assert changed.content != problem().content
    assert Problem.model_validate_json(changed.model_dump_json()) == changed
    with pytest.raises(ValidationError, match="does not match the record"):
        problem().revised(question="Another?")


def test_when_a_source_was_retrieved_changes_neither_id_nor_seal() -> None:
    late = SOURCE.model_copy(update={"retrieved": datetime.date(2026, 1, 2)})
    one, other = Document(text="a", source=SOURCE), Document(text="a", source=late)
    assert (one.id, one.content) == (other.id, other.content)


def test_how_long_a_stage_took_changes_neither_id_nor_seal() -> None:
    fields: dict[str, Any] = {"stage": "ingest", "key": "k", "inputs": {}, "settings": {}, "code": "c", "counts": {}}
    one, other = StageRecord(**fields), StageRecord(**fields, seconds=3.0, finished="2026-01-02T00:00:00")
    assert (one.id, one.content) == (other.id, other.content)
    assert StageRecord(**(fields | {"counts": {"kept": 1}})).content != one.content


def test_a_record_is_frozen_and_closed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        problem().answer = "one"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        problem(hint="look")


def test_the_split_follows_the_anchor_whatever_the_question() -> None:
    for number in range(40):
        anchor = f"entity:{number}"
        assert {problem(anchor=anchor, question=text).split for text in "abc"} == {split_of(anchor)}


def test_a_tenth_of_the_anchors_is_test_and_a_tenth_dev() -> None:
    splits = [split_of(f"anchor {number}") for number in range(5000)]
    assert 450 < splits.count("test") < 550
    assert 450 < splits.count("dev") < 550


def test_a_split_that_is_given_is_kept() -> None:
    assert problem(split="dev").split == "dev"
    assert Problem.model_validate_json(problem(split="dev").model_dump_json()).split == "dev"


@pytest.mark.parametrize(
    "key",
    [
        ChoiceKey(index=1),
        FormulaKey(formula="f", inputs={"a": 1.5, "sex": "female"}, unit="mg", low=1, high=2),
        GraphKey(query="SELECT ?answer WHERE { $a ?p ?answer }", bindings={"a": "x:1"}),
    ],
    ids=lambda key: key.type,
)
def test_a_key_keeps_its_type_on_disk(key: Any) -> None:
    assert Problem.model_validate_json(problem(key=key).model_dump_json()).key == key


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1.5, -0.1])
def test_a_reward_outside_its_range_is_refused(value: float) -> None:
    with pytest.raises(ValidationError, match=r"reward 'r' is .*, outside \[0.0, 1.0\]"):
        Reward(name="r", value=value)


def test_a_reward_may_be_negative_where_it_says_so() -> None:
    assert Reward(name="r", value=-1.0, low=-1.0).value == -1.0


def test_evidence_cites_something() -> None:
    with pytest.raises(ValidationError, match="at least 1 item"):
        Evidence(text="a", cites=())


def test_a_source_states_a_licence() -> None:
    with pytest.raises(ValidationError, match="at least 1 character"):
        Source(name="a", licence="")


def test_a_probe_has_something_to_compare() -> None:
    only = Variant(name="one", problem=problem())
    with pytest.raises(ValidationError, match="at least 2 items"):
        Probe(measure="m", attribute="a", harm="allocation", variants=(only,))


def test_the_digest_does_not_depend_on_the_order_of_names() -> None:
    assert digest({"a": 1, "b": "ü"}) == digest({"b": "ü", "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})
    # sha256 of {"a":1}, e.g. by: printf '{"a":1}' | sha256sum
    assert digest({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"


def test_a_lone_surrogate_is_digested_and_no_crash() -> None:
    assert len(digest("\ud800")) == 64
