"""The export target ``gguf``: the model file, the proof that it is the same model, and a Modelfile for Ollama."""

from __future__ import annotations

import json
from pathlib import Path

from ..store import sha256, write_atomically
from .gguf_checking import check_gguf
from .gguf_writing import Matrices, write_gguf
from .llama_cpp import ABSENT, available, check_in_llama_cpp
from .modelfile import write_modelfile
from .texts import TEXTS

TARGETS: dict[str, Matrices] = {"gguf": "f16", "gguf-float32": "f32", "gguf-q8_0": "q8_0"}
CHECKED = "checked.json"


def export_gguf(student: Path, target: str, out: Path) -> Path:
    """Write ``student/merged`` into the folder ``out/TARGET`` and return it; a file that fails its check is not kept.

    ``checked.json`` holds the hashes of the file and of the weights it was made from, the largest error of a logit, and
    what llama.cpp made of the file, or that it was not tried.

    Raises:
        ModelError: the checkpoint cannot be said in GGUF, or what was read back is another model.
    """
    matrices, merged, folder = TARGETS[target], student / "merged", out / target
    folder.mkdir(parents=True, exist_ok=True)
    file = write_gguf(merged, folder / f"model-{matrices}.gguf", matrices)
    try:
        off = check_gguf(file, merged, matrices)
        there = check_in_llama_cpp(file, merged, matrices) if available() else ABSENT
    except BaseException:
        file.unlink()
        raise
    weights = {each.name: sha256(each) for each in sorted(merged.glob("*.safetensors"))}
    found = {
        "file": file.name,
        "sha256": sha256(file),
        "made_from": weights,
        "texts": len(TEXTS),
        "logit_error": off,
        "llama.cpp": there,
    }
    write_atomically(folder / CHECKED, json.dumps(found, indent=1))
    write_modelfile(file, merged, student)
    return folder
