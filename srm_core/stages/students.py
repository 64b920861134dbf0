"""The models of one build: the base, and the student after each method, merged once and opened when asked for."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

from ..inference.adapters import adapter_within
from ..inference.local import TransformersModel
from ..models.load import load_tokenizer, locate
from ..protocols import Model
from ..records import Weights
from ..store import Artifact
from .context import Context
from .selection import ARM_OF, CONTROLS


class Students:
    """Opens one model at a time: two of them would double the memory."""

    def __init__(self, context: Context, trained: Artifact, weights: Weights = "float32") -> None:
        self.context = context
        self.weights = weights  # of the students; the base keeps float32
        self.trained = trained
        self._open: tuple[str, Model] | None = None
        self.methods = {ARM_OF.get(name, name): name for name in context.config.train.methods}

    @property
    def final(self) -> str:
        """The arm of the candidate: the student after the last method."""
        return list(self.methods)[-1]

    def base(self) -> Model:
        """Return the base model."""
        return self._opened("base", self._base)

    def student(self, arm: str) -> Model:
        """Return the student of ``arm``; controls are answered by the final student."""
        method = self.methods[self.final if arm in CONTROLS else arm]
        return self._opened(method, lambda: self._student(method))

    def adapter(self) -> Path:
        """Return the folder of the final student's adapter."""
        return self.trained.path / self.methods[self.final] / "adapter"

    def _opened(self, name: str, make: Callable[[], Model]) -> Model:
        if self._open is None or self._open[0] != name:
            self._open = None
            gc.collect()
            self._open = (name, make())
        return self._open[1]

    def _base(self) -> Model:
        return self.context.host.load_model(self.context.config.base)

    def _student(self, method: str) -> Model:
        from ..training.lora import merged

        base = locate(self.context.config.base)
        assert base is not None, "the pipeline opens local bases only"
        adapter = self.trained.path / method / "adapter"
        model = merged(base.folder, adapter)
        tokenizer = load_tokenizer(base.folder)
        if self.weights == "float32":
            return TransformersModel(f"student:{method}", model, tokenizer)
        ref, within = f"student:{method}:{self.weights}", adapter_within(adapter, model)
        return TransformersModel(ref, model, tokenizer, weights=self.weights, within=within)
