"""A checkpoint folder appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..models.load import load_tokenizer
from ..store import sync_folder


def require_new(out: Path) -> None:
    """Raise `ConfigError` if ``out`` is there already: nothing is overwritten."""
    if out.exists() or out.is_symlink():
        raise ConfigError(f"{out} exists already; name a new folder, or delete that one first")


@contextmanager
def published(out: Path) -> Iterator[Path]:
    """Yield a scratch folder beside ``out`` that is renamed to ``out`` when the block ends; an error leaves nothing.

    Raises:
        ConfigError: ``out`` exists already.
    """
    require_new(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = out.parent / f".part-{out.name}-{os.getpid()}"
    shutil.rmtree(scratch, ignore_errors=True)  # of a killed process that had our number
    scratch.mkdir()
    try:
        yield scratch
        require_new(out)  # somebody else may have been faster
        os.replace(scratch, out)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    sync_folder(out.parent)


def write_checkpoint(model: Any, source: Path, folder: Path) -> None:
    """Write ``model`` into ``folder``, with tokenizer, chat template and generation settings of ``source``."""
    model.save_pretrained(folder)
    load_tokenizer(source).save_pretrained(folder)
    if (source / "generation_config.json").exists():
        shutil.copyfile(source / "generation_config.json", folder / "generation_config.json")
