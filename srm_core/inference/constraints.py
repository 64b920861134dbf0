"""Text that must follow a grammar: a JSON schema, a regular expression or a Lark grammar, by llguidance.

At every place only tokens are chosen after which the text can still follow the grammar; tokens without an alternative
are written at once. Log-probabilities are those of the restricted distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ..errors import MissingExtra, ModelError
from ..records import Grammar

SHOWN = 2000  # characters of a reason
# Between any two tokens of JSON there may be blanks, and a small model may write nothing else.
COMPACT: Any = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}


class Grammars:
    """Makes matchers for one tokenizer; llguidance is imported when the first grammar comes."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self._guide: Any = None
        self._first: dict[Grammar, Any] = {}

    def matcher(self, grammar: Grammar) -> Any:
        """Return a matcher at the beginning of ``grammar``.

        Raises:
            MissingExtra: llguidance is not installed.
            ModelError: the grammar is not valid, or the tokenizer cannot be read.
        """
        if grammar not in self._first:
            self._first[grammar] = self._made(grammar)
        return self._first[grammar].deep_copy()

    def _made(self, grammar: Grammar) -> Any:
        try:
            from llguidance import LLMatcher
            from llguidance.hf import from_tokenizer
        except ImportError:
            raise MissingExtra("a grammar needs llguidance: pip install 'srm-sdk[constrained]'") from None
        try:
            self._guide = self._guide or from_tokenizer(self.tokenizer)
        except ValueError as error:
            raise ModelError(f"this tokenizer cannot follow a grammar: {error}") from None
        try:
            made = LLMatcher(self._guide, self._written(LLMatcher, grammar), log_level=0)
        except ValueError as error:  # JSON that is none
            raise ModelError(f"the {grammar.form} cannot be followed: {str(error)[:SHOWN]}") from None
        if made.is_error():
            raise ModelError(f"the {grammar.form} cannot be followed: {made.get_error()[:SHOWN]}")
        return made

    @staticmethod
    def _written(matcher: Any, grammar: Grammar) -> str:
        written: str
        match grammar.form:
            case "json_schema":
                written = matcher.grammar_from_json_schema(grammar.text, overrides=COMPACT)
            case "regex":
                written = matcher.grammar_from_regex(grammar.text)
            case "lark":
                written = matcher.grammar_from_lark(grammar.text)
        return written


def restrict(logits_RV: torch.Tensor, matchers: Sequence[Any | None]) -> torch.Tensor:
    """Return logits in which the tokens that a row's matcher forbids are at minus infinity; None forbids nothing."""
    if all(matcher is None for matcher in matchers):
        return logits_RV
    restricted = logits_RV.clone()
    for row, matcher in enumerate(matchers):
        if matcher is None:
            continue
        bits = np.unpackbits(np.frombuffer(matcher.compute_bitmask(), np.uint8), bitorder="little")
        allowed = torch.from_numpy(bits.astype(bool))[: restricted.shape[1]]
        restricted[row, : len(allowed)].masked_fill_(~allowed.to(restricted.device), float("-inf"))
        restricted[row, len(allowed) :] = float("-inf")
    return restricted
