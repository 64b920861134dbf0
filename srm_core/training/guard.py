"""What every training run is watched for: non-finite numbers stop it, checkpoints are sealed, progress is told."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from ..errors import TrainingError
from .checkpoints import seal
from .processes import is_first, wait
from .zero import note_parts

Tell = Callable[[int, int, str], None]  # (steps done, steps in all, what the last one showed)


class Guard(TrainerCallback):  # type: ignore[misc]
    """Trainer callback: seals checkpoints, stops on NaN or infinity, reports progress."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Seal the checkpoint that was just written, when every process has written its part of it."""
        wait()
        if is_first():
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            note_parts(folder, args)
            seal(folder)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Stop at a non-finite loss or gradient; otherwise report the step."""
        for name in ("loss", "grad_norm"):
            value = (logs or {}).get(name)
            if value is not None and not math.isfinite(value):
                raise TrainingError(
                    f"{name} is {value} at step {state.global_step}; training stopped before the weights were spoiled. "
                    "Lower train.learning_rate (or train.rl_learning_rate) and run again: earlier steps are kept"
                )
        shown = {name: round(float(value), 3) for name, value in (logs or {}).items() if name in ("loss", "reward")}
        self.tell(state.global_step, state.max_steps, ", ".join(f"{name} {value}" for name, value in shown.items()))


def check_finite(model: Any) -> None:
    """Raise `TrainingError` if any weight is NaN or infinite."""
    for name, tensor in model.named_parameters():
        if not bool(tensor.isfinite().all()):
            raise TrainingError(f"the trained weight {name} is not finite; nothing was published")


def history(log_history: list[dict[str, Any]], names: tuple[str, ...]) -> list[dict[str, float]]:
    """Return the logged steps with the given fields only (no times, so that reruns give the same file)."""
    return [
        {"step": entry["step"], **{name: entry[name] for name in names if name in entry}}
        for entry in log_history
        if "loss" in entry
    ]
