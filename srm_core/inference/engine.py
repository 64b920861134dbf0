"""Batched generation: one prefill for a shared prefix and for all samples of a prompt, then one token a row a step.

Rows that are done are dropped from the batch. Every row draws from a generator of its own, seeded by the prompt and the
sample's number, so what a row draws does not depend on the rows beside it.
"""

# R rows, T tokens, V vocabulary

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from .. import calculator
from ..errors import ModelError
from ..records import Completion, Sampling, digest
from .cache import SlottedCache
from .tokens import decode, encode_text

_CALL_BEGUN = re.compile(r"<<([^<>=]*)=")
SHARED_PREFIX_MIN = 16  # a shorter common prefix is not worth a pass of its own


@dataclass
class Row:
    """One sequence being generated."""

    prompt: int  # which prompt it continues
    index: int  # which of the prompt's samples it is
    draw: random.Random
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    mask: list[bool] = field(default_factory=list)
    forced: list[int] = field(default_factory=list)  # the calculator's tokens, still to be written
    text: str = ""
    finished: bool = False
    done: bool = False


class Engine:
    """Generates with a transformers causal language model whose weights are in memory."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.device = next(model.parameters()).device
        self.pieces = [tokenizer.decode([i], clean_up_tokenization_spaces=False) for i in range(len(tokenizer))]
        self.end = {tokenizer.eos_token_id}

    @torch.inference_mode()
    def generate(self, prompts: Sequence[Sequence[int]], sampling: Sampling, rows: int = 48) -> list[list[Completion]]:
        """Return ``sampling.n`` completions for each prompt (token ids), in order; ``rows`` is the batch size.

        Raises:
            ModelError: a prompt and its tokens would not fit the model's context.
        """
        limit = self.model.config.get_text_config().max_position_embeddings
        longest = max((len(prompt) for prompt in prompts), default=0)
        if longest + sampling.max_tokens > limit:
            raise ModelError(
                f"a prompt of {longest} tokens and {sampling.max_tokens} more exceed the context of {limit}; "
                "show less evidence or fewer examples, or lower max_tokens"
            )
        done: dict[tuple[int, int], Row] = {}
        for batch in self._batches(prompts, max(1, rows // sampling.n)):
            for row in self._run([prompts[i] for i in batch], batch, sampling):
                done[row.prompt, row.index] = row
        return [
            [self._completion(prompt, done[i, k], sampling) for k in range(sampling.n)]
            for i, prompt in enumerate(prompts)
        ]

    @torch.inference_mode()
    def score(self, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]) -> list[list[float]]:
        """Return the log-probability (nats) of each token of each answer; one batch, a shared prefix is read once."""
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

    def _run(self, prompts: Sequence[Sequence[int]], numbers: Sequence[int], sampling: Sampling) -> list[Row]:
        rows = [
            Row(prompt=number, index=k, draw=random.Random(_seed(prompt, k, sampling.seed)))
            for prompt, number in zip(prompts, numbers, strict=True)
            for k in range(sampling.n)
        ]
        cache, seen_RT, logits_RTV = self._prefill(prompts, _common_prefix(prompts), new_tokens=sampling.max_tokens)
        repeats_R = torch.arange(len(prompts), device=self.device).repeat_interleave(sampling.n)
        cache.select(repeats_R)
        seen_RT, logits_RV = seen_RT[repeats_R], logits_RTV[repeats_R, -1]
        position_R = torch.tensor([len(prompts[i]) for i in repeats_R.tolist()], device=self.device)
        live = rows
        for step in range(sampling.max_tokens):
            self._write(live, logits_RV, sampling, last=step == sampling.max_tokens - 1)
            keep = [i for i, row in enumerate(live) if not row.done]
            if not keep:
                break
            if len(keep) <= 0.75 * len(live):
                keep_R = torch.tensor(keep, device=self.device)
                cache.select(keep_R)
                seen_RT, position_R = seen_RT[keep_R], position_R[keep_R]
                live = [live[i] for i in keep]
            next_RT = torch.tensor([[row.ids[-1]] for row in live], device=self.device)
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

    def _write(self, rows: Sequence[Row], logits_RV: torch.Tensor, sampling: Sampling, *, last: bool) -> None:
        """Give every live row its next token: forced by the calculator, or chosen by the model."""
        scaled_RV = logits_RV / sampling.temperature if sampling.temperature > 0 else logits_RV
        logprobs_RV = torch.log_softmax(scaled_RV, dim=-1)
        chosen = _choose(logprobs_RV, [row.draw for row in rows], sampling)
        forced = [row.forced[0] if row.forced else -1 for row in rows]
        ids = [f if f >= 0 else c for f, c in zip(forced, chosen, strict=True)]
        picked = logprobs_RV.gather(1, torch.tensor(ids, device=logits_RV.device)[:, None])[:, 0].tolist()
        for row, picked_id, logprob in zip(rows, ids, picked, strict=True):
            if row.done:
                continue
            token, own = picked_id, not row.forced
            if not own:
                row.forced.pop(0)
            elif sampling.calculator:
                token, own = self._call(row, picked_id)
            self._append(row, token, logprob if own else 0.0, own, sampling)
            row.done = row.done or last

    def _call(self, row: Row, token: int) -> tuple[int, bool]:
        """If ``token`` completes ``<<expr=``, queue the value; a token that holds more than ``=`` is cut at it."""
        before = row.text + self.pieces[token]
        match = next((m for m in _CALL_BEGUN.finditer(before) if m.end() > len(row.text)), None)
        if match is None:
            return token, True
        value = encode_text(self.tokenizer, calculator.computed(match.group(1)))
        close = encode_text(self.tokenizer, calculator.CLOSE)
        if self.pieces[token] == calculator.EQUALS:
            row.forced = [*value, *close]
            return token, True
        expression = before[len(row.text) : match.end() - 1]
        canonical = [*encode_text(self.tokenizer, expression), *encode_text(self.tokenizer, calculator.EQUALS)]
        row.forced = [*canonical[1:], *value, *close]
        return canonical[0], False

    def _append(self, row: Row, token: int, logprob: float, own: bool, sampling: Sampling) -> None:
        row.ids.append(token)
        row.logprobs.append(logprob)
        row.mask.append(own)
        if token in self.end:
            row.finished = row.done = True
            return
        piece = self.pieces[token]
        row.text = decode(self.tokenizer, row.ids) if "\ufffd" in piece else row.text + piece  # a part of a character
        if any(stop in row.text for stop in sampling.stop):
            row.finished = row.done = True

    def _completion(self, prompt: Sequence[int], row: Row, sampling: Sampling) -> Completion:
        text = decode(self.tokenizer, row.ids)
        for stop in sampling.stop:
            text = text.split(stop, 1)[0]
        return Completion(
            text=text,
            finished=row.finished,
            tokens=len(row.ids),
            prompt_ids=tuple(prompt),
            token_ids=tuple(row.ids),
            logprobs=tuple(row.logprobs),
            mask=tuple(row.mask),
        )


def _choose(logprobs_RV: torch.Tensor, draws: Sequence[random.Random], sampling: Sampling) -> list[int]:
    """Return one token a row: the most probable at temperature 0, else a draw by inverse cumulative probability."""
    if sampling.temperature == 0:
        greedy: list[int] = logprobs_RV.argmax(dim=-1).tolist()
        return greedy
    uniform_R = torch.tensor([draw.random() for draw in draws], dtype=torch.double, device=logprobs_RV.device)
    probabilities_RV = logprobs_RV.exp().double()
    if sampling.top_p == 1:  # in the vocabulary's order: sorting would cost as much as the model's own step
        return _place(probabilities_RV.cumsum(dim=-1), uniform_R).tolist()
    sorted_RV, order_RV = probabilities_RV.sort(dim=-1, descending=True, stable=True)
    inside_RV = sorted_RV.cumsum(dim=-1) - sorted_RV < sampling.top_p
    place_R = _place((sorted_RV * inside_RV).cumsum(dim=-1), uniform_R)
    picked: list[int] = order_RV.gather(1, place_R[:, None])[:, 0].tolist()
    return picked


def _place(cumulative_RV: torch.Tensor, uniform_R: torch.Tensor) -> torch.Tensor:
    """Return the first place of each row whose cumulative mass exceeds ``uniform`` of the whole."""
    wanted_R = uniform_R * cumulative_RV[:, -1]
    place_R = torch.searchsorted(cumulative_RV, wanted_R[:, None], right=True)[:, 0]
    return place_R.clamp(max=cumulative_RV.shape[1] - 1)


def _seed(prompt: Sequence[int], index: int, seed: int) -> int:
    return int(digest([seed, index, list(prompt)])[:16], 16)


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
