"""The one path from conversations to token ids: training, rollouts, evaluation, audit and ``ask`` all call it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..calculator import pieces
from ..records import Message


def encode_text(tokenizer: Any, text: str) -> list[int]:
    """Return the ids of ``text``, cut at the calculator's brackets so that those are token boundaries."""
    ids: list[int] = []
    for piece, _ in pieces(text):
        ids += tokenizer.encode(piece, add_special_tokens=False)
    return ids


def encode_prompt(tokenizer: Any, conversation: Sequence[Message]) -> list[int]:
    """Return the ids of a conversation up to and including the assistant's header."""
    turns = [{"role": message.role, "content": message.content} for message in conversation]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    return encode_text(tokenizer, text)


def encode_completion(tokenizer: Any, text: str) -> tuple[list[int], list[bool]]:
    """Return the ids of an assistant's answer with its end token, and a mask of those the model must choose itself.

    What the calculator computes (the value and the closing bracket) is masked out; the end token is in.
    """
    ids: list[int] = []
    mask: list[bool] = []
    for piece, is_computed in pieces(text):
        part = tokenizer.encode(piece, add_special_tokens=False)
        ids += part
        mask += [not is_computed] * len(part)
    return [*ids, tokenizer.eos_token_id], [*mask, True]


def decode(tokenizer: Any, ids: Sequence[int]) -> str:
    """Return the text of generated ids, special tokens left out."""
    return str(tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))
