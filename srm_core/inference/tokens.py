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
    """Return the ids of a conversation up to and including the assistant's header.

    A control token spelled out in a message (in a corpus, say) is broken up: only the template may end a turn.
    """
    turns = [{"role": message.role, "content": inert(tokenizer, message.content)} for message in conversation]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    return encode_text(tokenizer, text)


def inert(tokenizer: Any, text: str) -> str:
    """Return ``text`` with every special token of the tokenizer broken by a space after its first character."""
    for token in tokenizer.all_special_tokens:
        text = text.replace(token, f"{token[:1]} {token[1:]}")
    return text


def keeps_pieces(tokenizer: Any) -> bool:
    """Say whether the calculator's brackets survive being encoded piece by piece (some tokenizers add spaces)."""
    text = "so <<10-14=-4>> mg"
    return decode(tokenizer, encode_text(tokenizer, text)) == text


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
