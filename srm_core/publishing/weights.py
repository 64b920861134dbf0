"""The released weights are base + adapter of the train artifact: computed again, tensor by tensor."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from ..config import BuildConfig
from ..errors import ReleaseRefused
from ..models.load import locate
from ..stages.selection import ARM_OF
from ..store import Artifact, sha256

ROUNDING = 1e-5  # absolute and relative: another number of threads may sum in another order
ADAPTER, MERGED = "adapter", "merged"


def require_trained(candidate: Path, trained: Artifact, config: BuildConfig) -> None:
    """Refuse a candidate whose adapter or merged weights are not those of ``trained``.

    Raises:
        ReleaseRefused: a file or a tensor is another one.
        ModelError: the base is gone, so the weights cannot be computed again.
    """
    methods = {ARM_OF.get(name, name): name for name in config.train.methods}
    adapter = trained.path / list(methods.values())[-1] / ADAPTER
    if (candidate / ADAPTER).is_dir():
        for file in sorted(path for path in adapter.iterdir() if path.is_file()):
            copy = candidate / ADAPTER / file.name
            if not copy.exists() or sha256(copy) != sha256(file):
                raise ReleaseRefused(f"{ADAPTER}/{file.name} is not what stage train wrote; build again")
    if (candidate / MERGED).is_dir() and (name := _other_tensor(candidate / MERGED, adapter, config.base)):
        raise ReleaseRefused(f"{name} in {MERGED}/ is not base + adapter: the model was swapped; build again")


def _other_tensor(folder: Path, adapter: Path, base: str) -> str:
    """Return the name of a tensor in ``folder`` that is missing, added, or not that of base + adapter; else ""."""
    import torch
    from safetensors import safe_open

    from ..training.lora import merge

    found = locate(base)
    assert found is not None, "the pipeline opens local bases only"
    with TemporaryDirectory(dir=folder.parent.parent, suffix=".cache") as scratch:  # no part of the artifact's hashes
        merge(found.folder, adapter, Path(scratch))
        here, expected = _files_of(folder), _files_of(Path(scratch))
        if unlike := sorted(here.keys() ^ expected.keys()):
            return unlike[0]
        for name, file in here.items():
            with safe_open(file, framework="pt") as own, safe_open(expected[name], framework="pt") as other:
                one, two = own.get_tensor(name), other.get_tensor(name)
            if one.shape != two.shape or one.dtype != two.dtype:
                return name
            if not torch.allclose(one, two, rtol=ROUNDING, atol=ROUNDING):
                return name
    return ""


def _files_of(folder: Path) -> dict[str, Path]:
    """Return the file that holds each tensor of a checkpoint."""
    from safetensors import safe_open

    files: dict[str, Path] = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="pt") as tensors:
            files |= dict.fromkeys(tensors.keys(), file)
    return files
