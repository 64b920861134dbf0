"""`TransformersModel`: a checkpoint in memory, as the pipeline's `LocalModel`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ..errors import ModelError
from ..models.load import Checkpoint, load_tokenizer, load_weights, locate
from ..protocols import Conversation
from ..records import Completion, Sampling
from .engine import Engine
from .tokens import encode_completion, encode_prompt, keeps_pieces

SCORE_ROWS = 16


class TransformersModel:
    """A causal language model that generates, scores, and takes new adapter weights without reloading."""

    def __init__(self, ref: str, model: Any, tokenizer: Any, *, rows: int = 48) -> None:
        self.ref = ref
        self.engine = Engine(model, tokenizer)
        self.tokenizer = tokenizer
        self.rows = rows

    def encode(self, conversation: Conversation) -> list[int]:
        """Return the prompt's token ids, up to and including the assistant's header."""
        return encode_prompt(self.tokenizer, conversation)

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        """Return ``sampling.n`` completions for each conversation, in order."""
        return self.engine.generate([self.encode(turns) for turns in conversations], sampling, self.rows)

    @torch.inference_mode()
    def score(self, conversations: Sequence[Conversation], continuations: Sequence[str]) -> list[list[float]]:
        """Return the log-probability (nats) of each token of each continuation, its end token included."""
        pairs = [
            (self.encode(turns), encode_completion(self.tokenizer, text)[0])
            for turns, text in zip(conversations, continuations, strict=True)
        ]
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0]) + len(pairs[i][1]))
        scores: dict[int, list[float]] = {}
        for start in range(0, len(order), SCORE_ROWS):
            batch = order[start : start + SCORE_ROWS]
            scores.update(zip(batch, self._score([pairs[i] for i in batch]), strict=True))
        return [scores[i] for i in range(len(pairs))]

    def _score(self, pairs: Sequence[tuple[list[int], list[int]]]) -> list[list[float]]:
        device = self.engine.device
        widest = max(len(prompt) + len(answer) for prompt, answer in pairs)
        ids = [prompt + answer + [0] * (widest - len(prompt) - len(answer)) for prompt, answer in pairs]
        seen = [[1] * len(p + a) + [0] * (widest - len(p) - len(a)) for p, a in pairs]
        keep = widest - min(len(prompt) for prompt, _ in pairs) + 1
        output = self.engine.model(
            input_ids=torch.tensor(ids, device=device),
            attention_mask=torch.tensor(seen, device=device),
            use_cache=False,
            logits_to_keep=keep,
        )
        first = widest - output.logits.shape[1]  # position of the first row of logits
        result = []
        for row, (prompt, answer) in enumerate(pairs):
            start = len(prompt) - 1 - first
            logprobs = torch.log_softmax(output.logits[row, start : start + len(answer)].float(), dim=-1)
            result.append(logprobs.gather(1, torch.tensor(answer, device=device)[:, None])[:, 0].tolist())
        return result

    @torch.no_grad()
    def update_weights(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Overwrite the named weights in place (merged adapters between the steps of reinforcement learning)."""
        state = self.engine.model.state_dict()
        for name, tensor in weights.items():
            state[name].copy_(tensor)


def open_local(ref: str, dtype: str = "float32") -> TransformersModel | None:
    """Return the model behind a local reference, or None if the scheme belongs to somebody else."""
    checkpoint = locate(ref)
    return None if checkpoint is None else open_checkpoint(checkpoint, dtype)


def open_checkpoint(checkpoint: Checkpoint, dtype: str = "float32") -> TransformersModel:
    """Return the model in a checkpoint that `locate` found safe."""
    tokenizer = load_tokenizer(checkpoint.folder)
    if tokenizer.eos_token_id is None:
        raise ModelError(f"{checkpoint.ref}: the tokenizer has no end token, so a completion could never finish")
    if not keeps_pieces(tokenizer):
        raise ModelError(
            f"{checkpoint.ref}: its tokenizer adds spaces when text is encoded in pieces, so token ids would differ "
            "between training and use; choose a base with a byte-level tokenizer"
        )
    return TransformersModel(checkpoint.ref, load_weights(checkpoint.folder, dtype), tokenizer)
