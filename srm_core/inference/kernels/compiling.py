"""Compile the kernels on first use with the system's C++ compiler, and keep them for this machine."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

import torch
from filelock import FileLock

from ...workspace import cache_dir

SOURCES = Path(__file__).parent / "cpu"
FLAGS = ("-std=c++17", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fopenmp", "-fPIC")
PORTABLE = "portable"  # a tier for tests: no instructions of this machine's own
TIME_LIMIT = 300  # seconds


class NoKernels(Exception):
    """The kernels cannot be compiled or loaded here; the message says why."""


@lru_cache
def library(tier: str = "native") -> ctypes.CDLL:
    """Return the compiled kernels.

    ``tier`` is "native" (this machine's instructions) or "portable". The file is kept in the user's cache, named by
    sources, flags, compiler, processor and torch version.

    Raises:
        NoKernels: there is no compiler, or it failed.
    """
    compiler = shutil.which(os.environ.get("CXX", "c++")) or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        raise NoKernels("there is no C++ compiler; install g++ or clang++")
    flags = [*FLAGS, *(["-DSRM_PORTABLE"] if tier == PORTABLE else [_own_instructions()])]
    file = cache_dir() / "kernels" / f"{_name(compiler, flags)}.so"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{file}.lock"):
            if not file.exists():
                _compile(compiler, flags, file)
    return _loaded(file)


def _own_instructions() -> str:
    return "-mcpu=native" if platform.machine() in ("arm64", "aarch64") else "-march=native"


def _name(compiler: str, flags: list[str]) -> str:
    said = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False).stdout
    parts = [*(file.read_text(encoding="utf-8") for file in sorted(SOURCES.iterdir()) if file.suffix in (".h", ".cpp"))]
    parts += [*flags, said, _processor(), torch.__version__]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return "\n".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))


def _compile(compiler: str, flags: list[str], file: Path) -> None:
    with tempfile.TemporaryDirectory(dir=file.parent) as scratch:
        objects, made = Path(scratch) / "model.o", Path(scratch) / "model.so"
        # The OpenMP library is left open at linking: torch's own is used, so that there is one pool of threads.
        steps = (
            [*flags, "-c", str(SOURCES / "model.cpp"), "-o", str(objects)],
            ["-shared", str(objects), "-o", str(made)],
        )
        for step in steps:
            try:
                done = subprocess.run(
                    [compiler, *step], capture_output=True, text=True, check=False, timeout=TIME_LIMIT
                )
            except subprocess.TimeoutExpired:
                raise NoKernels(f"{compiler} took longer than {TIME_LIMIT} seconds") from None
            if done.returncode:
                raise NoKernels(f"{compiler} failed: {(done.stderr.strip().splitlines() or ['no message'])[0]}")
        os.replace(made, file)


def _loaded(file: Path) -> ctypes.CDLL:
    try:
        _openmp()
        return ctypes.CDLL(str(file))
    except OSError as error:
        raise NoKernels(f"{file} cannot be loaded: {error}") from None


def _openmp() -> None:
    """Make the symbols of torch's OpenMP library, or of the system's, visible to the kernels."""
    own = sorted((Path(torch.__file__).parent / "lib").glob("libgomp*.so*"))
    own += sorted((Path(torch.__file__).parent.parent / "torch.libs").glob("libgomp*.so*"))
    ctypes.CDLL(str(own[0]) if own else "libgomp.so.1", mode=ctypes.RTLD_GLOBAL)
