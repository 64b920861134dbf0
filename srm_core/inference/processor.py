"""The calculator for any transformers ``generate``: a logits processor that writes what follows ``<<expr=``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..calculator import CLOSE, computed, pending

TAIL = 128  # tokens looked back at for an open <<expr=; an expression has at most 200 characters


class CalculatorProcessor:
    """After ``<<expr=`` only the tokens of ``value>>`` are allowed, one after the other; rows are independent.

    It keeps no state: what is due is read off the tokens already written, so it serves any batch.
    """

    def __init__(self, tokenizer: Any, prompt_tokens: int = 0) -> None:
        self.tokenizer = tokenizer
        self.prompt_tokens = prompt_tokens  # the calculator is not called for what the prompt holds

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Return ``scores`` [rows, vocabulary] with all but the due token at minus infinity where one is due."""
        forced = scores.clone()
        for row, ids in enumerate(input_ids[:, self.prompt_tokens :][:, -TAIL:].tolist()):
            due = self.due(ids)
            if due is not None:
                forced[row] = float("-inf")
                forced[row, due] = 0.0
        return forced

    def due(self, ids: list[int]) -> int | None:
        """Return the calculator's next token after ``ids``, or None if it is the model's turn."""
        for written in range(min(len(ids), 12)):
            head = ids[: len(ids) - written]
            expression = pending(self.tokenizer.decode(head, skip_special_tokens=True))
            if expression is None:
                continue
            value = [
                token
                for piece in (computed(expression), CLOSE)
                for token in self.tokenizer.encode(piece, add_special_tokens=False)
            ]
            if ids[len(head) :] == value[:written] and written < len(value):
                return int(value[written])
        return None


def standalone() -> str:
    """Return the source of one file that brings the calculator and this processor, and needs nothing of `srm`."""
    from .. import calculator

    own = Path(__file__).read_text(encoding="utf-8").partition("\ndef standalone")[0]
    ours = [line for line in own.splitlines() if not line.startswith(("from __future__", "from ..", "from pathlib"))]
    body = "\n".join(ours).partition('"""\n')[2]
    source = Path(calculator.__file__).read_text(encoding="utf-8")
    usage = "# Apache-2.0. model.generate(..., logits_processor=[CalculatorProcessor(tokenizer, prompt_length)])"
    return f"{usage}\n{source}\n\n{body.strip()}\n"
