"""Batched generation through transformers itself, for models the kernels do not know and for GPUs.

One prefill for a shared prefix and for all samples of a prompt, then one token a row a step; rows that are done are
dropped from the batch. What a row draws does not depend on the rows beside it.
"""

# R rows, T tokens, V vocabulary

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from ..records import Completion, Sampling
from .adapters import Adapter, Part
from .cache import SlottedCache
from .choosing import choose
from .constraints import restrict
from .sequences import Row, Writer, asked_of, check_fits, check_scored

SHARED_PREFIX_MIN = 16  # a shorter common prefix is not worth a pass of its own


class PaddedEngine:
    """Generates with a transformers causal language model whose weights are in memory."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.device = next(model.parameters()).device
        self.writer = Writer(tokenizer)
        self._hooks: list[Any] = []

    def update(self, names: set[str]) -> None:
        """Do nothing: the weights are read where they lie."""

    def update_adapter(self, adapter: Adapter | None) -> None:
        """Put an adapter beside the weights, instead of the one before; None takes it off."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = [
            self.model.get_submodule(name).register_forward_hook(_adds(part, self.device))
            for name, part in (adapter.parts.items() if adapter else ())
        ]

    @torch.inference_mode()
    def generate(self, prompts: Sequence[Sequence[int]], sampling: Sampling, rows: int = 48) -> list[list[Completion]]:
        """Return ``sampling.n`` completions for each prompt (token ids), in order; ``rows`` is the batch size.

        Raises:
            ModelError: a prompt and its tokens would not fit the model's context.
        """
        check_fits(prompts, sampling, self.model.config.get_text_config().max_position_embeddings)
        said: dict[int, list[Completion]] = {}
        for batch in self._batches(prompts, max(1, rows // sampling.n)):
            done = iter(self._run([prompts[i] for i in batch], sampling))
            for i in batch:
                said[i] = [self.writer.completion(prompts[i], next(done)) for _ in range(sampling.n)]
        return [said[i] for i in range(len(prompts))]

    @torch.inference_mode()
    def score(self, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]) -> list[list[float]]:
        """Return the log-probability (nats) of each token of each answer; one batch, a shared prefix is read once.

        Raises:
            ModelError: a prompt is empty, or is with its answer longer than the model's context.
        """
        check_scored(prompts, answers, self.model.config.get_text_config().max_position_embeddings)
        whole = [[*prompt, *answer] for prompt, answer in zip(prompts, answers, strict=True)]
        _, _, logits_RTV = self._prefill(whole, _common_prefix(prompts), keep=max(map(len, answers)) + 1)
        scores = []
        for answer, logits_TV in zip(answers, logits_RTV, strict=True):
            logprobs_TV = torch.log_softmax(logits_TV[-len(answer) - 1 : -1], dim=-1)
            scores.append(logprobs_TV.gather(1, torch.tensor(answer, device=self.device)[:, None])[:, 0].tolist())
        return scores

    def _batches(self, prompts: Sequence[Sequence[int]], size: int) -> Iterator[list[int]]:
        order = sorted(range(len(prompts)), key=lambda i: (len(prompts[i]), i))
        for start in range(0, len(order), size):
            yield order[start : start + size]

    def _run(self, prompts: Sequence[Sequence[int]], sampling: Sampling) -> list[Row]:
        rows = [row for prompt in prompts for row in self.writer.rows(prompt, sampling)]
        cache, seen_RT, logits_RTV = self._prefill(prompts, _common_prefix(prompts), new_tokens=sampling.max_tokens)
        repeats_R = torch.arange(len(prompts), device=self.device).repeat_interleave(sampling.n)
        cache.select(repeats_R)
        seen_RT, logits_RV = seen_RT[repeats_R], logits_RTV[repeats_R, -1]
        position_R = torch.tensor([len(prompts[i]) for i in repeats_R.tolist()], device=self.device)
        live = rows
        read = [0] * len(rows)  # tokens of each live row that the model has read
        while True:
            due = [at == len(row.ids) and not row.done for row, at in zip(live, read, strict=True)]
            matchers = [row.matcher if now else None for row, now in zip(live, due, strict=True)]
            tokens, logprobs = choose(restrict(logits_RV, matchers), asked_of([(row, 0) for row in live]))
            for row, now, token, logprob in zip(live, due, tokens, logprobs, strict=True):
                if now:  # else tokens that were written for it are read first
                    self.writer.write(row, token, logprob)
            keep = [i for i, row in enumerate(live) if not row.done]
            if not keep:
                break
            if len(keep) <= 0.75 * len(live):
                keep_R = torch.tensor(keep, device=self.device)
                cache.select(keep_R)
                seen_RT, position_R = seen_RT[keep_R], position_R[keep_R]
                live, read = [live[i] for i in keep], [read[i] for i in keep]
            next_RT = torch.tensor(
                [[row.ids[min(at, len(row.ids) - 1)]] for row, at in zip(live, read, strict=True)], device=self.device
            )
            read = [at + 1 for at in read]
            seen_RT = torch.cat([seen_RT, seen_RT.new_ones(len(live), 1)], dim=1)
            logits_RV = self._forward(next_RT, seen_RT, position_R[:, None], cache)[:, -1]
            position_R = position_R + 1
        return rows

    def _prefill(
        self, prompts: Sequence[Sequence[int]], shared: int, *, new_tokens: int = 0, keep: int = 1
    ) -> tuple[SlottedCache, torch.Tensor, torch.Tensor]:
        """Return (cache, attention mask (R, T), logits of the last ``keep`` tokens); padding follows the prefix."""
        widest = max(len(prompt) for prompt in prompts)
        layers = self.model.config.get_text_config().num_hidden_layers
        cache = SlottedCache(layers, widest + new_tokens)
        seen_RT = torch.ones(1, shared, dtype=torch.long, device=self.device)
        if shared:
            prefix = torch.tensor([list(prompts[0][:shared])], device=self.device)
            self._forward(prefix, seen_RT, torch.arange(shared, device=self.device)[None], cache)
            cache.select(torch.zeros(len(prompts), dtype=torch.long, device=self.device))
        tails = [list(prompt[shared:]) for prompt in prompts]
        pads = [widest - shared - len(tail) for tail in tails]
        fill = self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else self.tokenizer.eos_token_id
        ids_RT = torch.tensor([[fill] * pad + tail for pad, tail in zip(pads, tails, strict=True)], device=self.device)
        tail_seen = torch.tensor(
            [[0] * pad + [1] * len(t) for pad, t in zip(pads, tails, strict=True)], device=self.device
        )
        positions_RT = (tail_seen.cumsum(1) - 1).clamp(min=0) + shared
        seen_RT = torch.cat([seen_RT.expand(len(prompts), -1), tail_seen], dim=1)
        return cache, seen_RT, self._forward(ids_RT, seen_RT, positions_RT, cache, keep)

    def _forward(
        self,
        ids_RT: torch.Tensor,
        seen_RT: torch.Tensor,
        positions_RT: torch.Tensor,
        cache: SlottedCache,
        keep: int = 1,
    ) -> torch.Tensor:
        """Return the logits of the last ``keep`` tokens (R, keep, V); the cache grows by all of them."""
        output = self.model(
            input_ids=ids_RT,
            attention_mask=seen_RT,
            position_ids=positions_RT,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=keep,
        )
        logits_RTV: torch.Tensor = output.logits
        return logits_RTV.float()


def _adds(part: Part, device: torch.device) -> Any:
    """Return a hook that adds a part of an adapter to what its linear layer gives."""
    there = Part(part.down.to(device), part.up.to(device), part.scale)

    def hook(_: Any, given: tuple[torch.Tensor, ...], made: torch.Tensor) -> torch.Tensor:
        return made + there.added(given[0]).to(made.dtype)

    return hook


def _common_prefix(prompts: Sequence[Sequence[int]]) -> int:
    """Return how many leading tokens all prompts share (0 if too few), leaving each at least one of its own."""
    ordered = sorted(list(prompt) for prompt in prompts)
    first, last = ordered[0], ordered[-1]
    shared = 0
    for a, b in zip(first, last, strict=False):
        if a != b:
            break
        shared += 1
    shared = min(shared, min(len(prompt) for prompt in prompts) - 1)
    return shared if shared >= SHARED_PREFIX_MIN and len(prompts) > 1 else 0
