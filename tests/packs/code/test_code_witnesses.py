"""The hidden inputs tell a function from those that differ from it in one sign."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest
from srm_pack_code.problems import fill_in_the_middle, repair, write_function
from srm_pack_code.running import value_of
from srm_pack_code.specs import FOLDS, Part, Spec, draw_spec
from srm_pack_code.witnesses import changed, inputs_of, witnesses

from srm_core.records import TestsKey

SET = FOLDS[1]


def results(line: str, inputs: list[list[object]]) -> list[object]:
    found: list[object] = []
    for given in inputs:
        try:
            found.append(value_of(line, f"f({given!r})"))
        except Exception as error:
            found.append(type(error))
    return found


def test_what_changes_is_one_number_letter_or_operator() -> None:
    assert set(changed("x != 5")) == {
        *(f"x {sign} 5" for sign in ("<", "<=", ">", ">=", "==")),
        *(f"x != {n}" for n in range(13) if n != 5),
    }
    assert "'b' in x" in set(changed("'a' in x"))
    assert "x ** 2" in set(changed("x ** 3"))
    assert not any(code.startswith("x -") or "x //" in code for code in changed("x ** 3"))


@pytest.mark.parametrize(
    ("turn", "keep", "wrong", "words"),
    [
        ("x % 4", "x != 5", "x != 1", False),
        ("len(x)", "len(x) > 2", "len(x) > 1", True),
        ("len(x)", "x.startswith('a')", "x.startswith('c')", True),
    ],
)
def test_a_set_that_forgets_which_item_it_came_from_is_told_by_single_items(
    turn: str, keep: str, wrong: str, words: bool
) -> None:
    spec = Spec(SET, Part(turn, turn, turn), Part(keep, keep, keep))
    inputs = inputs_of(spec, words, Random(0))
    assert results(spec.one_line, inputs) != results(spec.one_line.replace(keep, wrong), inputs)
    assert [[item] for item in witnesses(spec, words)] == inputs[-len(witnesses(spec, words)) :]


def test_no_function_that_can_be_told_passes() -> None:
    rng = Random(7)
    for _ in range(40):
        spec, words = draw_spec(rng)
        inputs = inputs_of(spec, words, rng)
        right = results(spec.one_line, inputs)
        every = [[item] for item in range(-12, 25)] if not words else inputs
        for code in changed(spec.keep.code):
            wrong = spec.one_line.replace(spec.keep.code, code)
            try:
                compile(wrong, "f", "exec")
            except SyntaxError:
                continue
            if results(wrong, every) != results(spec.one_line, every):
                assert results(wrong, inputs) != right, (spec.one_line, wrong)


@pytest.mark.parametrize("kind", [fill_in_the_middle, repair, write_function])
def test_keys_of_problems_hold_the_single_items(kind: object) -> None:
    for problem in islice(kind.generate(5), 20):  # type: ignore[attr-defined]
        assert isinstance(problem.key, TestsKey)
        assert 6 <= len(problem.key.values) <= 24
