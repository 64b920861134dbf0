"""What was exported, read back as a model that answers."""

from __future__ import annotations

from pathlib import Path

from ..errors import ModelError
from ..exporting.gguf_reading import read_gguf
from ..inference.local import TransformersModel, open_checkpoint
from ..models.load import checked, locate


def readable(written: Path, target: str) -> bool:
    """Say whether `open_exported` knows how to open what was written as ``target``."""
    return target in ("merged", "adapter") or (target.startswith("gguf") and len(_gguf_files(written)) == 1)


def open_exported(written: Path, target: str, base: str) -> TransformersModel:
    """Return the student in ``written``, its arithmetic in float32; ``base`` is what an adapter is put beside.

    Raises:
        ModelError: the files are damaged, or the base is not here.
    """
    if target == "merged":
        return open_checkpoint(checked(f"dir:{written}", written))
    if target == "adapter":
        found = locate(base)
        if found is None:
            raise ModelError(f"{base}, the base of the adapter in {written}, is no local model")
        return open_checkpoint(found, adapter=written)
    (file,) = _gguf_files(written)
    model, tokenizer = read_gguf(file)
    return TransformersModel(f"gguf:{file.name}", model, tokenizer)


def _gguf_files(written: Path) -> list[Path]:
    return sorted(written.glob("*.gguf")) if written.is_dir() else []
