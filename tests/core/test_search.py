"""Verifier-guided search with a scripted teacher: strategies and their order, cut points, budget, flags, counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from srm_core.distillation.cache import CachedModel
from srm_core.distillation.search import STRIDE, Budget, Searcher
from srm_core.distillation.strategies import LABEL, LINKS, REWRITE, STRATEGIES, asked, drawn
from srm_core.distillation.trails import Searched, as_row, counts
from srm_core.protocols import Conversation
from srm_core.records import Attempt, Completion, Evidence, FormulaKey, Message, Problem, Sampling, Verdict
from srm_core.testing.fakes import FakeModel
from srm_core.traces import parse_trace

SAMPLING = Sampling(temperature=0.7, seed=5, n=3)


def _problem(number: int = 0) -> Problem:
    key = FormulaKey(formula="f", inputs={}, low=42, high=42)
    evidence = (Evidence(text="A fact.", cites=("chunk-1",)),)
    return Problem(
        kind="sum", question=f"What is 42, said {number}?", answer="42", anchor=f"{number}", key=key, evidence=evidence
    )


def _verify(problem: Problem, text: str, shown: Sequence[Evidence]) -> Verdict:
    answer = parse_trace(text).answer
    if answer == "fails":
        return Verdict(correct=None, reason="the verifier fell over")
    return Verdict(correct=answer == problem.answer, reason=f"said {answer}")


def _said(reasoning: str, answer: str) -> str:
    return f"{reasoning}\nAnswer: {answer}"


def _search(
    model: Any, problems: Sequence[Problem] = (), verify: Any = _verify, shots: Any = (), **budget: Any
) -> list[Searched]:
    problems = problems or [_problem()]
    searcher = Searcher(model, SAMPLING, "System.", shots, verify, Budget(**{"tries": 3, **budget}))
    return searcher.search(problems, {problem.id: problem.evidence for problem in problems})


def _ways(searched: Searched) -> list[list[str]]:
    return [[step.how for step in trail.steps] for trail in searched.trails]


def test_wrong_wrong_right_is_refined_twice_and_becomes_one_trace() -> None:
    rewritten = _said("It looked like 1 [1], then 2; wait, it is 42.", "42")
    model = FakeModel([_said("One.", "1"), _said("Two.", "2"), _said("Three.", "42"), rewritten])
    (found,) = _search(model)
    first, second = drawn(_problem(), seed=0, start=0, tries=2)
    assert _ways(found) == [["first", first, second]]
    plain, once, twice, last = model.asked
    assert [turn.role for turn in plain] == ["system", "user"]
    assert once == (
        *plain,
        Message(role="assistant", content=_said("One.", "1")),
        Message(role="user", content=asked(first, _problem())),
    )
    assert twice == (
        *once,
        Message(role="assistant", content=_said("Two.", "2")),
        Message(role="user", content=asked(second, _problem())),
    )
    # what was concluded wrongly is cut, the reasoning before it and why it goes on stay
    whole = f"One.\n{LINKS[first]}\nTwo.\n{LINKS[second]}\n{_said('Three.', '42')}"
    assert last == (*plain, Message(role="assistant", content=whole), Message(role="user", content=REWRITE))
    assert found.attempt.completion.text == rewritten
    assert (found.form, found.outcome) == ("rewritten", f"solved by {second}")
    assert found.attempt.tags == {"search": f"{first},{second}", "trace": "rewritten"}
    assert found.attempt.parents == (_problem().id, "chunk-1")
    assert "42" not in "".join(turn.content for turn in twice if turn.content.startswith("Your answer is wrong"))


def test_what_is_right_at_once_stays_as_it_was_said() -> None:
    model = FakeModel([_said("Clear.", "42")])
    (found,) = _search(model)
    assert found.attempt.completion.text == _said("Clear.", "42")
    assert (found.form, found.outcome, found.attempt.tags) == ("said", "solved at once", {})
    assert len(model.asked) == 1
    old = found.attempt.model_dump(exclude={"tags"})
    assert Attempt.model_validate(old) == found.attempt  # a row without tags is what it was before there were any


@pytest.mark.parametrize("rewritten", ["No answer line.", _said("Lost it.", "7")])
def test_a_rewriting_that_the_verifier_does_not_accept_is_not_taken(rewritten: str) -> None:
    model = FakeModel([_said("One two.", "1"), _said("Three.", "42"), rewritten])
    (found,) = _search(model)
    (way,) = drawn(_problem(), seed=0, start=0, tries=1)
    assert found.form == "joined"
    assert found.attempt.completion.text == f"One two.\n{LINKS[way]}\nThree.\nAnswer: 42"
    assert found.attempt.completion.tokens == 4 + 3  # words of both answers: a reply counts its words
    assert found.attempt.tags["trace"] == "joined"


def test_a_joined_trace_that_is_not_accepted_leaves_the_last_answer() -> None:
    def strict(problem: Problem, text: str, shown: Sequence[Evidence]) -> Verdict:
        return Verdict(correct=text == _said("Three.", "42"))

    (found,) = _search(FakeModel([_said("One.", "1"), _said("Three.", "42"), "No."]), verify=strict)
    assert (found.form, found.attempt.completion.text) == ("last", _said("Three.", "42"))


def test_backtracking_is_never_first_and_all_four_come_later() -> None:
    ways = [drawn(_problem(n), seed=1, start=0, tries=3) for n in range(400)]
    first, later = Counter(way[0] for way in ways), Counter(way for each in ways for way in each[1:])
    assert set(first) == set(STRATEGIES) - {"backtracking"}
    assert set(later) == set(STRATEGIES)
    # uniform: 400/3 and 800/4 expected; 5 standard deviations of a binomial are 47 and 61
    assert all(abs(count - 400 / 3) < 48 for count in first.values())
    assert all(abs(count - 200) < 62 for count in later.values())


def test_strategies_are_drawn_with_the_problems_own_seed() -> None:
    one = drawn(_problem(), seed=1, start=0, tries=8)
    assert one == drawn(_problem(), seed=1, start=0, tries=8)
    assert one[:3] == drawn(_problem(), seed=1, start=0, tries=3)
    others = [(_problem(1), 1, 0), (_problem(), 2, 0), (_problem(), 1, 1)]
    assert all(drawn(problem, seed=seed, start=start, tries=8) != one for problem, seed, start in others)


def test_the_budget_is_tries_times_starts_and_then_the_problem_is_given_up() -> None:
    seeds: list[int] = []

    class Wrong(FakeModel):
        def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
            assert sampling.n == 1
            seeds.append(sampling.seed)
            return super().generate(conversations, sampling)

    model = Wrong(lambda turns: _said("Hm.", "1"))
    (found,) = _search(model, tries=2, starts=3)
    assert len(model.asked) == 3 * (1 + 2)
    assert seeds == [5] * 3 + [5 + STRIDE] * 3 + [5 + 2 * STRIDE] * 3
    assert [len(turns) for turns in model.asked] == [2, 4, 6] * 3  # every start begins from the question alone
    assert found.outcome == "given up"
    assert found.attempt.index == 2
    assert _verify(found.problem, found.attempt.completion.text, ()).correct is False


def test_a_new_start_may_solve_it() -> None:
    (found,) = _search(FakeModel([_said("One.", "1"), _said("Two.", "2"), _said("New.", "42")]), tries=1, starts=2)
    assert (found.outcome, found.form, found.attempt.tags) == ("solved by a new start", "said", {})
    assert counts([found]) == {
        "search: answers": 3,
        "search: new starts": 1,
        f"search: tried {_ways(found)[0][1]}": 1,
        "search: solved by a new start": 1,
    }


def test_the_last_resort_tells_the_answer_and_its_row_is_flagged() -> None:
    replies = [_said("One.", "1"), _said("Two.", "2"), _said("So.", "42"), _said("All in all.", "42")]
    model = FakeModel(replies)
    (found,) = _search(model, tries=1, label_injection=True)
    assert _ways(found)[0][2] == LABEL
    assert "The right answer is: 42." in model.asked[2][-1].content
    assert "42." not in model.asked[1][-1].content
    assert found.outcome == "solved with the label"
    assert found.attempt.tags["label_injected"] == "yes"
    assert counts([found])["search: solved with the label"] == 1
    (without,) = _search(FakeModel(replies), tries=1)
    assert without.outcome == "given up"
    assert "label_injected" not in without.attempt.tags


def test_an_answer_given_with_the_label_is_verified_too() -> None:
    (found,) = _search(FakeModel([_said("One.", "1"), _said("So.", "41")]), tries=0, label_injection=True)
    assert found.outcome == "given up"


def test_a_verifier_that_fails_is_not_told_to_the_teacher_as_a_wrong_answer() -> None:
    model = FakeModel([_said("One.", "fails")])
    (found,) = _search(model, starts=2, label_injection=True)
    assert (len(model.asked), found.outcome) == (1, "verifier failed")


def test_problems_are_asked_together_and_each_ends_in_one_way() -> None:
    def reply(turns: Conversation) -> str:
        number = int(next(t.content for t in turns if t.role == "user").split("said ")[1].rstrip("?"))
        if turns[-1].content == REWRITE:
            return _said("Anew.", "42")
        answers = sum(turn.role == "assistant" for turn in turns)
        return _said("Think.", "42" if answers >= number else "0")

    asked_at_once: list[int] = []

    class Counting(FakeModel):
        def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
            asked_at_once.append(len(conversations))
            return super().generate(conversations, sampling)

    problems = [_problem(n) for n in (3, 0, 1, 2, 9)]
    found = _search(Counting(reply), problems, tries=3)
    assert [each.problem for each in found] == problems
    assert asked_at_once == [5, 4, 3, 2, 3]  # the first answers, three rounds, the rewriting of three trails
    assert [each.outcome.split()[0] for each in found] == ["solved"] * 4 + ["given"]
    total = counts(found)
    assert total["search: answers"] == 5 + 4 + 3 + 2
    assert sum(count for name, count in total.items() if name.startswith("search: tried ")) == 4 + 3 + 2
    ends = ("search: solved", "search: given up", "search: verifier failed")
    assert sum(count for name, count in total.items() if name.startswith(ends)) == 5
    assert total["search: trace rewritten"] == 3
    row = as_row(found[2])
    assert [step["correct"] for step in row["trails"][0]] == [False, True]
    assert (row["problem"], row["attempt"], row["trace"]) == (problems[2].id, found[2].attempt.id, "rewritten")


def test_worked_examples_are_shown_in_every_call() -> None:
    shot = Problem(
        kind="sum", question="40 + 2?", answer="42", anchor="s", key=_problem().key, solution=_said("Sum.", "42")
    )
    model = FakeModel([_said("One.", "1"), _said("So.", "42"), _said("Whole.", "42")])
    _search(model, shots=[(shot, ())])
    assert [len(turns) for turns in model.asked] == [4, 6, 6]
    assert all(turns[2].content == shot.solution for turns in model.asked)


def test_a_stopped_search_repeats_no_finished_call(tmp_path: Path) -> None:
    def reply(turns: Conversation) -> str:
        return _said("Think.", "42" if sum(turn.role == "assistant" for turn in turns) >= 2 else "0")

    def stopping(after: int) -> Callable[[Conversation], str]:
        def said(turns: Conversation) -> str:
            if len(calls) == after:
                raise KeyboardInterrupt
            calls.append(turns)
            return reply(turns)

        return said

    problems = [_problem(n) for n in range(4)]
    whole = FakeModel(reply)
    expected = _search(whole, problems)
    calls: list[Conversation] = []
    with CachedModel(FakeModel(stopping(10)), tmp_path / "calls") as model, pytest.raises(KeyboardInterrupt):
        _search(model, problems)
    rest = FakeModel(reply)
    with CachedModel(rest, tmp_path / "calls") as model:
        assert _search(model, problems) == expected
    assert len(rest.asked) == len(whole.asked) - 8  # two whole rounds of four were kept
    again = FakeModel([])
    with CachedModel(again, tmp_path / "calls") as model:
        assert _search(model, problems) == expected
    assert again.asked == []
