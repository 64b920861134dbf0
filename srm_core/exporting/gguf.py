"""The export target ``gguf``: the model file, the proof that it is the same model, and a Modelfile for Ollama."""

from __future__ import annotations

import json
from pathlib import Path

from ..store import sha256, write_atomically
from .gguf_checking import TEXTS, check_gguf
from .gguf_writing import write_gguf
from .modelfile import write_modelfile

TARGETS = {"gguf": True, "gguf-float32": False}  # name -> whether matrices are float16
CHECKED = "checked.json"


def export_gguf(student: Path, target: str, out: Path) -> Path:
    """Write ``student/merged`` into the folder ``out/TARGET`` and return it; a file that fails its check is not kept.

    ``checked.json`` holds the hashes of the file and of the weights it was made from, and the largest error of a logit.

    Raises:
        ModelError: the checkpoint cannot be said in GGUF, or what was read back is another model.
    """
    half, merged, folder = TARGETS[target], student / "merged", out / target
    folder.mkdir(parents=True, exist_ok=True)
    file = write_gguf(merged, folder / f"model-{'f16' if half else 'f32'}.gguf", half=half)
    try:
        off = check_gguf(file, merged, half=half)
    except BaseException:
        file.unlink()
        raise
    weights = {each.name: sha256(each) for each in sorted(merged.glob("*.safetensors"))}
    found = {"file": file.name, "sha256": sha256(file), "made_from": weights, "texts": len(TEXTS), "logit_error": off}
    write_atomically(folder / CHECKED, json.dumps(found, indent=1))
    write_modelfile(file, merged, student)
    return folder
