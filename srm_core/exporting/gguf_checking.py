"""A GGUF file read back by transformers and compared with the checkpoint: the same token ids, logits that are close."""

from __future__ import annotations

from pathlib import Path

from ..errors import ModelError
from ..inference.tokens import encode_prompt
from ..models.load import load_tokenizer, load_weights
from ..records import Message
from .gguf_reading import read_gguf, read_gguf_tokenizer
from .gguf_writing import Matrices
from .texts import TEXTS

TOLERANCE: dict[Matrices, float] = {"f32": 1e-3, "f16": 3e-2, "q8_0": 0.3}  # error of a logit, share of the spread
SCORED = 5  # texts whose logits are compared


def check_gguf(file: Path, checkpoint: Path, matrices: Matrices) -> float:
    """Return the largest error of a logit as a share of the logits' spread, on one prompt.

    Raises:
        ModelError: a text has other token ids, the template is another, or the logits are too far off; the file is not
            to be used then.
    """
    ours, theirs = load_tokenizer(checkpoint), read_gguf_tokenizer(file)
    turns = [Message(role="system", content="Answer."), Message(role="user", content=TEXTS[0])]
    prompt = encode_prompt(ours, turns)
    for text in TEXTS:
        if ours.encode(text, add_special_tokens=False) != theirs.encode(text, add_special_tokens=False):
            raise ModelError(f"{file}: its tokenizer gives other ids for {text!r}")
    if encode_prompt(theirs, turns) != prompt:
        raise ModelError(f"{file}: its chat template gives another prompt")
    off = _error(file, checkpoint, [token for text in TEXTS[:SCORED] for token in ours.encode(text)] + prompt)
    if not off < TOLERANCE[matrices]:
        raise ModelError(f"{file}: its logits are off by {off:.2g} of their spread")
    return off


def _error(file: Path, checkpoint: Path, ids: list[int]) -> float:
    import torch

    with torch.inference_mode():
        ours = load_weights(checkpoint)
        given = torch.tensor([ids], device=ours.device)
        expected = ours(given, use_cache=False).logits[0].float().cpu()
        del ours
        theirs, _ = read_gguf(file)
        found = theirs(given.cpu(), use_cache=False).logits[0].float()
    if found.shape != expected.shape:
        raise ModelError(f"{file}: its logits have the shape {tuple(found.shape)}, not {tuple(expected.shape)}")
    return float((found - expected).abs().max() / expected.std().clamp(min=1e-6))
