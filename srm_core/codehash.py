"""A digest of source code, so that a stored result is made anew when the code behind it changes."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path

from .records import digest


def code_digest(modules: Iterable[str]) -> str:
    """Return 16 hex digits over the files of ``modules`` (dotted names); a package counts with all its files.

    The modules are located, not imported. Data files of a package count, ``__pycache__`` and hidden files do not.

    Raises:
        ModuleNotFoundError: there is no such module.
    """
    return digest({module: path_digest(str(_home(module))) for module in sorted(set(modules))})[:16]


@functools.cache  # the code of a running process does not change
def path_digest(path: str) -> str:
    """Return the sha256 over the file ``path``, or over names and contents of all files below the folder ``path``."""
    home = Path(path)
    if home.is_file():
        return hashlib.sha256(home.read_bytes()).hexdigest()
    total = hashlib.sha256()
    for file in sorted(item for item in home.rglob("*") if item.is_file()):
        inner = file.relative_to(home)
        if not any(part == "__pycache__" or part.startswith(".") for part in inner.parts):
            total.update(f"{inner.as_posix()}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def _home(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is not None and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no source file of module {module!r}", name=module)
    return Path(spec.origin)
