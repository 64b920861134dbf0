"""A byte-level BPE tokenizer as GGUF metadata: tokens, types, merges, and by which rule text is cut before merging."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelError

NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5  # token types of the GGUF specification


@dataclass(frozen=True)
class Vocabulary:
    """What ``tokenizer.ggml.*`` holds; ``pre`` is llama.cpp's name of the rule that cuts text into words."""

    tokens: tuple[str, ...]
    types: tuple[int, ...]
    merges: tuple[str, ...]
    pre: str


def vocabulary_of(folder: Path, size: int) -> Vocabulary:
    """Return the vocabulary of ``folder/tokenizer.json``, filled up with unused tokens to ``size``.

    Raises:
        ModelError: it is no byte-level BPE with merges, cuts text by a rule that llama.cpp has no name for, or is
            larger than ``size``.
    """
    saved = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    model = saved["model"]
    if model["type"] != "BPE" or model.get("byte_fallback") or model.get("ignore_merges") or saved.get("normalizer"):
        raise ModelError(
            f"{folder}: its tokenizer is no plain byte-level BPE, which is all that the export to gguf knows"
        )
    if not model["merges"]:
        raise ModelError(
            f"{folder}: its tokenizer merges nothing, and llama.cpp opens no byte-level BPE without merges"
        )
    by_id = {number: (token, NORMAL) for token, number in model["vocab"].items()}
    by_id |= {
        each["id"]: (each["content"], CONTROL if each["special"] else USER_DEFINED) for each in saved["added_tokens"]
    }
    if max(by_id) >= size:
        raise ModelError(f"{folder}: token {max(by_id)} has no row in embeddings of {size}")
    filled = [by_id.get(number, (f"[PAD{number}]", UNUSED)) for number in range(size)]
    merges = (each if isinstance(each, str) else " ".join(each) for each in model["merges"])
    return Vocabulary(
        tokens=tuple(token for token, _ in filled),
        types=tuple(kind for _, kind in filled),
        merges=tuple(merges),
        pre=_rule(folder, saved["pre_tokenizer"]),
    )


def _rule(folder: Path, cutting: Any) -> str:
    steps = cutting["pretokenizers"] if cutting and cutting["type"] == "Sequence" else [cutting]
    shapes = [_shape(step) for step in steps if step]
    names = {("bytes",): "gpt-2", ("digits", "bytes"): "smollm"}
    if (name := names.get(tuple(shapes))) is None:
        said = ", ".join(str(step and step["type"]) for step in steps)
        raise ModelError(
            f"{folder}: llama.cpp has no name for how its tokenizer cuts text ({said}), so ids would differ"
        )
    return name


def _shape(step: dict[str, Any]) -> str:
    if step["type"] == "ByteLevel" and step.get("use_regex", True) and not step["add_prefix_space"]:
        return "bytes"
    if step["type"] == "Digits" and step["individual_digits"]:
        return "digits"
    return str(step["type"])
