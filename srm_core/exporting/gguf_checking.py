"""A GGUF file read back by transformers and compared with the checkpoint: the same token ids, logits that are close."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..inference.tokens import encode_prompt
from ..models.load import load_tokenizer, load_weights
from ..records import Message

TOLERANCE = {False: 1e-3, True: 3e-2}  # of float32 and float16 matrices: largest error of a logit, share of the spread
TEXTS = (
    "The anion gap is 140 - 104 - 24 = 12 mEq/L.",
    "  Indented,\n\n\ttabbed; and 3.14159e-10 or 1,234,567.",
    "Ångström, naïve, 北京, ελληνικά, 😀 and \u00a0 a hard space",
    "def f(x):\n    return x**2  # f(3) == 9",
    "don't we'll I'VE it's <<2+2=4>> ?!... --",
)


def check_gguf(file: Path, checkpoint: Path, *, half: bool) -> float:
    """Return the largest error of a logit as a share of the logits' spread, on one prompt.

    Raises:
        ModelError: a text has other token ids, the template is another, or the logits are too far off; the file is not
            to be used then.
    """
    ours, theirs = load_tokenizer(checkpoint), _tokenizer(file)
    turns = [Message(role="system", content="Answer."), Message(role="user", content=TEXTS[0])]
    prompt = encode_prompt(ours, turns)
    for text in TEXTS:
        if ours.encode(text, add_special_tokens=False) != theirs.encode(text, add_special_tokens=False):
            raise ModelError(f"{file}: its tokenizer gives other ids for {text!r}")
    if encode_prompt(theirs, turns) != prompt:
        raise ModelError(f"{file}: its chat template gives another prompt")
    off = _error(file, checkpoint, [token for text in TEXTS for token in ours.encode(text)] + prompt)
    if not off < TOLERANCE[half]:
        raise ModelError(f"{file}: its logits are off by {off:.2g} of their spread")
    return off


def _error(file: Path, checkpoint: Path, ids: list[int]) -> float:
    import torch
    from transformers import AutoModelForCausalLM

    with torch.inference_mode():
        ours = load_weights(checkpoint)
        given = torch.tensor([ids], device=ours.device)
        expected = ours(given, use_cache=False).logits[0].float().cpu()
        del ours
        theirs = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
        found = theirs.eval()(given.cpu(), use_cache=False).logits[0].float()
    if found.shape != expected.shape:
        raise ModelError(f"{file}: its logits have the shape {tuple(found.shape)}, not {tuple(expected.shape)}")
    return float((found - expected).abs().max() / expected.std().clamp(min=1e-6))


def _tokenizer(file: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
