"""Decoding against a pushed self: the new probabilities by hand, plain decoding where nothing is pushed, and a bias that
is planted in what a model says when pushed."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from srm_bias_audit.mitigations import contrast
from srm_bias_audit.mitigations.contrast import PUSH, Contrasted, scaled

from srm_core.inference.asking import STOP, Asker
from srm_core.prompts import conversation
from srm_core.records import Problem, Sampling

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
    told: list[tuple[int, int]] = []
    plain = Asker(small_model, system="Add.", sampling=GREEDY)
    other = Contrasted(small_model, "Add.", GREEDY, strength=0.0, told=lambda *counts: told.append(counts))
    problems = sums[:6]
    asked = other.answer(problems)
    expected = plain.answer(problems)
    assert [c.text for c in asked] == [c.text for c in expected]
    assert [c.finished for c in asked] == [c.finished for c in expected]
    assert told == [(n, 6) for n in range(1, 7)]
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
        encode=lambda turns: [11] if PUSH in turns[-1].content else [10],
    )
    (plain,) = Contrasted(model, "s", GREEDY, strength=0.0).answer(sums[:1])
    (weighed,) = Contrasted(model, "s", GREEDY).answer(sums[:1])
    assert (plain.text, weighed.text) == ("group's", "gold")
    assert weighed.finished
    assert contrast.STRENGTH == 50.0
