"""What a method keeps beside the adapter in every checkpoint, and takes up again where a run goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback


class KeptState(TrainerCallback):  # type: ignore[misc]
    """Trainer callback; it must come before the one that seals checkpoints (`guard.Guard`).

    ``save`` is given the folder of a checkpoint that is being written, ``load`` the folder that a run goes on from, and
    ``stepped`` the number of each step, from 1, while its gradients are still there.
    """

    def __init__(
        self,
        save: Callable[[Path], None],
        load: Callable[[Path], None] = lambda folder: None,
        stepped: Callable[[int], None] = lambda step: None,
    ) -> None:
        self.save, self.load, self.stepped = save, load, stepped

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Take up what was kept, if the run goes on from a checkpoint."""
        if state.global_step:
            self.load(_checkpoint(args, state))

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Tell of the step that was just taken; the trainer counts it only after this."""
        self.stepped(state.global_step + 1)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Keep what is to be kept."""
        self.save(_checkpoint(args, state))


def _checkpoint(args: Any, state: Any) -> Path:
    return Path(args.output_dir) / f"checkpoint-{state.global_step}"
