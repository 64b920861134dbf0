"""When memory runs out in a pass, the step is begun again in passes of half the rows.

The batch of a step, the order of rows, the loss and the gradients stay what they were, to rounding: a loss is a sum
over tokens, divided by those of the whole step, however many passes share it. How many rows a pass may have is kept in
``passes.json``, and a run that goes on after a kill begins with it.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..errors import TrainingError
from ..records import Value
from ..store import write_atomically
from .batch_parts import part_of, rows_of
from .processes import count

NOTE = "passes.json"
LOWER = "train.max_tokens or train.lora_r, or take a smaller base"
_SAID = ("out of memory", "not enough memory", "DefaultCPUAllocator", "ALLOC_FAILED")
log = logging.getLogger(__name__)


class Passes(Value):
    """Rows of a pass: as the settings have them, as memory has room for, and the step at which that was found."""

    planned: int
    rows: int
    step: int


class Halving:
    """Halves the passes of one method's trainer where memory runs out; ``out`` is the method's folder.

    ``lower`` is what a single row may be made smaller by; ``whole`` is why a batch must pass as one, or "".
    """

    def __init__(self, out: Path, *, lower: str = LOWER, whole: str = "") -> None:
        self.file, self.lower, self.whole = out / NOTE, lower, whole
        self.note = noted(out) if count() == 1 else None  # several processes do not halve
        self.step = -1
        self.before: list[Any] = []  # batches of this step that have passed
        self.draws: list[torch.Tensor] = []  # states of the random generators as the step began

    def of(self, trainer_class: Any) -> Any:
        """Return ``trainer_class`` (of transformers) with passes that are halved where memory runs out.

        Its loss must be the batch's part of the step's loss, where it is told the step's labelled tokens.
        """
        halving = self

        class Halved(trainer_class):  # type: ignore[misc]
            """The trainer; a pass that finds no memory is taken again in parts."""

            def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
                def one(part: Any, counted: Any) -> Any:
                    return super(Halved, self).training_step(model, part, counted)

                return halving.taken(self, one, model, inputs, num_items_in_batch)

        return Halved

    def taken(self, trainer: Any, one: Any, model: Any, inputs: Mapping[str, Any], counted: Any) -> torch.Tensor:
        """Return the loss of ``inputs``, with its gradients added; ``one`` passes a part of a batch.

        Raises:
            TrainingError: there is no memory for a single row, or passes cannot be halved here.
        """
        if trainer.state.global_step != self.step:
            self.step, self.before, self.draws = trainer.state.global_step, [], _draws()
        logged = _logged(trainer)
        again = False
        while True:
            try:
                if again:
                    model.zero_grad()
                    _draw_from(self.draws)
                    for earlier in self.before:
                        self._in_parts(one, earlier, counted)
                    _log_only(trainer, logged)
                loss = self._in_parts(one, inputs, counted)
                self.before.append(inputs)
                return loss
            except (RuntimeError, MemoryError) as error:
                if not ran_out(error):
                    raise
            # out here nothing holds what the failed pass had allocated
            _free()
            _log_only(trainer, logged)
            self._halve(trainer, rows_of(inputs))
            again = True

    def _in_parts(self, one: Any, inputs: Mapping[str, Any], counted: Any) -> torch.Tensor:
        rows = rows_of(inputs)
        most = self.note.rows if self.note else rows
        if rows <= most:
            first: torch.Tensor = one(inputs, counted)
            return first
        if counted is None and "labels" in inputs:  # a mean over the pass: each part is told of the whole pass's tokens
            counted = (inputs["labels"][:, 1:] != -100).sum()
        losses = [one(part_of(inputs, start, start + most), counted) for start in range(0, rows, most)]
        return torch.stack(losses).sum()

    def _halve(self, trainer: Any, rows: int) -> None:
        at = f"memory ran out at step {self.step + 1}"
        most = min(rows, self.note.rows) if self.note else rows
        if most == 1:
            raise TrainingError(f"{at} with a single row in the pass: lower {self.lower}; checkpoints are kept")
        if self.whole:
            raise TrainingError(f"{at} with {rows} rows in the pass, which {self.whole}: lower train.batch")
        if count() > 1 or getattr(trainer, "is_deepspeed_enabled", False):
            passes = 2 * trainer.args.gradient_accumulation_steps
            raise TrainingError(
                f"{at} with {most} rows in a pass of each process, which several processes do not halve by themselves: "
                f"set train.accumulation = {passes} and run again, which goes on from the newest checkpoint"
            )
        planned = self.note.planned if self.note else trainer.args.per_device_train_batch_size
        self.note = Passes(planned=planned, rows=(most + 1) // 2, step=self.step + 1)
        write_atomically(self.file, self.note.model_dump_json() + "\n")
        log.warning(
            "%s with %d rows in a pass; a pass has %d from here on, and a step the same rows", at, most, self.note.rows
        )


def noted(out: Path) -> Passes | None:
    """Return what was found of a method's passes, or None where memory never ran out."""
    file = out / NOTE
    return Passes.model_validate_json(file.read_text(encoding="utf-8")) if file.exists() else None


def passes_of(out: Path, method: str) -> dict[str, float]:
    """Return the metrics of a method whose passes were halved; none where they were not."""
    found = noted(out)
    if found is None:
        return {}
    shown = {"planned_rows_a_pass": found.planned, "rows_a_pass": found.rows, "halved_at_step": found.step}
    return {f"{method}_{name}": float(value) for name, value in shown.items()}


def ran_out(error: BaseException) -> bool:
    """Say whether ``error`` is that memory ran out, on a GPU or in the host."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _SAID)


def _draws() -> list[torch.Tensor]:
    return [torch.get_rng_state(), *(torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [])]


def _draw_from(states: list[torch.Tensor]) -> None:
    torch.set_rng_state(states[0])
    if len(states) > 1:
        torch.cuda.set_rng_state_all(states[1:])


def _free() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _logged(trainer: Any) -> tuple[dict[str, int], int]:
    """Return how much of this step TRL's trainer has noted for its log, which it does pass by pass."""
    figures = getattr(trainer, "_metrics", {}).get("train", {})
    return {name: len(values) for name, values in figures.items()}, getattr(trainer, "_total_train_tokens", 0)


def _log_only(trainer: Any, logged: tuple[dict[str, int], int]) -> None:
    """Forget what was noted since ``logged``."""
    lengths, tokens = logged
    figures = getattr(trainer, "_metrics", {}).get("train", {})
    for name in list(figures):
        del figures[name][lengths.get(name, 0) :]
        if not figures[name]:
            del figures[name]
    if hasattr(trainer, "_total_train_tokens"):
        trainer._total_train_tokens = tokens
