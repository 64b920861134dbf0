"""A method that an earlier build trained from the same base, data, settings and code is copied, not trained again.

So the arms of a comparison that begin with the same supervised fine-tuning, and builds that differ in a later method
alone, train it once.
"""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

from ..codehash import code_digest
from ..config import TrainConfig
from ..errors import ArtifactError
from ..models.load import locate
from ..records import digest
from ..store import Artifact, check_files, hashes, read_stage, sha256, write_atomically
from .carrying import MOVABLE
from .context import Context

log = logging.getLogger(__name__)
MADE_FROM = "made-from.json"
SFT_SETTINGS = frozenset(
    {
        "seed",
        "dtype",
        "adapter",
        "lora_r",
        "lora_alpha",
        "adalora_start_r",
        "adalora_warmup",
        "adalora_settle",
        "adalora_every",
        "adalora_orthogonality",
        "learning_rate",
        "epochs",
        "batch",
        "accumulation",
        "max_tokens",
        "launch",
        "checkpoint_steps",
        "moe_balance_loss",
        "moe_z_loss",
        "moe_bias_rate",
        "moe_parameter_penalty",
    }
)  # what supervised fine-tuning reads; any other method may read all of them
LAUNCHED = frozenset({"processes", "zero", "offload"})  # read where several processes are started; they decide rounding
_HOOKS = ("srm_train", "srm_verify", "srm_rewards", "srm_describe_pack")
_MODULES = (
    "srm_core.calculator",
    "srm_core.general",
    "srm_core.inference",
    "srm_core.models",
    "srm_core.prompts",
    "srm_core.stages.train",
    "srm_core.training",
    "srm_core.traces",
    "srm_core.verify",
    "srm_core.verifying",
)


def made_from(method: str, base: Path, data: Path, config: TrainConfig, context: Context) -> tuple[str, str]:
    """Return the digest of everything that decides what ``method`` will make of ``base`` and ``data``.

    And that of the same without how the work is shared (`carrying.MOVABLE`).
    """
    settings = config.model_dump(mode="json", exclude={"methods"})
    files = hashes(data)
    if method == "sft":
        settings = {name: value for name, value in settings.items() if name in SFT_SETTINGS | LAUNCHED}
        files = {name: each for name, each in files.items() if name == "rows.jsonl" or name.startswith("adapter/")}
    if method == "gkd":
        found = locate(config.gkd_teacher)
        files |= {f"teacher/{name}": each for name, each in _weights(found.folder).items()} if found else {}
    decisive = {
        "method": method,
        "base": _weights(base),
        "data": files,
        "settings": settings,
        "threads": context.config.threads,
        "code": [code_digest(_MODULES), context.host.plugins_digest(_HOOKS)],
    }
    movable = {name: value for name, value in settings.items() if name not in MOVABLE}
    return digest(decisive), digest({**decisive, "settings": movable})


def _weights(checkpoint: Path) -> dict[str, str]:
    return {file.name: sha256(file) for file in sorted(checkpoint.iterdir()) if file.is_file()}


def take_finished(method: str, key: str, out: Path) -> bool:
    """Copy the folder of ``method`` from a finished build that made it from ``key``; say whether there was one.

    ``out`` is the method's folder in an unfinished artifact of the stage train. A folder whose files are not what its
    build published is passed over with a warning.
    """
    stage = out.parent.parent
    for made in sorted(stage.glob(f"[!.]*/{method}/{MADE_FROM}")):
        if json.loads(made.read_text(encoding="utf-8")) != key:
            continue
        try:
            artifact = Artifact(made.parent.parent, read_stage(made.parent.parent))
        except (OSError, ArtifactError):
            continue  # being written, or damaged: the store says so where it is asked for
        if check_files(artifact):
            log.warning("%s: %s was changed since it was published and is not reused", method, artifact.path.name)
            continue
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(made.parent, out)
        log.info("%s: made from the same data, settings and code by an earlier build; taken from there", method)
        return True
    return False


def say_made_from(key: str, out: Path) -> None:
    """Keep ``key`` in the folder of a finished method."""
    write_atomically(out / MADE_FROM, json.dumps(key))
