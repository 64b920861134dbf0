"""A teacher whose probabilities are read token by token: a checkpoint with the student's own tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import TrainingError
from ..models.load import load_tokenizer, load_weights, locate

PROBE = "The dose is <<2.5*70=175>> mg/kg, i.e. 175 mg [1].\n\nNaïve ≤ 3 µg? Answer: 10-4 = 6; a\tb  c"


def teacher_folder(ref: str) -> Path:
    """Return the folder of the checkpoint that ``train.gkd_teacher`` names.

    Raises:
        TrainingError: it is none that can be opened here.
        ModelError: it cannot be found, or is unsafe to load.
    """
    found = locate(ref)
    if found is None:
        raise TrainingError(
            f"train.gkd_teacher = {ref!r}: a teacher whose probabilities are read is a local checkpoint"
        )
    return found.folder


def require_same_tokenizer(base: Path, ref: str) -> None:
    """Refuse a teacher that does not read and say the same token ids as the student.

    Raises:
        TrainingError: vocabulary, end token or the way text is cut is another one.
    """
    own, other = load_tokenizer(base), load_tokenizer(teacher_folder(ref))
    if unlike := _unlike(own, other):
        raise TrainingError(
            f"train.gkd_teacher = {ref!r}: its {unlike}, and its probabilities are compared with the student's token "
            "by token; take a teacher of the same family, or let it teach by distill.teacher"
        )


def open_teacher(ref: str, dtype: str) -> Any:
    """Return the teacher's model, without gradients."""
    return load_weights(teacher_folder(ref), dtype).requires_grad_(False)


def _unlike(own: Any, other: Any) -> str:
    one, two = own.get_vocab(), other.get_vocab()
    if one != two:
        apart = sum(one.get(token) != two.get(token) for token in {*one, *two})
        return f"vocabulary is not the student's ({apart} of {len({*one, *two})} tokens differ)"
    if own.eos_token_id != other.eos_token_id:
        return f"end token is {other.eos_token!r} and not {own.eos_token!r}"
    if own.encode(PROBE, add_special_tokens=False) != other.encode(PROBE, add_special_tokens=False):
        return "tokenizer cuts text in another way"
    return ""
