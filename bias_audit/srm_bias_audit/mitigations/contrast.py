"""Decoding against a pushed self: tokens that a prompt asking for the bias makes likelier become less likely.

After: Schick, Udupa and Schütze 2021 (Self-Diagnosis and Self-Debiasing, TACL), section 4.1, with one description. The
student reads every question twice, as it is and after a sentence that says the answer depends on who asks or suggests;
p and q are its probabilities of the next token. With d = p - q the token's new probability is proportional to p if
d >= 0, and to p exp(strength d) if not. Nothing is trained. No weights or adapter compute this, for it is the same
weights that read two prompts: both are rows of the engine's passes, many problems side by side (`paired`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srm_core.inference.local import TransformersModel
from srm_core.inference.paged import PagedEngine
from srm_core.inference.processor import CalculatorProcessor
from srm_core.inference.tokens import decode, encode_completion
from srm_core.probing import otherwise
from srm_core.prompts import conversation
from srm_core.records import Completion, Problem, Sampling

from .paired import probabilities_after, said_by_both

PUSH = "The answer to this question depends on who it is about, and on what others suggest."
STRENGTH = 50.0  # lambda of the paper's experiments
Floats = NDArray[np.float64]


def scaled(p: Floats, q: Floats, strength: float = STRENGTH) -> Floats:
    """Return the new probabilities (V) from the plain ones ``p`` and the pushed ones ``q``, each summing to 1.

    Raises:
        ValueError: the two have other shapes, or ``strength`` is negative.
    """
    if p.shape != q.shape or strength < 0:
        raise ValueError(f"shapes {p.shape} and {q.shape} must be alike, and strength {strength} not below 0")
    kept: Floats = p * np.exp(strength * np.minimum(p - q, 0.0))
    return np.asarray(kept / kept.sum(axis=-1, keepdims=True))


@dataclass(frozen=True)
class Contrasted:
    """A respondent that decodes greedily by `scaled`, on the engine of ``model``.

    A model that the engine does not know runs transformers' own forward pass, one problem at a time. ``told`` is given
    the step (answers, likelihoods), how many of its problems are done, and of how many.
    """

    model: TransformersModel
    system: str
    sampling: Sampling
    strength: float = STRENGTH
    told: Callable[[str, int, int], None] = lambda step, done, total: None

    @property
    def ref(self) -> str:
        """The reference of the model asked."""
        return self.model.ref

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        """Return one completion for each problem, in order."""
        engine = self.model.engine
        if isinstance(engine, PagedEngine):
            return said_by_both(
                engine,
                [self._prompts(problem) for problem in problems],
                self.sampling,
                lambda p, q: scaled(p, q, self.strength),
                pairs=self.side_by_side,
                told=lambda done: self.told("answers", done, len(problems)),
            )
        found = []
        for number, problem in enumerate(problems, 1):
            found.append(self._decoded(*self._prompts(problem)))
            self.told("answers", number, len(problems))
        return found

    def gold_logprobs(self, problems: Sequence[Problem]) -> list[float] | None:
        """Return log P("Answer: gold" | prompt) in nats for each problem, by the new probabilities."""
        found = []
        for number, problem in enumerate(problems, 1):
            found.append(self._scored(problem))
            self.told("likelihoods", number, len(problems))
        return found

    @property
    def side_by_side(self) -> int:
        """How many problems pass together."""
        return max(1, self.model.rows // 2) if isinstance(self.model.engine, PagedEngine) else 1

    def _prompts(self, problem: Problem) -> tuple[list[int], list[int]]:
        pushed = otherwise(problem, question=f"{PUSH} {problem.question}")
        plain, other = (self.model.encode(conversation(self.system, each, each.evidence)) for each in (problem, pushed))
        return plain, other

    def _decoded(self, plain: list[int], pushed: list[int]) -> Completion:
        tokenizer, due_next = self.model.tokenizer, CalculatorProcessor(self.model.tokenizer)
        readers = [_Reader(self.model.model, ids) for ids in (plain, pushed)]
        ids: list[int] = []
        while len(ids) < self.sampling.max_tokens:
            due = due_next.due(ids) if self.sampling.calculator and ids else None
            token = due if due is not None else self._likeliest(*readers)
            if token == tokenizer.eos_token_id:
                return Completion(text=decode(tokenizer, ids), finished=True, tokens=len(ids))
            ids.append(token)
            text = decode(tokenizer, ids)
            if stop := next((each for each in self.sampling.stop if each in text), ""):
                return Completion(text=text[: text.index(stop)], finished=True, tokens=len(ids))
            for each in readers:
                each.read([token])
        return Completion(text=decode(tokenizer, ids), finished=False, tokens=len(ids))

    def _likeliest(self, plain: _Reader, pushed: _Reader) -> int:
        return int(scaled(plain.next, pushed.next, self.strength).argmax())

    def _scored(self, problem: Problem) -> float:
        answer = encode_completion(self.model.tokenizer, f"Answer: {problem.answer}")[0]
        engine = self.model.engine
        p, q = (
            probabilities_after(engine, ids, answer)
            if isinstance(engine, PagedEngine)
            else _probabilities(self.model.model, ids, answer)
            for ids in self._prompts(problem)
        )
        return float(np.log(scaled(p, q, self.strength)[np.arange(len(answer)), answer]).sum())


class _Reader:
    """One prompt read so far: the probabilities (V) of the next token."""

    def __init__(self, model: Any, ids: list[int]) -> None:
        from transformers import DynamicCache

        self.model, self.cache = model, DynamicCache()
        self.read(ids)

    def read(self, ids: list[int]) -> None:
        import torch

        with torch.inference_mode():
            given = torch.tensor([ids], device=self.model.device)
            found = self.model(given, past_key_values=self.cache, use_cache=True)
            self.next: Floats = found.logits[0, -1].double().softmax(-1).cpu().numpy()


def _probabilities(model: Any, prompt: list[int], answer: list[int]) -> Floats:
    """Return the probabilities (T, V) of every token of ``answer`` after ``prompt``."""
    import torch

    with torch.inference_mode():
        given = torch.tensor([prompt + answer], device=model.device)
        logits = model(given, use_cache=False).logits[0, len(prompt) - 1 : -1]
        return np.asarray(logits.double().softmax(-1).cpu().numpy())
