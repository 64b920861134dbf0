"""Open a checkpoint safely: from a folder or a hub id, safetensors only, never running code that comes with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelError
from . import embedded, tiny
from .heterogeneous.registering import register_for

SCHEMES = ("embedded:", "dir:", "hf:", "tiny:")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on disk that was found safe to load."""

    ref: str
    folder: Path


def locate(ref: str) -> Checkpoint | None:
    """Return the checkpoint behind ``embedded:``, ``dir:``, ``tiny:`` or ``hf:`` (a bare path or hub id works too).

    Returns None for other schemes.

    Raises:
        ModelError: not found, without a chat template, with code inside, or without safetensors weights.
    """
    scheme, colon, rest = ref.partition(":")
    if not colon:
        return locate(f"dir:{ref}" if Path(ref).exists() or ref.startswith((".", "/")) else f"hf:{ref}")
    match scheme:
        case "embedded":
            return Checkpoint(ref, embedded.base_folder(rest))
        case "tiny":
            if not (rest or "0").isdecimal():
                raise ModelError(f"{ref}: the seed of a tiny model is a whole number, e.g. tiny:0")
            return Checkpoint(ref, tiny.folder(int(rest or 0)))
        case "dir":
            return checked(ref, Path(rest))
        case "hf":
            return checked(ref, _from_hub(rest))
    return None


def checked(ref: str, folder: Path) -> Checkpoint:
    """Return the checkpoint in ``folder`` after refusing what would be unsafe or silently wrong."""
    config_file = folder / "config.json"
    if not config_file.exists():
        raise ModelError(f"{ref}: {folder} holds no config.json; give the folder of a transformers checkpoint")
    config = _settings(ref, config_file)
    for name in ("config.json", "tokenizer_config.json"):
        if (folder / name).exists() and "auto_map" in _settings(ref, folder / name):
            raise ModelError(
                f"{ref}: {name} asks to run code that comes with the model (auto_map); srm never does that"
            )
    if not list(folder.glob("*.safetensors")):
        raise ModelError(f"{ref}: {folder} holds no .safetensors weights; pickled weights can run code and are refused")
    if not config.get("architectures"):
        raise ModelError(f"{ref}: {config_file} names no architecture")
    if not has_template(folder):
        raise ModelError(
            f"{ref} has no chat template, so its prompts would be guessed; put a chat_template.jinja into {folder}"
        )
    return Checkpoint(ref, folder)


def _settings(ref: str, file: Path) -> dict[str, Any]:
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{ref}: {file} is not valid JSON: {error}") from None
    if not isinstance(settings, dict):
        raise ModelError(f"{ref}: {file} holds no JSON object")
    return settings


def has_template(folder: Path) -> bool:
    """Say whether the tokenizer in ``folder`` brings a chat template."""
    if (folder / "chat_template.jinja").exists():
        return True
    config = folder / "tokenizer_config.json"
    return config.exists() and bool(json.loads(config.read_text(encoding="utf-8")).get("chat_template"))


def load_tokenizer(folder: Path) -> Any:
    """Return the checkpoint's tokenizer.

    Raises:
        ModelError: there is none, or its files are damaged.
    """
    from transformers import AutoTokenizer

    register_for(folder)  # it reads the settings of the model too
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # the Rust library raises plain exceptions
        raise ModelError(f"the tokenizer in {folder} cannot be loaded: {_first_line(error)}") from None


def load_weights(folder: Path, dtype: str = "float32") -> Any:
    """Return the causal language model in ``folder``, in evaluation mode, on the CPU or the first GPU.

    Raises:
        ModelError: the weights are damaged or do not fit the architecture; a missing one would be drawn at random.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    register_for(folder)
    try:
        model, found = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=dtype,
            local_files_only=True,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # refused below, with their names
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"{folder} cannot be loaded: {_first_line(error)}") from None
    unfit = sorted({*found["missing_keys"], *(str(key[0]) for key in found["mismatched_keys"])})
    if unfit:
        raise ModelError(f"{folder} cannot be loaded: {', '.join(unfit[:3])}: no such weights, or of another shape")
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        wanted = ["*.safetensors", "*.json", "*.jinja", "*.txt", "*.model"]
        return Path(snapshot_download(name, allow_patterns=wanted))
    except Exception as error:  # the hub client raises many kinds; to the user they are one: it could not be had
        raise ModelError(
            f"hf:{name} could not be had from the hub ({_first_line(error)}); "
            "give a folder instead: --base dir:/path/to/checkpoint"
        ) from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
