"""Two prompts of one model decoded together on the engine: each token is chosen from both, and read after both.

All pairs that are alive pass side by side, the pages of equal beginnings are read once, and the calculator and the
stops are the engine's own, so that a pair whose choice is the first prompt's says what the engine would have said.
"""

# P pairs, T tokens, V vocabulary

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from srm_core.inference.paged import PagedEngine
from srm_core.inference.readings import Reading, find, passes, pieces_of, read, read_after, remember
from srm_core.inference.sequences import Row, check_fits, check_scored
from srm_core.records import Completion, Sampling

Floats = NDArray[np.float64]
Weigh = Callable[[Floats, Floats], Floats]  # probabilities (P, V) after each prompt -> those a token is chosen by
Prompts = Sequence[tuple[Sequence[int], Sequence[int]]]


@dataclass
class _Pair:
    """A row that is being said, and how far it is read after each of its two prompts."""

    number: int
    row: Row
    readings: tuple[Reading, Reading]

    @property
    def unread(self) -> list[int]:
        """The row's tokens that stand in no pages yet."""
        reading = self.readings[0]
        return self.row.ids[reading.length - reading.prompt :]


def said_by_both(
    engine: PagedEngine,
    prompts: Prompts,
    sampling: Sampling,
    weigh: Weigh,
    *,
    pairs: int,
    told: Callable[[int], None] = lambda done: None,
) -> list[Completion]:
    """Return one completion for each two prompts, in order, greedy by what ``weigh`` makes of both, ``pairs`` abreast.

    ``told`` is given how many are done.

    Raises:
        ModelError: a prompt is empty, or would with its tokens not fit the model's context.
    """
    check_fits([prompt for both in prompts for prompt in both], sampling, engine.decoder.shape.context)
    waiting = deque(sorted(range(len(prompts)), key=lambda number: (len(prompts[number][0]), number)))
    found: dict[int, Completion] = {}
    live: list[_Pair] = []
    try:
        while waiting or live:
            while waiting and len(live) < pairs:
                number = waiting.popleft()
                (row,) = engine.writer.rows(prompts[number][0], sampling.model_copy(update={"n": 1}))
                readings = tuple(Reading(list(prompt), prompt=len(prompt)) for prompt in prompts[number])
                live.append(_Pair(number, row, (readings[0], readings[1])))
                _write(engine, live[-1:], torch.stack([_begun(engine, each) for each in live[-1].readings]), weigh)
            for together in passes(
                (pair for pair in live if not pair.row.done), lambda pair: (2 * len(pair.unread), 2)
            ):
                _write(engine, together, _read(engine, together), weigh)
            for pair in [pair for pair in live if pair.row.done]:
                found[pair.number] = engine.writer.completion(list(prompts[pair.number][0]), pair.row)
                live.remove(pair)
                _give_back(engine, pair)
                told(len(found))
    finally:
        for pair in live:
            _give_back(engine, pair)
    return [found[number] for number in range(len(prompts))]


def probabilities_after(engine: PagedEngine, prompt: Sequence[int], answer: Sequence[int]) -> Floats:
    """Return the model's probabilities (T, V) of every token of ``answer`` after ``prompt``.

    Raises:
        ModelError: the prompt is empty, or is with the answer longer than the model's context.
    """
    check_scored([prompt], [answer], engine.decoder.shape.context)
    parts = (_softmax(logits) for _, logits in read_after(engine.decoder, engine.pool, prompt, answer))
    return np.concatenate([*parts])


def _begun(engine: PagedEngine, reading: Reading) -> torch.Tensor:
    """Read a prompt, as far as no other has read its beginning, and return the logits (V) after it."""
    find(engine.pool, reading, len(reading.ids) - 1)
    early, last = pieces_of(reading)
    for piece in early:
        read(engine.decoder, engine.pool, [piece])
    logits = read(engine.decoder, engine.pool, [last])[0].clone()
    remember(engine.pool, reading)
    return logits


def _read(engine: PagedEngine, together: Sequence[_Pair]) -> torch.Tensor:
    """Read what each pair has said after both prompts; return the logits (2 P, V), those of a pair side by side."""
    pieces = []
    for pair in together:
        new = pair.unread
        for reading in pair.readings:
            reading.ids += new
            pieces.append((reading, len(new), [len(new) - 1]))
    return read(engine.decoder, engine.pool, pieces)


def _write(engine: PagedEngine, together: Sequence[_Pair], logits: torch.Tensor, weigh: Weigh) -> None:
    probabilities = _softmax(logits)
    weighed = weigh(probabilities[0::2], probabilities[1::2])
    for pair, row in zip(together, weighed, strict=True):
        token = int(row.argmax())
        engine.writer.write(pair.row, token, float(np.log(row[token])))


def _softmax(logits: torch.Tensor) -> Floats:
    return np.asarray(logits.double().softmax(-1).cpu().numpy())


def _give_back(engine: PagedEngine, pair: _Pair) -> None:
    for reading in pair.readings:
        engine.pool.give_back(reading.pages)
