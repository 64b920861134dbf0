"""The calculator as a logits processor of transformers' own generate."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from srm_core.inference.processor import CalculatorProcessor, standalone


class Characters:
    """A tokenizer whose tokens are characters."""

    def encode(self, text: str, add_special_tokens: bool = False) -> list[int]:
        return [ord(character) for character in text]

    def decode(self, ids: Any, skip_special_tokens: bool = True) -> str:
        return "".join(chr(int(number)) for number in ids)


def written_by(processor_class: Any, wishes: list[str], prompt: str = "1+1=") -> list[str]:
    """Return what rows that wish to write ``wishes`` write when the calculator may interfere."""
    processor = processor_class(Characters(), len(prompt))
    rows = [[ord(character) for character in prompt] for _ in wishes]
    for place in range(len(wishes[0])):
        scores = torch.zeros(len(wishes), 128)
        for row, wish in enumerate(wishes):
            scores[row, ord(wish[place])] = 1.0
        chosen = processor(torch.tensor(rows), scores).argmax(dim=-1).tolist()
        for row, token in zip(rows, chosen, strict=True):
            row.append(token)
    return ["".join(map(chr, row[len(prompt) :])) for row in rows]


def released() -> Any:
    """Return the class as it travels with a release: one file that imports nothing of ours."""
    names: dict[str, Any] = {"__name__": "srm_calculator"}
    source = standalone()
    assert "import srm" not in source
    assert "from .." not in source
    exec(compile(source, "srm_calculator.py", "exec"), names)
    return names["CalculatorProcessor"]


@pytest.mark.parametrize("make", [lambda: CalculatorProcessor, released], ids=["installed", "released"])
def test_a_wrong_value_cannot_be_written(make: Any) -> None:
    assert written_by(make(), ["gap <<140-104=99>> is it"]) == ["gap <<140-104=36>> is it"]


def test_rows_of_a_batch_do_not_disturb_each_other() -> None:
    wishes = ["a <<2*3=9>> b <<9-1=7>> ", "no brackets, a=5 and b=6"]
    assert written_by(CalculatorProcessor, wishes) == ["a <<2*3=6>> b <<9-1=8>> ", "no brackets, a=5 and b=6"]


def test_what_the_prompt_holds_is_left_alone() -> None:
    assert written_by(CalculatorProcessor, ["5>>"], prompt="<<1+1=") == ["5>>"]
