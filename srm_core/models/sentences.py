"""Sentence vectors by all-MiniLM-L6-v2 from a local folder: mean pooling and unit length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BATCH = 32
MAX_TOKENS = 256  # the length the model was made for; the rest of a longer text is not seen
WIDTH = 384


class Sentences:
    """The model in memory. What a text is padded with changes its vector by rounding at most."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel, AutoTokenizer

        self._tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        with _no_progress_bar():
            self._model: Any = AutoModel.from_pretrained(str(folder), local_files_only=True, dtype="float32").eval()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector of 384 numbers and length 1 for each text, in order (shape [texts, 384])."""
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))  # like lengths together: little padding
        result = np.zeros((len(texts), WIDTH), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            result[batch] = self._embed([texts[at] for at in batch])
        return result

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        import torch

        encoded = self._tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        with torch.inference_mode():
            states = self._model(**encoded).last_hidden_state  # B texts, T tokens, D = 384
            mask = encoded["attention_mask"].unsqueeze(-1).to(states.dtype)
            means = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            result: NDArray[np.float32] = torch.nn.functional.normalize(means, dim=1).numpy()
        return result


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the vectors of ``texts`` by the packaged model, which is opened for this call alone.

    Raises:
        ModelError: the model is not cached and cannot be fetched.
    """
    from .embedded import embedder_folder

    return Sentences(embedder_folder()).embed(texts)


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
