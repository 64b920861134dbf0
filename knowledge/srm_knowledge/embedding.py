"""Sentence embeddings by all-MiniLM-L6-v2 from a local folder: mean pooling and unit length, nothing downloaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BATCH = 32
MAX_TOKENS = 256  # the length the model was made for; the rest of a longer text is not seen
NAME = "all-minilm-l6-v2"


class MiniLM:
    """A chromadb embedding function; the vectors of equal texts are equal.

    It satisfies chromadb's protocol without inheriting from it, so that this module loads without chromadb.
    """

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel, AutoTokenizer

        self._folder = folder
        self._tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        with _no_progress_bar():
            self._model: Any = AutoModel.from_pretrained(str(folder), local_files_only=True, dtype="float32").eval()

    def __call__(self, input: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return one vector of 384 numbers and length 1 for each text, in order."""
        order = sorted(range(len(input)), key=lambda at: len(input[at]))  # like lengths together: little padding
        vectors: dict[int, NDArray[np.float32]] = {}
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            vectors.update(zip(batch, self._embed([input[at] for at in batch]), strict=True))
        return [vectors[at] for at in range(len(input))]

    def embed_query(self, input: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return the vectors of questions; this model embeds them as it embeds passages."""
        return self(input)

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        import torch

        encoded = self._tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        with torch.inference_mode():
            states = self._model(**encoded).last_hidden_state  # B texts, T tokens, D = 384
            mask = encoded["attention_mask"].unsqueeze(-1).to(states.dtype)
            means = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            result: NDArray[np.float32] = torch.nn.functional.normalize(means, dim=1).numpy()
        return result

    @staticmethod
    def name() -> str:
        """Return the name chromadb keeps beside a collection."""
        return NAME

    def get_config(self) -> dict[str, Any]:
        """Return what chromadb keeps beside a collection: no path of this machine."""
        return {"model": NAME}

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> MiniLM:  # noqa: ARG004 (chromadb's signature)
        """Return the function for a stored collection. Raises `ModelError` if the model cannot be provided."""
        return embedder()

    @staticmethod
    def is_legacy() -> bool:
        """Tell chromadb that the configuration protocol is followed."""
        return False

    @staticmethod
    def default_space() -> str:
        """Return the distance: cosine."""
        return "cosine"

    @staticmethod
    def supported_spaces() -> list[str]:
        """Return the distances that make sense."""
        return ["cosine"]


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


def embedder() -> MiniLM:
    """Return the packaged model. Raises `ModelError` if it is not cached and cannot be fetched."""
    from srm_core.models.embedded import embedder_folder

    return MiniLM(embedder_folder())
