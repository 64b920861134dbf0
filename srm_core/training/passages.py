"""Passages of the corpus as rows: some held back, the others packed side by side without seeing one another."""

# T tokens

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import torch

from ..errors import TrainingError
from ..inference.tokens import inert
from ..records import Chunk, Record, Text, digest

HELD_BACK = 10  # one document of so many is never trained on
IGNORED = -100


class Pack(Record):
    """Passages laid one after the other: ``ids[i]`` are the tokens of a piece of the passage named ``passages[i]``."""

    identity = ("passages", "ids")
    passages: tuple[Text, ...]  # ids of chunks
    ids: tuple[tuple[int, ...], ...]


def hold_back(chunks: Sequence[Chunk]) -> tuple[list[Chunk], list[Chunk]]:
    """Return (to train on, held back): about one document of ten with all its passages, chosen by its id alone.

    With fewer documents than that, one passage of ten.

    Raises:
        TrainingError: there are fewer than two passages.
    """
    if len(chunks) < 2:
        raise TrainingError(f"cpt: {len(chunks)} passages are too few: one is held back, and one is trained on")
    by_document = len({chunk.document for chunk in chunks}) >= HELD_BACK
    names = [chunk.document if by_document else chunk.id for chunk in chunks]
    ranked = sorted(set(names), key=digest)
    held = set(ranked[: max(1, len(ranked) // HELD_BACK)])
    kept = [chunk for chunk, name in zip(chunks, names, strict=True) if name not in held]
    return kept, [chunk for chunk, name in zip(chunks, names, strict=True) if name in held]


def encode(tokenizer: Any, chunk: Chunk) -> list[int]:
    """Return the ids of a passage's text, nothing added; a control token spelled out in it is broken up."""
    return list(tokenizer.encode(inert(tokenizer, chunk.text), add_special_tokens=False))


def pack(chunks: Sequence[Chunk], tokenizer: Any, length: int, seed: int, *, together: bool = True) -> list[Pack]:
    """Return all passages in random order, packed into rows of at most ``length`` tokens.

    A longer passage is cut. A piece of one token is left out, for nothing stands before it to predict it from. With
    ``together=False`` each piece has a row of its own.
    """
    pieces = [
        (chunk.id, tuple(ids[start : start + length]))
        for chunk in random.Random(seed).sample(list(chunks), len(chunks))
        for ids in [encode(tokenizer, chunk)]
        for start in range(0, len(ids), length)
        if len(ids) - start > 1
    ]
    packs: list[list[tuple[str, tuple[int, ...]]]] = []
    room = 0
    for name, ids in pieces:
        if not together or len(ids) > room:
            packs.append([])
            room = length
        packs[-1].append((name, ids))
        room -= len(ids)
    return [
        Pack(
            parents=tuple(dict.fromkeys(name for name, _ in each)),
            passages=tuple(name for name, _ in each),
            ids=tuple(ids for _, ids in each),
        )
        for each in packs
    ]


def as_batch(row: Pack) -> dict[str, torch.Tensor]:
    """Return ids, positions and labels of one row, each (1, T).

    Positions begin anew with every piece, by which transformers tells the pieces apart: no token attends to another
    piece. The first token of a piece has no label.
    """
    flat = [token for piece in row.ids for token in piece]
    return {
        "input_ids": torch.tensor([flat]),
        "position_ids": torch.tensor([[place for piece in row.ids for place in range(len(piece))]]),
        "labels": torch.tensor([[token for piece in row.ids for token in (IGNORED, *piece[1:])]]),
    }


def nothing(row: Pack) -> dict[str, torch.Tensor]:
    """Return ids, positions and labels of ``row``, each (1, T), with no label: it adds nothing to a loss."""
    batch = as_batch(row)
    return {**batch, "labels": torch.full_like(batch["labels"], IGNORED)}


def can_be_packed(config: Any) -> bool:
    """Say whether every layer is attention, which a mask can hold apart; the state of another kind would run on."""
    return set(getattr(config, "layer_types", None) or ()) <= {"full_attention", "sliding_attention"}
