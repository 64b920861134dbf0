"""One sequence being generated: what it has said, what the calculator still has to write, and when it ends."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import calculator
from ..errors import ModelError
from ..records import Completion, Sampling, digest
from .alternatives import Weighed
from .choosing import Asked
from .constraints import Grammars
from .tokens import decode, encode_text

_CALL_BEGUN = re.compile(r"<<([^<>=]*)=")


@dataclass
class Row:
    """One sample of one prompt."""

    sampling: Sampling
    index: int  # which of the prompt's samples it is
    draw: random.Random
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    mask: list[bool] = field(default_factory=list)
    text: str = ""
    finished: bool = False
    done: bool = False
    matcher: Any = None  # of the grammar that the text follows
    top: int | None = None  # alternatives that are kept of each token; None keeps no `weighed` at all
    weighed: list[Weighed] = field(default_factory=list)
    _drawn: list[float] = field(default_factory=list)  # numbers looked at for tokens that are not written yet

    def uniform(self, ahead: int) -> float:
        """Return the number in [0, 1) that decides the token ``ahead`` places after the next one."""
        if not self.sampling.temperature:
            return 0.0
        while len(self._drawn) <= ahead:
            self._drawn.append(self.draw.random())
        return self._drawn[ahead]

    def spend(self) -> None:
        """Use up the number of the next token: it has been chosen."""
        if self._drawn:
            self._drawn.pop(0)


def asked_of(places: Sequence[tuple[Row, int]]) -> Asked:
    """Return how a token of each row is chosen, the one so many places after its next."""
    return Asked(
        temperature=np.array([row.sampling.temperature for row, _ in places], np.float32),
        top_p=np.array([row.sampling.top_p for row, _ in places], np.float32),
        uniform=np.array([row.uniform(ahead) for row, ahead in places]),
        forced=np.full(len(places), -1, np.int32),
    )


def check_fits(prompts: Sequence[Sequence[int]], sampling: Sampling, limit: int) -> None:
    """Raise a `ModelError` if a prompt is empty, or would with its tokens not fit a context of ``limit`` tokens."""
    check_asked(prompts)
    longest = max((len(prompt) for prompt in prompts), default=0)
    if longest + sampling.max_tokens > limit:
        raise ModelError(
            f"a prompt of {longest} tokens and {sampling.max_tokens} more exceed the context of {limit}; "
            "show less evidence or fewer examples, or lower max_tokens"
        )


def check_scored(prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]], limit: int) -> None:
    """Raise a `ModelError` if a prompt is empty, or is with its answer longer than a context of ``limit`` tokens."""
    check_asked(prompts)
    longest = max((len(p) + len(a) for p, a in zip(prompts, answers, strict=True)), default=0)
    if longest > limit:
        raise ModelError(f"a prompt and its answer are {longest} tokens, more than the context of {limit}")


def check_asked(prompts: Sequence[Sequence[int]]) -> None:
    """Raise a `ModelError` if a prompt is empty."""
    if any(len(prompt) == 0 for prompt in prompts):
        raise ModelError("a prompt is empty: a model needs at least one token to go on from")


class Writer:
    """Writes tokens to rows as one tokenizer spells them."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.pieces = [tokenizer.decode([i], clean_up_tokenization_spaces=False) for i in range(len(tokenizer))]
        self.end = {tokenizer.eos_token_id}
        self.grammars = Grammars(tokenizer)

    def rows(self, prompt: Sequence[int], sampling: Sampling, top: int | None = None) -> list[Row]:
        """Return the rows of all samples of a prompt.

        Each draws from a generator of its own, seeded by the prompt and the sample's number.

        Raises:
            MissingExtra, ModelError: there is a grammar that cannot be followed.
        """
        rows = []
        for k in range(sampling.n):
            seed = int(digest([sampling.seed, k, list(prompt)])[:16], 16)
            matcher = self.grammars.matcher(sampling.grammar) if sampling.grammar else None
            rows.append(Row(sampling=sampling, index=k, draw=random.Random(seed), matcher=matcher, top=top))
        return rows

    def write(self, row: Row, chosen: int, logprob: float, weighed: Weighed | None = None) -> None:
        """Give a live row the token that the model chose, and what calculator or grammar write after it."""
        row.spend()
        token, own, forced = chosen, True, list[int]()
        if row.matcher is not None:
            forced = _followed(row.matcher, chosen, self.end)
        elif row.sampling.calculator:
            token, own, forced = self._call(row, chosen)
        self._append(row, token, logprob, own, weighed)
        for computed in forced:
            self._append(row, computed, 0.0, own=False)
        if row.matcher is not None and row.matcher.is_stopped():  # nothing may follow
            row.finished = row.finished or row.matcher.is_accepting()
            row.done = True

    def completion(self, prompt: Sequence[int], row: Row) -> Completion:
        """Return what the row has said, without the stop string that ended it."""
        text = decode(self.tokenizer, row.ids)
        for stop in row.sampling.stop:
            text = text.split(stop, 1)[0]
        return Completion(
            text=text,
            finished=row.finished,
            tokens=len(row.ids),
            prompt_ids=tuple(prompt),
            token_ids=tuple(row.ids),
            logprobs=tuple(row.logprobs),
            mask=tuple(row.mask),
        )

    def _piece(self, token: int) -> str:
        """Return a token's text; models have room in their vocabulary that the tokenizer does not use."""
        return self.pieces[token] if token < len(self.pieces) else ""

    def _call(self, row: Row, token: int) -> tuple[int, bool, list[int]]:
        """Return the token to write, whether it is the model's, and the value's tokens if it completes ``<<expr=``.

        A token that holds more than ``=`` is cut at it.
        """
        before = row.text + self._piece(token)
        match = next((m for m in _CALL_BEGUN.finditer(before) if m.end() > len(row.text)), None)
        if match is None:
            return token, True, []
        value = encode_text(self.tokenizer, calculator.computed(match.group(1)))
        close = encode_text(self.tokenizer, calculator.CLOSE)
        if self._piece(token) == calculator.EQUALS:
            return token, True, [*value, *close]
        expression = before[len(row.text) : match.end() - 1]
        canonical = [*encode_text(self.tokenizer, expression), *encode_text(self.tokenizer, calculator.EQUALS)]
        return canonical[0], False, [*canonical[1:], *value, *close]

    def _append(self, row: Row, token: int, logprob: float, own: bool, weighed: Weighed | None = None) -> None:
        if row.done:
            return
        row.ids.append(token)
        row.logprobs.append(logprob if own else 0.0)
        row.mask.append(own)
        if row.top is not None:
            row.weighed.append(weighed if own and weighed else Weighed())
        if token in self.end:
            row.finished = row.done = True
            return
        piece = self._piece(token)
        row.text = decode(self.tokenizer, row.ids) if "\ufffd" in piece else row.text + piece  # a part of a character
        if any(stop in row.text for stop in row.sampling.stop):
            row.finished = row.done = True
        row.done = row.done or len(row.ids) >= row.sampling.max_tokens


def _followed(matcher: Any, token: int, end: set[int]) -> list[int]:
    """Tell the matcher of a token; return the tokens that must come next."""
    if token in end:
        return []
    matcher.consume_token(token)
    forced = [] if matcher.is_stopped() else list(matcher.compute_ff_tokens())
    if forced:
        matcher.consume_tokens(forced)
    return forced
