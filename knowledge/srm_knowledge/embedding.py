"""Sentence embeddings by all-MiniLM-L6-v2 as chromadb asks for them; nothing is downloaded here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srm_core.models.sentences import Sentences

NAME = "all-minilm-l6-v2"


class MiniLM:
    """A chromadb embedding function; the vectors of equal texts are equal.

    It satisfies chromadb's protocol without inheriting from it, so that this module loads without chromadb.
    """

    def __init__(self, folder: Path) -> None:
        self._sentences = Sentences(folder)

    def __call__(self, input: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return one vector of 384 numbers and length 1 for each text, in order."""
        return list(self._sentences.embed(input))

    def embed_query(self, input: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return the vectors of questions; this model embeds them as it embeds passages."""
        return self(input)

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


def embedder() -> MiniLM:
    """Return the packaged model. Raises `ModelError` if it is not cached and cannot be fetched."""
    from srm_core.models.embedded import embedder_folder

    return MiniLM(embedder_folder())
