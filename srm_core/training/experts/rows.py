"""Rows of tokens as batches, and what the routers of a model decide about them."""

# B sequences, S tokens

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ...records import TrainingRow
from .routing import Decisions, recorded, stacked

IGNORED = -100
ROWS = 8  # a pass


@torch.no_grad()
def decisions_on(model: Any, rows: Sequence[TrainingRow]) -> dict[int, Decisions]:
    """Return what the routers of ``model`` (with adapters or without) decide about all tokens of ``rows``, by layer.

    Raises:
        ModelError: the model is dense.
    """
    whole = model.get_base_model() if hasattr(model, "get_base_model") else model  # of peft
    masks = []
    with recorded(whole) as seen:
        for start in range(0, len(rows), ROWS):
            ids, _, mask = padded(rows[start : start + ROWS], next(whole.parameters()).device)
            whole.base_model(input_ids=ids, attention_mask=mask, use_cache=False)
            masks.append(mask)
    return stacked(seen, masks)


def padded(rows: Sequence[TrainingRow], device: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return (ids, labels, mask), each (B, S), padded on the right; a label of -100 carries no loss."""
    longest = max(len(row.ids) for row in rows)
    ids_BS = torch.zeros(len(rows), longest, dtype=torch.long)
    labels_BS = torch.full((len(rows), longest), IGNORED)
    mask_BS = torch.zeros(len(rows), longest, dtype=torch.long)
    for number, row in enumerate(rows):
        size = len(row.ids)
        ids_BS[number, :size] = torch.tensor(row.ids)
        mask_BS[number, :size] = 1
        labels_BS[number, :size] = torch.tensor(row.ids).masked_fill(~torch.tensor(row.mask), IGNORED)
    return ids_BS.to(device), labels_BS.to(device), mask_BS.to(device)


def labelled_loss(model: Any, ids_BS: torch.Tensor, labels_BS: torch.Tensor, mask_BS: torch.Tensor) -> torch.Tensor:
    """Return the mean loss in nats of the labelled tokens; only their positions are projected onto the vocabulary."""
    hidden = model.base_model(input_ids=ids_BS, attention_mask=mask_BS, use_cache=False).last_hidden_state[:, :-1]
    wanted = labels_BS[:, 1:] != IGNORED
    logits = model.get_output_embeddings()(hidden[wanted]).float()
    return torch.nn.functional.cross_entropy(logits, labels_BS[:, 1:][wanted])


@torch.no_grad()
def loss_on(model: Any, rows: Sequence[TrainingRow]) -> float:
    """Return the mean loss in nats over all labelled tokens of ``rows``; works for dense models too."""
    model = model.get_base_model() if hasattr(model, "get_base_model") else model
    total, tokens = 0.0, 0
    for start in range(0, len(rows), ROWS):
        ids, labels, mask = padded(rows[start : start + ROWS], model.device)
        counted = int((labels[:, 1:] >= 0).sum())
        total += float(labelled_loss(model, ids, labels, mask)) * counted
        tokens += counted
    return total / max(1, tokens)
