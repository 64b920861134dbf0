"""Decoding against a pushed self: the new probabilities by hand, plain decoding where nothing is pushed, and a bias that
is planted in what a model says when pushed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from srm_bias_audit.mitigations import contrast
from srm_bias_audit.mitigations.contrast import PUSH, Contrasted, scaled
from srm_bias_audit.mitigations.paired import probabilities_after, said_by_both
from srm_bias_audit.mitigations.timing import Remembering, expected_seconds

from srm_core.errors import ModelError
from srm_core.inference.asking import STOP, Asker
from srm_core.inference.kernels.batch import MOST_OUTPUTS
from srm_core.inference.local import open_local
from srm_core.inference.padded import PaddedEngine
from srm_core.inference.paged import PagedEngine
from srm_core.prompts import conversation
from srm_core.records import Completion, Problem, Sampling

GREEDY = Sampling(max_tokens=24, stop=STOP)


def test_the_new_probabilities_by_hand() -> None:
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.6, 0.3, 0.1])
    # d = -0.1, 0, 0.1: the first is multiplied by exp(-0.1 * 10) = 1 / e, the others by 1
    total = 0.5 / math.e + 0.3 + 0.2
    assert scaled(p, q, 10.0) == pytest.approx([0.5 / math.e / total, 0.3 / total, 0.2 / total])
    assert scaled(p, q, 0.0) == pytest.approx(p)
    assert scaled(p, p, 50.0) == pytest.approx(p)
    # what the push makes likelier is overtaken: 0.5 e^-5 = 0.0034 < 0.3
    assert int(scaled(p, q, 50.0).argmax()) == 1
    rows = scaled(np.stack([p, p]), np.stack([q, p]), 10.0)
    assert rows[0] == pytest.approx(scaled(p, q, 10.0))
    assert rows[1] == pytest.approx(p)
    assert rows.sum(axis=1) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize(("q", "strength"), [(np.array([1.0]), 1.0), (np.array([0.5, 0.5]), -1.0)])
def test_what_cannot_be_weighed_is_refused(q: Any, strength: float) -> None:
    with pytest.raises(ValueError, match="strength"):
        scaled(np.array([0.5, 0.5]), q, strength)


def test_without_strength_it_is_plain_decoding_with_the_calculator(small_model: Any, sums: list[Problem]) -> None:
    told: list[tuple[str, int, int]] = []
    plain = Asker(small_model, system="Add.", sampling=GREEDY)
    other = Contrasted(small_model, "Add.", GREEDY, strength=0.0, told=lambda *counts: told.append(counts))
    problems = sums[:6]
    asked = other.answer(problems)
    expected = plain.answer(problems)
    assert [c.text for c in asked] == [c.text for c in expected]
    assert [c.finished for c in asked] == [c.finished for c in expected]
    assert told == [("answers", n, 6) for n in range(1, 7)]
    assert other.gold_logprobs(problems) == pytest.approx(plain.gold_logprobs(problems), abs=1e-3)


def test_the_first_token_is_that_of_the_new_probabilities(small_model: Any, sums: list[Problem]) -> None:
    import torch

    problem = sums[1]

    def first(question: str) -> Any:
        asked = problem.model_copy(update={"question": question})
        ids = small_model.encode(conversation("Add.", asked, asked.evidence))
        with torch.inference_mode():
            return small_model.model(torch.tensor([ids])).logits[0, -1].double().softmax(-1).numpy()

    p, q = first(problem.question), first(f"{PUSH} {problem.question}")
    token = int(np.argmax(p * np.where(p >= q, 1.0, np.exp(50.0 * (p - q)))))
    (said,) = Contrasted(small_model, "Add.", Sampling(max_tokens=1)).answer([problem])
    assert said.text == small_model.tokenizer.decode([token], skip_special_tokens=True)


@pytest.fixture(scope="module")
def slow(small_base: Path) -> Any:
    """The same model run by transformers itself, as every contrast was before the engine took it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRM_ENGINE", "transformers")
        return open_local(f"dir:{small_base}")


@pytest.mark.parametrize("strength", [0.0, 5.0, 50.0])
def test_the_engine_says_what_transformers_says_one_by_one(
    small_model: Any, slow: Any, sums: list[Problem], strength: float
) -> None:
    assert isinstance(small_model.engine, PagedEngine)
    assert isinstance(slow.engine, PaddedEngine)
    asked = [Contrasted(model, "You add and subtract.", GREEDY, strength=strength) for model in (small_model, slow)]
    assert [each.side_by_side for each in asked] == [24, 1]
    fast, before = (each.answer(sums) for each in asked)
    assert [(c.text, c.finished, c.tokens) for c in fast] == [(c.text, c.finished, c.tokens) for c in before]
    assert len({c.text for c in fast}) > 1
    likely = [each.gold_logprobs(sums) for each in asked]
    assert likely[0] == pytest.approx(likely[1], abs=1e-3)


def test_what_a_pair_says_does_not_depend_on_those_beside_it(small_model: Any, sums: list[Problem]) -> None:
    prompts = [
        tuple(small_model.encode(conversation(system, each, each.evidence)) for system in ("Add.", "Guess."))
        for each in sums
    ]
    used = small_model.engine.pool.used

    def said(pairs: int) -> list[str]:
        found = said_by_both(small_model.engine, prompts, GREEDY, scaled, pairs=pairs)
        return [completion.text for completion in found]

    assert said(1) == said(5) == said(12)
    assert small_model.engine.pool.used == used  # every page came back

    def breaks(p: Any, q: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        said_by_both(small_model.engine, prompts, GREEDY, breaks, pairs=5)
    assert small_model.engine.pool.used == used


def test_a_call_is_computed_and_a_long_answer_is_read_in_passes(small_model: Any) -> None:
    prompt = small_model.tokenizer.encode("What is 2+2?")
    calls = small_model.tokenizer.encode("<<2+2=")
    turns = iter(range(99))

    def writes(p: Any, q: Any) -> Any:
        turn = next(turns)
        token = calls[turn] if turn < len(calls) else small_model.tokenizer.eos_token_id
        row = np.full_like(p, 1e-9)
        row[:, token] = 1.0
        return row

    (said,) = said_by_both(small_model.engine, [(prompt, prompt)], GREEDY, writes, pairs=1)
    assert (said.text, said.finished) == ("<<2+2=4>>", True)
    answer = small_model.tokenizer.encode("1234567890" * 40)[:300]  # more than the rows of logits of one pass
    assert len(answer) > MOST_OUTPUTS
    found = probabilities_after(small_model.engine, prompt, answer)
    (expected,) = small_model.engine.score([prompt], [answer])
    assert np.log(found[np.arange(len(answer)), answer]) == pytest.approx(expected, abs=1e-3)
    with pytest.raises(ModelError, match="a prompt is empty"):
        said_by_both(small_model.engine, [(prompt, [])], GREEDY, writes, pairs=1)


class Ticking:
    """Answers at one second a problem and scores at two, on its own clock."""

    ref = "ticking:"

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[str] = []

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        self.now += len(problems)
        self.asked += [problem.id for problem in problems]
        return [Completion(text=problem.id, finished=True, tokens=1) for problem in problems]

    def gold_logprobs(self, problems: Sequence[Problem]) -> list[float] | None:
        self.now += 2 * len(problems)
        return [-1.0 * len(problem.id) for problem in problems]


def test_the_time_is_that_of_the_first_problems_which_are_not_asked_twice(sums: list[Problem]) -> None:
    ticking = Ticking()
    asked = Remembering(ticking)
    took, left = expected_seconds(asked, sums[:4], 8, 5, clock=lambda: ticking.now)
    assert took == 4 * 1 + 4 * 2
    assert left == 8 * (1 + 2) + 5 * 1
    assert [c.text for c in asked.answer([*sums, sums[0]])] == [p.id for p in (*sums, sums[0])]
    assert ticking.asked == [p.id for p in sums]
    before = ticking.now
    assert asked.gold_logprobs(sums) == [-1.0 * len(p.id) for p in sums]
    assert ticking.now == before + 2 * 8
    with pytest.raises(ModelError, match="no problem to time"):
        expected_seconds(asked, [], 1, 1)


class Pushed:
    """A model of four tokens (end, gold, group's, other): plainly it leans to the group's answer, and pushed more so."""

    device = "cpu"

    def __init__(self, plain: list[float], pushed: list[float]) -> None:
        self.rows = {10: plain, 11: pushed}

    def __call__(self, given: Any, **_: Any) -> Any:
        import torch

        ids = given[0].tolist()
        logits = torch.tensor(self.rows.get(ids[0], [0.97, 0.01, 0.01, 0.01])).log()  # after its first token it ends
        return SimpleNamespace(logits=logits.expand(1, len(ids), 4))


def test_an_answer_that_only_the_push_supports_gives_way(monkeypatch: pytest.MonkeyPatch, sums: list[Problem]) -> None:
    words = ["", "gold", "group's", "other"]
    tokenizer = SimpleNamespace(
        eos_token_id=0,
        decode=lambda ids, **_: " ".join(words[i] for i in ids),
        encode=lambda text, **_: [1],
    )
    model: Any = SimpleNamespace(
        ref="planted:",
        tokenizer=tokenizer,
        model=Pushed([0.05, 0.40, 0.50, 0.05], [0.05, 0.05, 0.85, 0.05]),
        engine=None,  # transformers runs it
        encode=lambda turns: [11] if PUSH in turns[-1].content else [10],
    )
    (plain,) = Contrasted(model, "s", GREEDY, strength=0.0).answer(sums[:1])
    (weighed,) = Contrasted(model, "s", GREEDY).answer(sums[:1])
    assert (plain.text, weighed.text) == ("group's", "gold")
    assert weighed.finished
    assert contrast.STRENGTH == 50.0
