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
from .choosing import Asked
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
    forced: list[int] = field(default_factory=list)  # the calculator's tokens, still to be written
    text: str = ""
    finished: bool = False
    done: bool = False


def new_rows(prompt: Sequence[int], sampling: Sampling) -> list[Row]:
    """Return the rows of all samples of a prompt.

    Each draws from a generator of its own, seeded by the prompt and the sample's number.
    """
    seeds = [int(digest([sampling.seed, k, list(prompt)])[:16], 16) for k in range(sampling.n)]
    return [Row(sampling=sampling, index=k, draw=random.Random(seed)) for k, seed in enumerate(seeds)]


def asked_of(rows: Sequence[Row]) -> Asked:
    """Return how the next token of each row is chosen; a row that samples draws its number now."""
    return Asked(
        temperature=np.array([row.sampling.temperature for row in rows], np.float32),
        top_p=np.array([row.sampling.top_p for row in rows], np.float32),
        uniform=np.array([row.draw.random() if row.sampling.temperature else 0.0 for row in rows]),
        forced=np.array([row.forced[0] if row.forced else -1 for row in rows], np.int32),
    )


def check_fits(prompts: Sequence[Sequence[int]], sampling: Sampling, limit: int) -> None:
    """Raise a `ModelError` if a prompt and its tokens would not fit a context of ``limit`` tokens."""
    longest = max((len(prompt) for prompt in prompts), default=0)
    if longest + sampling.max_tokens > limit:
        raise ModelError(
            f"a prompt of {longest} tokens and {sampling.max_tokens} more exceed the context of {limit}; "
            "show less evidence or fewer examples, or lower max_tokens"
        )


class Writer:
    """Writes tokens to rows as one tokenizer spells them."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.pieces = [tokenizer.decode([i], clean_up_tokenization_spaces=False) for i in range(len(tokenizer))]
        self.end = {tokenizer.eos_token_id}

    def write(self, rows: Sequence[Row], tokens: Sequence[int], logprobs: Sequence[float]) -> None:
        """Give every live row its next token: the calculator's where it is at work, else the model's choice."""
        for row, chosen, logprob in zip(rows, tokens, logprobs, strict=True):
            if row.done:
                continue
            token, own = chosen, not row.forced
            if not own:
                token = row.forced.pop(0)
            elif row.sampling.calculator:
                token, own = self._call(row, chosen)
            self._append(row, token, logprob if own else 0.0, own)
            row.done = row.done or len(row.ids) >= row.sampling.max_tokens

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

    def _call(self, row: Row, token: int) -> tuple[int, bool]:
        """If ``token`` completes ``<<expr=``, queue the value; a token that holds more than ``=`` is cut at it."""
        before = row.text + self.pieces[token]
        match = next((m for m in _CALL_BEGUN.finditer(before) if m.end() > len(row.text)), None)
        if match is None:
            return token, True
        value = encode_text(self.tokenizer, calculator.computed(match.group(1)))
        close = encode_text(self.tokenizer, calculator.CLOSE)
        if self.pieces[token] == calculator.EQUALS:
            row.forced = [*value, *close]
            return token, True
        expression = before[len(row.text) : match.end() - 1]
        canonical = [*encode_text(self.tokenizer, expression), *encode_text(self.tokenizer, calculator.EQUALS)]
        row.forced = [*canonical[1:], *value, *close]
        return canonical[0], False

    def _append(self, row: Row, token: int, logprob: float, own: bool) -> None:
        row.ids.append(token)
        row.logprobs.append(logprob)
        row.mask.append(own)
        if token in self.end:
            row.finished = row.done = True
            return
        piece = self.pieces[token]
        row.text = decode(self.tokenizer, row.ids) if "\ufffd" in piece else row.text + piece  # a part of a character
        if any(stop in row.text for stop in row.sampling.stop):
            row.finished = row.done = True
