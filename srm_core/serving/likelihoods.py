"""Log-probabilities as clients get them: how each token is spelled, where it begins, what else was likely there.

Shapes: ``ChatCompletionTokenLogprob`` and ``Completion.choices[].logprobs`` of OpenAI's interface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..inference.alternatives import Weighed
from ..inference.sequences import Row
from ..inference.tokens import decode

CUT = "\ufffd"  # what a decoder writes for a part of a character


def _letters() -> dict[str, int]:
    """Return the byte behind each letter of a byte-level vocabulary (the table of GPT-2's tokenizer)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(b): b for b in plain} | {chr(256 + n): b for n, b in enumerate(others)}


LETTERS = _letters()


@dataclass(frozen=True)
class Piece:
    """A token's text and bytes; a part of a character is written ``bytes:\\xc3``."""

    text: str
    data: bytes


@dataclass(frozen=True)
class Told:
    """A token of an answer; ``start`` counts the answer's characters before it."""

    piece: Piece
    logprob: float
    top: tuple[tuple[Piece, float], ...]
    start: int


class Spelling:
    """How one tokenizer spells its tokens."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.special = frozenset(tokenizer.all_special_ids)

    def text(self, token: int) -> str:
        """Return the text of a token, parts of characters as U+FFFD."""
        return str(self.tokenizer.decode([token], clean_up_tokenization_spaces=False))

    def piece(self, token: int) -> Piece:
        """Return how a token is spelled."""
        text = self.text(token)
        if CUT not in text:
            return Piece(text, text.encode())
        word = self.tokenizer.convert_ids_to_tokens(token)
        if not all(letter in LETTERS for letter in word):
            return Piece(text, text.encode())
        data = bytes(LETTERS[letter] for letter in word)
        return Piece("bytes:" + "".join(f"\\x{byte:02x}" for byte in data), data)


class Telling:
    """The tokens of one sample as they are told, each once."""

    def __init__(self, spelling: Spelling) -> None:
        self.spelling = spelling
        self.told = 0
        self._starts: list[int] = []
        self._text = ""

    def until(self, row: Row, length: int) -> tuple[Told, ...]:
        """Return the tokens not told yet that begin before character ``length`` of the row's text."""
        self._place(row.ids)
        first = self.told
        while self.told < len(row.ids) and self._starts[self.told] < length:
            self.told += 1
        return tuple(self._of(row.ids[i], row.weighed[i], self._starts[i]) for i in range(first, self.told))

    def _place(self, ids: Sequence[int]) -> None:
        for at in range(len(self._starts), len(ids)):
            self._starts.append(len(self._text.rstrip(CUT)))  # an unfinished character begins with its first token
            if ids[at] in self.spelling.special:
                continue
            piece = self.spelling.text(ids[at])
            whole = CUT not in piece and not self._text.endswith(CUT)
            self._text = self._text + piece if whole else decode(self.spelling.tokenizer, ids[: at + 1])

    def _of(self, token: int, how: Weighed, start: int) -> Told:
        top = tuple((self.spelling.piece(other), logprob) for other, logprob in how.top)
        return Told(self.spelling.piece(token), how.logprob, top, start)


def chat_shape(tokens: Sequence[Told]) -> dict[str, Any]:
    """Return the ``logprobs`` of a choice of a chat."""
    return {
        "content": [
            {
                **_one(token.piece, token.logprob),
                "top_logprobs": [_one(piece, logprob) for piece, logprob in token.top],
            }
            for token in tokens
        ],
        "refusal": None,
    }


def text_shape(tokens: Sequence[Told]) -> dict[str, Any]:
    """Return the ``logprobs`` of a choice of a text completion; the chosen token is always among the likely ones."""
    return {
        "tokens": [token.piece.text for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [
            {piece.text: logprob for piece, logprob in (*token.top, (token.piece, token.logprob))} for token in tokens
        ],
        "text_offset": [token.start for token in tokens],
    }


def _one(piece: Piece, logprob: float) -> dict[str, Any]:
    return {"token": piece.text, "bytes": list(piece.data), "logprob": logprob}
