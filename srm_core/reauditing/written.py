"""What a file was checked by when it was written, and what nobody tried on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..exporting.gguf import CHECKED
from ..exporting.llama_cpp import GREEDY
from ..reports.exports_section import JUDGED

Said = tuple[str, ...]
OTHERS = "llama.cpp and Ollama answered none of the items: the file's weights did, computed with in float32 here"


def checks_of(written: Path, target: str) -> tuple[Said, Said]:
    """Return what the export ``written`` was checked by, and what was not checked, a sentence each."""
    if not target.startswith("gguf"):
        return (), () if target in JUDGED else (f"no other program opened the {target} file",)
    file = written / CHECKED
    if not file.is_file():
        return (), (f"it holds no {CHECKED}, so nobody compared its tokens and logits", OTHERS)
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    did = [
        f"transformers reads it back: the ids of {found['texts']} texts and the prompt are the same, "
        f"logits are off by at most {found['logit_error']:.2g} of their spread"
    ]
    there = found["llama.cpp"]
    if isinstance(there, str):
        return tuple(did), (f"llama.cpp: {there}", OTHERS)
    did.append(
        f"llama.cpp (llama-cpp-python {there['version']}) opens it: the ids of {there['texts']} texts and the prompt "
        f"are the same, logits are off by at most {there['logit_error']:.2g} of their spread, {there['greedy']} of "
        f"{GREEDY} greedy tokens are the same and {there['close']} others nearly as likely"
    )
    return tuple(did), (OTHERS,)
