"""What several processes cannot train, and settings that would not be read: asked before a build, nothing is loaded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec

from ..config import TrainConfig
from ..errors import ConfigError, MissingExtra
from .places import hosts_of, task_nodes

TOGETHER = {"torch": ("cpt", "sft"), "deepspeed": ("sft",)}  # methods whose steps several processes share


def check_launch(config: TrainConfig, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse what `launch` could not do as it was asked to.

    Raises:
        ConfigError: a method, a setting or the environment does not fit; the sentence names it.
        MissingExtra: ``train.launch = 'deepspeed'`` and deepspeed is not installed.
    """
    if config.accumulation > 1 and "sft" not in config.methods:
        raise ConfigError(
            f"train.accumulation = {config.accumulation} is read by sft alone, which is not in train.methods; leave it"
        )
    together = config.processes * config.accumulation
    if config.batch % together:
        raise ConfigError(
            f"train.batch = {config.batch} cannot be divided evenly by {config.processes} processes x "
            f"{config.accumulation} passes (train.accumulation); make it a multiple of {together}"
        )
    if config.launch != "deepspeed" and (config.zero != TrainConfig().zero or config.offload):
        raise ConfigError("train.zero and train.offload are read by train.launch = 'deepspeed' alone; leave them")
    if config.launch == "none":
        if config.processes > 1:
            raise ConfigError(
                f"train.processes = {config.processes}: say how they are started, --launch torch or --launch deepspeed"
            )
        return
    _check_launched(config, environment)


def _check_launched(config: TrainConfig, environment: Mapping[str, str]) -> None:
    asked = f"train.launch = {config.launch!r}"
    alone = [name for name in config.methods if name not in TOGETHER[config.launch]]
    if alone:
        raise ConfigError(
            f"{asked}: {' and '.join(alone)} cannot be trained by several processes so, only "
            f"{' and '.join(TOGETHER[config.launch])} can; leave {' and '.join(alone)} out of train.methods, or take "
            "train.launch = 'none'"
        )
    if int(environment.get("WORLD_SIZE") or 1) > 1:
        raise ConfigError(
            f"{asked}: srm starts the processes of training itself, and was started by torchrun or the like "
            f"(WORLD_SIZE = {environment['WORLD_SIZE']}); run srm build once, as an ordinary command"
        )
    hosts_of(config.processes, environment)
    task_nodes(config.processes, environment)
    if config.launch == "deepspeed":
        _check_deepspeed(config, asked)


def _check_deepspeed(config: TrainConfig, asked: str) -> None:
    if find_spec("deepspeed") is None:
        raise MissingExtra(f"{asked}: deepspeed is not installed; pip install 'srm-sdk[distributed]'")
    if config.adapter == "dora" and config.zero == 3:
        raise ConfigError(f"{asked}: dora reads whole rows of weights that ZeRO-3 keeps in parts; take train.zero = 2")
    if config.dtype != "float32":
        raise ConfigError(f"{asked}: train.dtype = {config.dtype!r} is not supported under ZeRO; take float32")
