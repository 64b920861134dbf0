"""`TransformersModel`: a checkpoint in memory, as the pipeline's `LocalModel`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ..errors import ModelError
from ..models.load import Checkpoint, load_tokenizer, load_weights, locate
from ..protocols import Conversation
from ..records import Completion, Sampling, Weights
from .adapters import Adapter, adapter_within, read_adapter
from .engines import drafting_decoder, engine_for
from .kernels.batch import Decoder
from .kernels.compiled import CompiledDecoder
from .paged import PagedEngine
from .tokens import encode_completion, encode_prompt, keeps_pieces

SCORE_ROWS = 16


class TransformersModel:
    """A causal language model that generates, scores, and takes new adapter weights without reloading.

    ``within`` is an adapter that was merged into ``model``: where ``weights`` are rounded, it stays beside them in
    float32, and ``model`` is left with the weights of the base alone.
    """

    def __init__(
        self,
        ref: str,
        model: Any,
        tokenizer: Any,
        *,
        rows: int = 48,
        weights: Weights = "float32",
        within: Adapter | None = None,
    ) -> None:
        self.ref = ref
        self.model = model
        self.engine = engine_for(ref, model, tokenizer, weights, within)
        self.tokenizer = tokenizer
        self.rows = rows

    def encode(self, conversation: Conversation) -> list[int]:
        """Return the prompt's token ids, up to and including the assistant's header."""
        return encode_prompt(self.tokenizer, conversation)

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        """Return ``sampling.n`` completions for each conversation, in order."""
        return self.engine.generate([self.encode(turns) for turns in conversations], sampling, self.rows)

    def score(self, conversations: Sequence[Conversation], continuations: Sequence[str]) -> list[list[float]]:
        """Return the log-probability (nats) of each token of each continuation, its end token included."""
        prompts = [self.encode(turns) for turns in conversations]
        answers = [encode_completion(self.tokenizer, text)[0] for text in continuations]
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]) + len(answers[i]))
        scores: dict[int, list[float]] = {}
        for start in range(0, len(order), SCORE_ROWS):
            batch = order[start : start + SCORE_ROWS]
            given = self.engine.score([prompts[i] for i in batch], [answers[i] for i in batch])
            scores.update(zip(batch, given, strict=True))
        return [scores[i] for i in range(len(prompts))]

    def update_adapter(self, adapter: Path | Adapter | None) -> None:
        """Put an adapter (a folder, or one in memory) beside the weights, instead of the one before; None takes it off.

        Raises:
            ModelError: it was made for another base, is not whole, or is no plain LoRA adapter.
        """
        self.engine.update_adapter(read_adapter(adapter, self.model) if isinstance(adapter, Path) else adapter)

    def draft_with(self, by: Weights | TransformersModel, within: Adapter | None = None) -> None:
        """Let tokens be said ahead by this model in lower precision, or by a small one; what is said stays the same.

        ``within``: an adapter that was merged into this model's weights; it is not rounded with them.

        Raises:
            ModelError: only transformers can run one of the two, their tokens differ, or this model is rounded itself.
        """
        if isinstance(by, TransformersModel):
            if by.tokenizer.get_vocab() != self.tokenizer.get_vocab():
                raise ModelError(f"{by.ref} cannot draft for {self.ref}: its tokens are others")
            if not isinstance(by.engine, PagedEngine):
                raise ModelError(f"{by.ref} cannot draft: the engine does not know this kind of model")
            decoder = by.engine.decoder
        else:
            decoder = self._rounded_self(by, within)
        if not isinstance(self.engine, PagedEngine):
            raise ModelError(f"{self.ref} is run by transformers itself, which takes no drafts here")
        self.engine.draft_by(decoder)

    def _rounded_self(self, weights: Weights, within: Adapter | None) -> Decoder:
        own = self.engine.decoder if isinstance(self.engine, PagedEngine) else None
        if not isinstance(own, CompiledDecoder) or own.weights != "float32":
            raise ModelError(f"{self.ref} is not run by compiled kernels in float32, which drafts in {weights} are for")
        made = drafting_decoder(self.model, weights, within)
        made.adapt(own.adapter or within)
        return made

    @torch.no_grad()
    def update_weights(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Overwrite the named weights in place (merged adapters between the steps of reinforcement learning)."""
        state = self.model.state_dict()
        for name, tensor in weights.items():
            state[name].copy_(tensor)
        self.engine.update(set(weights))


def open_local(
    ref: str, dtype: str = "float32", weights: Weights = "float32", adapter: Path | None = None
) -> TransformersModel | None:
    """Return the model behind a local reference, or None if the scheme belongs to somebody else."""
    checkpoint = locate(ref)
    return None if checkpoint is None else open_checkpoint(checkpoint, dtype, weights, adapter)


def open_checkpoint(
    checkpoint: Checkpoint,
    dtype: str = "float32",
    weights: Weights = "float32",
    adapter: Path | None = None,
    within: Path | None = None,
) -> TransformersModel:
    """Return the model in a checkpoint that `locate` found safe, with an adapter beside it if there is one.

    ``within``: the folder of the adapter that the checkpoint holds already, which is not rounded with its weights.
    """
    tokenizer = load_tokenizer(checkpoint.folder)
    if tokenizer.eos_token_id is None:
        raise ModelError(f"{checkpoint.ref}: the tokenizer has no end token, so a completion could never finish")
    if not keeps_pieces(tokenizer):
        raise ModelError(
            f"{checkpoint.ref}: its tokenizer adds spaces when text is encoded in pieces, so token ids would differ "
            "between training and use; choose a base with a byte-level tokenizer"
        )
    model = load_weights(checkpoint.folder, dtype)
    learned = adapter_within(within, model) if within is not None and weights != "float32" else None
    made = TransformersModel(checkpoint.ref, model, tokenizer, weights=weights, within=learned)
    if adapter is not None:
        made.update_adapter(adapter)
    return made
