"""A GGUF file opened by transformers, rounded weights and all, in float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def read_gguf(file: Path) -> tuple[Any, Any]:
    """Return the model (float32, in evaluation mode) and the tokenizer in ``file``."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    return model.eval(), read_gguf_tokenizer(file)


def read_gguf_tokenizer(file: Path) -> Any:
    """Return the tokenizer in ``file``, with its chat template."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
