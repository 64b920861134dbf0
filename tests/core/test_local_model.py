"""A checkpoint in memory generates, scores, and takes new weights in place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from srm_core.errors import ModelError
from srm_core.inference.local import SCORE_ROWS, open_local
from srm_core.protocols import LocalModel
from srm_core.records import Message, Sampling


def _turns(text: str) -> list[Message]:
    return [Message(role="system", content="You answer."), Message(role="user", content=text)]


def test_it_is_a_local_model_under_the_name_it_was_opened_by(small_model: Any, small_base: Path) -> None:
    assert isinstance(small_model, LocalModel)
    assert small_model.ref == f"dir:{small_base}"
    assert open_local(str(small_base)).ref == f"dir:{small_base}"
    assert open_local("openai:some-model") is None


def test_scores_are_those_of_one_text_at_a_time_with_the_end_token_last(small_model: Any) -> None:
    asked = [_turns("x" * (7 * n % 50)) for n in range(SCORE_ROWS + 5)]
    said = ["Answer: " + "ab" * (3 * n % 11) for n in range(SCORE_ROWS + 5)]
    scores = small_model.score(asked, said)
    for turns, text, score in zip(asked, said, scores, strict=True):
        prompt = small_model.encode(turns)
        answer = [*small_model.tokenizer.encode(text, add_special_tokens=False), small_model.tokenizer.eos_token_id]
        with torch.no_grad():
            logprobs = small_model.model(torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
        expected = [float(logprobs[len(prompt) - 1 + i, token]) for i, token in enumerate(answer)]
        assert score == pytest.approx(expected, abs=1e-4)


def test_a_shared_beginning_is_read_once_and_changes_no_score(small_model: Any, monkeypatch: Any) -> None:
    asked = [_turns("the same long beginning of every question, and then " + "z" * n) for n in range(4)] * 2
    said = [f"Answer: {n}" for n in range(8)]  # every question twice, with another answer
    alone = [small_model.score([turns], [text])[0] for turns, text in zip(asked, said, strict=True)]
    whole = sum(len(small_model.encode(turns)) for turns in asked)
    small_model.update_weights({})  # forgets what was kept of earlier prompts
    read: list[int] = []
    forward = small_model.engine.decoder.forward

    def counted(batch: Any, slabs: Any) -> Any:
        read.append(len(batch.ids))
        return forward(batch, slabs)

    monkeypatch.setattr(small_model.engine.decoder, "forward", counted)
    together = small_model.score(asked, said)
    assert together == alone
    assert sum(read) < 0.5 * whole


def test_an_empty_continuation_scores_its_end_token_alone_and_nothing_scores_nothing(small_model: Any) -> None:
    ((score,),) = small_model.score([_turns("a")], [""])
    assert score < 0
    assert small_model.score([], []) == []


def test_the_score_of_a_greedy_answer_is_what_generating_it_reported(small_model: Any) -> None:
    turns = _turns("Which?")
    completion = small_model.generate([turns], Sampling(max_tokens=10, calculator=False))[0][0]
    prompt_and_answer = torch.tensor([[*completion.prompt_ids, *completion.token_ids]])
    with torch.no_grad():
        logprobs = small_model.model(prompt_and_answer).logits[0].log_softmax(-1)
    start = len(completion.prompt_ids) - 1
    again = [float(logprobs[start + i, token]) for i, token in enumerate(completion.token_ids)]
    assert completion.logprobs == pytest.approx(again, abs=1e-4)


def test_new_weights_are_taken_in_place_and_old_ones_can_be_put_back(small_base: Path, small_model: Any) -> None:
    model = open_local(f"dir:{small_base}")
    name = "model.layers.1.mlp.up_proj.weight"
    before = model.model.state_dict()[name].clone()
    usual = model.generate([_turns("a")], Sampling(max_tokens=8))
    model.update_weights({name: torch.zeros_like(before)})
    assert not model.model.state_dict()[name].any()
    assert model.generate([_turns("a")], Sampling(max_tokens=8)) != usual
    model.update_weights({name: before})
    assert model.generate([_turns("a")], Sampling(max_tokens=8)) == usual
    with pytest.raises(KeyError):
        model.update_weights({"no.such.weight": before})


def test_a_tokenizer_without_an_end_token_is_refused(small_base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "endless"
    shutil.copytree(small_base, folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({k: v for k, v in settings.items() if k != "eos_token"}))
    with pytest.raises(ModelError, match=r"has no end token, so a completion could never finish"):
        open_local(f"dir:{folder}")
