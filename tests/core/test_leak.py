"""The leak certificate finds what was planted, level by level, and does not cry wolf over wording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from srm_core.errors import ModelError
from srm_core.records import ChoiceKey, EvalItem, Evidence, FormulaKey, Problem
from srm_core.reports.leak import certificate, total_leaks

KEY = FormulaKey(formula="f", inputs={}, low=0, high=0)
WORDS = [
    "amber",
    "birch",
    "cedar",
    "daisy",
    "elder",
    "fern",
    "ginger",
    "hazel",
    "iris",
    "juniper",
    "kelp",
    "laurel",
    "maple",
    "nettle",
    "olive",
    "poppy",
]
LEVELS = ["fact", "exact", "8 words", "64 characters", "meaning"]


def problem(question: str, split: str, *, anchor: str = "", kind: str = "look", **more: Any) -> Problem:
    fields: dict[str, Any] = {"kind": kind, "question": question, "answer": "1", "key": KEY, "split": split}
    return Problem(**{**fields, "anchor": anchor or question, **more})


def question(number: int, template: str = "What does the {} have to do with what was said before?") -> str:
    return template.format(f"{WORDS[number % 16]}-{WORDS[number // 16 % 16]}")


@pytest.fixture
def clean() -> list[Problem]:
    """Forty training and ten test problems of one wording, with facts and answers of their own."""
    return [
        problem(
            question(n), "test" if n % 5 == 0 else "train", anchor=f"anchor {n}", facts=(f"fact {n}",), answer=str(n)
        )
        for n in range(50)
    ]


def same_vector(texts: Sequence[str]) -> Any:
    return np.ones((len(texts), 1))


def leaks(
    problems: Sequence[Problem], items: Sequence[EvalItem] = (), embed: Any = same_vector, **more: Any
) -> dict[str, int]:
    found = certificate(problems, items, formulas={"sum"}, embed=embed, **more)
    assert found["clean"] == (not any(level["leaks"] for level in found["levels"].values()))
    return {name: level["leaks"] for name, level in found["levels"].items() if level["leaks"]}


def test_a_clean_set_passes_every_level(clean: list[Problem]) -> None:
    found = certificate(clean, [], formulas={"sum"}, embed=same_vector)
    assert found["clean"]
    assert list(found["levels"]) == LEVELS
    assert (found["train"], found["test"], found["not_checked"]) == (40, 10, [])
    assert total_leaks(found, LEVELS) == 0


def test_a_shared_fact_is_found_but_not_where_formulas_are_shared_on_purpose(clean: list[Problem]) -> None:
    planted = problem("Something else entirely?", "train", facts=("fact 5",))
    assert leaks([*clean, planted]) == {"fact": 1}
    assert leaks([*clean, planted.model_copy(update={"split": "dev"})]) == {}
    seen = [
        problem(f"Add {s}", s, kind="sum", facts=("formula a",), answer=s, tags={"formula": "seen"})
        for s in ("train", "test")
    ]
    assert leaks([*clean, *seen]) == {}
    unseen = [each.model_copy(update={"tags": {"formula": "unseen"}}) for each in seen]
    assert leaks([*clean, *unseen]) == {"fact": 1}
    beside = unseen[1].model_copy(update={"facts": ("an unseen formula", "formula a")})  # a conversion that was trained
    assert leaks([*clean, unseen[0], beside]) == {}


def test_the_same_text_is_found_whatever_its_case_and_spaces(clean: list[Problem]) -> None:
    tested = problem("A short one?", "test", answer="seven", evidence=(Evidence(text="It is so.", cites=("c",)),))
    copied = problem("a  SHORT\none?", "train", answer="8", evidence=tested.evidence)
    assert leaks([*clean, tested, copied]) == {"exact": 1}
    other = problem("A short one?", "train", answer="8", evidence=(Evidence(text="It is not so.", cites=("d",)),))
    assert leaks([*clean, tested, other]) == {}


def test_eight_words_in_a_row_are_found(clean: list[Problem]) -> None:
    run = "the red fox ran over a low wall"
    assert leaks([*clean, problem(f"Why {run} now?", "test", answer="a"), problem(f"When {run} once?", "train")]) == {
        "8 words": 1
    }
    seven = "the red fox ran over low walls"
    assert (
        leaks([*clean, problem(f"Why {seven} now?", "test", answer="a"), problem(f"When {seven} once?", "train")]) == {}
    )


def test_sixty_four_characters_in_a_row_are_found() -> None:
    run = "pseudohypoparathyroidism-and-hypoparathyroidism-unspecified-type-x"
    assert len(run) >= 64
    pair = [problem(f"Code of {run}?", "test", answer="a"), problem(f"Parent of {run}!", "train")]
    assert leaks(pair) == {"64 characters": 1}
    assert (
        leaks([problem(f"Code of {run[:50]}?", "test", answer="a"), problem(f"Parent of {run[:50]}!", "train")]) == {}
    )


def test_wording_of_a_template_is_no_leak() -> None:
    template = "Which of the ten things in the long and winding list below fits the {} best, and why is it so?"
    shared = [problem(question(n, template), "test" if n % 5 == 0 else "train", answer=str(n)) for n in range(30)]
    assert leaks(shared) == {}
    few = [problem(question(n, template), "test" if n == 0 else "train", answer=str(n)) for n in range(3)]
    assert leaks(few) == {"8 words": 1, "64 characters": 1}  # too few share it to call it a template


def test_items_of_published_suites_are_test_problems_too(clean: list[Problem]) -> None:
    item = EvalItem(suite="bench", problem=problem("x", "train", facts=("fact 1",), kind="bench"))
    found = certificate(clean, [item], formulas=set())
    assert found["test"] == 11
    assert found["levels"]["fact"] == {"leaks": 1, "examples": [item.problem.id]}


def test_new_inputs_of_a_known_formula_are_no_leak_and_the_same_inputs_are() -> None:
    def row(split: str, age: int, word: str = "What is", kind: str = "sum") -> Problem:
        text = f"A {age}-year-old man is seen in the emergency department with a sodium of 140. {word} the anion gap?"
        key = FormulaKey(formula="gap", inputs={"age": age}, low=0, high=0)
        return problem(text, split, anchor=f"{age} {split} {word}", kind=kind, key=key, answer=word)

    tested = row("test", 40)
    assert leaks([tested, row("train", 41, "Find"), row("train", 43, "Find")]) == {}
    assert leaks([tested, row("train", 40, "Find")]) == {"8 words": 1, "64 characters": 1}
    item = EvalItem(suite="bench", problem=row("train", 40, kind="bench"))
    assert leaks([row("train", 41)], [item]) == {
        "8 words": 1,
        "64 characters": 1,
    }  # a suite shares no wording on purpose


@pytest.mark.parametrize(
    ("change", "found"),
    [({}, {"meaning": 1}), ({"answer": "8"}, {}), ({"kind": "other"}, {}), ({"question": "Name the double of 6"}, {})],
)
def test_a_paraphrase_keeps_kind_answer_and_numbers(change: dict[str, str], found: dict[str, int]) -> None:
    tested = problem("Say what twice 5 is", "test", answer="10")
    planted = problem(**{"question": "Twice 5 is what?", "split": "train", "answer": "10", **change})
    assert leaks([tested, planted]) == found


def test_other_words_of_another_meaning_are_no_paraphrase() -> None:
    def far(texts: Sequence[str]) -> Any:
        return np.eye(len(texts))

    pair = [problem("Say what twice 5 is", "test"), problem("Where do 5 roads meet", "train")]
    assert leaks(pair, embed=far) == {}


def test_the_embedder_is_not_asked_for_where_there_is_nothing_to_compare(clean: list[Problem]) -> None:
    def never(texts: Sequence[str]) -> Any:
        raise AssertionError("asked for")

    assert leaks(clean, embed=never) == {}


def test_a_level_that_could_not_be_checked_is_named(clean: list[Problem]) -> None:
    def missing(texts: Sequence[str]) -> Any:
        raise ModelError("all-minilm-l6-v2 is not in the cache")

    pair = [problem("Say what twice 5 is", "test"), problem("Twice 5 is what?", "train")]
    found = certificate(pair, [], formulas=set(), embed=missing)
    assert found["not_checked"] == ["meaning (all-minilm-l6-v2 is not in the cache)"]
    assert "meaning" not in found["levels"]
    assert certificate(clean, [], formulas=set())["not_checked"] == ["meaning (no embedder)"]


def test_at_most_a_thousand_training_questions_are_compared_by_meaning() -> None:
    sizes: list[int] = []

    def counted(texts: Sequence[str]) -> Any:
        sizes.append(len(texts))
        return same_vector(texts)

    many = [problem(f"{question(n)} {WORDS[n // 256]}", "train", anchor=str(n)) for n in range(1500)]
    found = certificate([problem("Is it?", "test"), *many], [], formulas=set(), embed=counted)
    assert found["compared_by_meaning"] == 1000
    assert len(sizes) == 1
    assert sizes[0] <= 1001


def test_the_certificate_is_about_these_sets_and_no_others(clean: list[Problem]) -> None:
    first, second = (certificate(problems, [], formulas=set()) for problems in (clean, clean[1:]))
    assert first["train_hash"] == second["train_hash"]
    assert first["test_hash"] != second["test_hash"]
    assert certificate(clean[::-1], [], formulas=set())["test_hash"] == first["test_hash"]


def test_options_belong_to_the_text(clean: list[Problem]) -> None:
    fields: dict[str, Any] = {"key": ChoiceKey(index=0), "answer": "A"}
    pair = [problem("Which one?", split, choices=("yes", "no"), anchor=split, **fields) for split in ("test", "train")]
    assert leaks([*clean, *pair])["exact"] == 1
    pair[1] = problem("Which one?", "train", choices=("up", "down"), anchor="train", **{**fields, "answer": "B"})
    assert leaks([*clean, *pair]) == {}


def test_the_packaged_model_tells_a_light_paraphrase_from_another_question() -> None:
    from srm_core.models import embedded
    from srm_core.models.sentences import embed

    if not embedded.cached()[embedded.MINILM]:
        pytest.skip("the embedder is not in the cache")
    same = ("What is the anion gap of a patient with sodium 140?", "A patient has sodium 140: what is the anion gap?")
    other = ("Name the drug class of metoprolol.", "Name the drug class of amoxicillin.")
    vectors = embed([*same, *other])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1.0] * 4, abs=1e-5)
    assert vectors[0] @ vectors[1] >= 0.9
    assert vectors[2] @ vectors[3] < 0.9
    assert leaks([problem(same[0], "test"), problem(same[1], "train")], embed=embed) == {"meaning": 1}
