"""The file opened by llama.cpp itself, where the package llama-cpp-python is installed; else that it was not is said.

It is a peer to check against and never needed: nothing else of `srm` runs it.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from ..inference.tokens import encode_prompt
from ..models.load import load_tokenizer, load_weights
from ..records import Message
from .gguf_writing import Matrices
from .texts import TEXTS

PACKAGE = "llama_cpp"
ABSENT = "not tried: the package llama-cpp-python is not installed"
# Largest error of a logit, as a share of the spread; llama.cpp rounds activations to the type of the weights too.
TOLERANCE: dict[Matrices, float] = {"f32": 3e-3, "f16": 3e-2, "q8_0": 0.5}
GREEDY = 24  # tokens that are decoded greedily after the prompt
Floats = NDArray[np.float32]


def available() -> bool:
    """Say whether llama-cpp-python is installed."""
    return importlib.util.find_spec(PACKAGE) is not None


def check_in_llama_cpp(file: Path, checkpoint: Path, matrices: Matrices) -> dict[str, Any]:
    """Return what llama.cpp makes of ``file`` beside transformers with ``checkpoint``: ids, logits, greedy tokens.

    ``logit_error`` is the largest error as a share of the logits' spread, over the texts, a prompt and its
    continuation; ``greedy`` counts the `GREEDY` tokens that both take first, ``close`` those where they differ
    because two tokens are nearly as likely.

    Raises:
        ModelError: llama.cpp does not open the file, gives other ids for a text or the prompt, has another chat
            template, logits that are too far off, or clearly prefers another token.
    """
    tokenizer = load_tokenizer(checkpoint)
    turns = [Message(role="system", content="Answer."), Message(role="user", content=TEXTS[0])]
    rendered = tokenizer.apply_chat_template(
        [turn.model_dump() for turn in turns], tokenize=False, add_generation_prompt=True
    )
    prompt = encode_prompt(tokenizer, turns)
    talk = [token for text in TEXTS[:5] for token in tokenizer.encode(text, add_special_tokens=False)]
    written, expected = _greedy(checkpoint, prompt, talk)
    engine = _opened(file, max(len(talk), len(prompt) + GREEDY) + 8)
    try:
        for text in (*TEXTS, rendered):
            ours, theirs = tokenizer.encode(text, add_special_tokens=False), _ids(engine, text)
            if ours != theirs:
                raise ModelError(f"{file}: llama.cpp gives other ids for {text!r}: {theirs[:12]}, not {ours[:12]}")
        if engine.metadata.get("tokenizer.chat_template") != tokenizer.chat_template:
            raise ModelError(f"{file}: llama.cpp reads another chat template")
        found = np.concatenate([_logits(engine, ids) for ids in (talk, prompt + written)])
    finally:
        engine.close()
    spread = float(expected.std())
    off = float(np.abs(found - expected).max()) / max(spread, 1e-6)
    if not off < TOLERANCE[matrices]:
        raise ModelError(f"{file}: in llama.cpp its logits are off by {off:.2g} of their spread")
    places = range(len(expected) - len(written) - 1, len(expected) - 1)
    near = 2 * TOLERANCE[matrices] * spread  # two logits that are nearer may change places
    same, close = _agreement(expected[list(places)], found[list(places)], near)
    if same + close < len(written):
        raise ModelError(f"{file}: llama.cpp takes another token than transformers, by more than rounding")
    version = str(importlib.import_module(PACKAGE).__version__)
    return {"version": version, "texts": len(TEXTS), "logit_error": off, "greedy": same, "close": close}


def _opened(file: Path, context: int) -> Any:
    package = importlib.import_module(PACKAGE)
    whole = package.GGML_TYPE_F32  # keys and values are kept unrounded, so that only the weights differ
    try:
        return package.Llama(
            model_path=str(file),
            n_ctx=context,
            n_batch=context,
            logits_all=True,
            type_k=whole,
            type_v=whole,
            verbose=False,
        )
    except Exception as error:  # the package raises plain exceptions
        raise ModelError(f"{file}: llama.cpp does not open it: {error}") from None


def _ids(engine: Any, text: str) -> list[int]:
    return list(engine.tokenize(text.encode("utf-8"), add_bos=False, special=True))


def _logits(engine: Any, ids: list[int]) -> Floats:
    engine.reset()
    engine.eval(ids)
    return np.array(engine.scores[: len(ids)], dtype=np.float32)


def _greedy(checkpoint: Path, prompt: list[int], talk: list[int]) -> tuple[list[int], Floats]:
    """Return the greedy tokens of transformers after ``prompt``, and its logits for ``talk``, prompt and tokens."""
    import torch

    model = load_weights(checkpoint)

    def logits(ids: list[int]) -> Floats:
        given = torch.tensor([ids], device=model.device)
        return np.asarray(model(given, use_cache=False).logits[0].float().cpu().numpy(), dtype=np.float32)

    ids = list(prompt)
    with torch.inference_mode():
        for _ in range(GREEDY):
            ids.append(int(logits(ids)[-1].argmax()))
        return ids[len(prompt) :], np.concatenate([logits(talk), logits(ids)])


def _agreement(expected: Floats, found: Floats, near: float) -> tuple[int, int]:
    same = close = 0
    for one, other in zip(expected, found, strict=True):
        first, second = int(one.argmax()), int(other.argmax())
        same += first == second
        close += first != second and float(one[first] - one[second]) < near
    return same, close
