"""What training cannot do: asked by the checks before a build, and again where a method starts. Nothing is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..config import POLICY_METHODS, TrainConfig
from ..models.heterogeneous import HETEROGENEOUS
from .experts.blocks import FAMILIES, WATCHED

EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts")


def refusal(config: TrainConfig, base: Mapping[str, Any] | None) -> str:
    """Return why these methods cannot follow one another, or cannot train a base with these settings; "" if they can.

    ``base`` is the base's ``config.json``; None: it is not at hand yet, and what depends on it is not asked.
    """
    reasons = [unfit_order(config.methods), unfit_esft(config, base), unfit_adalora(config)]
    if base is not None:
        reasons += [unfit_adapter(config.adapter, base), unfit_balance(config, base), unfit_launch(config, base)]
    return next((reason for reason in reasons if reason), "")


def unfit_order(methods: tuple[str, ...]) -> str:
    """Return why ``methods`` cannot follow one another, or ""."""
    if not methods or len(set(methods)) < len(methods):
        return f"train.methods = {list(methods)}: name at least one method, and each once"
    if "cpt" in methods[1:]:
        return "train.methods: cpt reads the corpus before anything is taught; put it first"
    if "esft" in methods and len(methods) > 1:
        other = next(name for name in methods if name != "esft")
        return (
            f"train.methods: esft trains the weights of experts themselves, and {other} an adapter; take esft alone, "
            f"and {other} in a build on its merged weights (--base dir:RUN/candidate/merged)"
        )
    reinforced = [name for name in methods if name in POLICY_METHODS]
    if methods[0] in POLICY_METHODS:
        return f"train.methods: {methods[0]} goes on from the adapter of another method; put sft before it"
    if len(reinforced) > 1:
        return f"train.methods: {' and '.join(reinforced)} are all reinforcement learning; take one of them"
    return ""


def unfit_adapter(adapter: str, base: Mapping[str, Any]) -> str:
    """Return why ``train.adapter`` cannot lie on the base whose ``config.json`` is ``base``, or ""."""
    if adapter == "adalora" and _has_experts(base):
        return (
            "train.adapter = 'adalora': the base is a mixture of experts, and how much an expert's ranks matter is not "
            "known in steps in which no token goes to it; take lora or rslora"
        )
    if adapter != "dora" or not _has_experts(base) or _kind(base) == HETEROGENEOUS:  # whose experts are linear layers
        return ""
    return (
        "train.adapter = 'dora': the base is a mixture of experts, and peft cannot scale the rows of its experts; "
        "take lora or rslora"
    )


def unfit_adalora(config: TrainConfig) -> str:
    """Return why ranks cannot be taken as the settings ask, or ""."""
    if config.adapter != "adalora":
        return ""
    if config.methods[0] != "sft":
        return "train.adapter = 'adalora': ranks are taken while sft trains; put sft first in train.methods"
    if config.launch != "none":
        return "train.adapter = 'adalora': ranks are taken by one process; take train.launch = 'none'"
    if config.adalora_start_r <= config.lora_r:
        return (
            f"train.adalora_start_r = {config.adalora_start_r}: no rank could be taken from a layer, for "
            f"train.lora_r = {config.lora_r} are left of it in the mean; raise it"
        )
    if config.adalora_warmup + config.adalora_settle >= 1:
        return (
            f"train.adalora_warmup = {config.adalora_warmup:g} and train.adalora_settle = {config.adalora_settle:g}: "
            "no step is left in which ranks are taken; lower one of them"
        )
    return ""


def unfit_esft(config: TrainConfig, base: Mapping[str, Any] | None) -> str:
    """Return why esft cannot be done with these settings on this base, or ""; without esft there is no reason."""
    if "esft" not in config.methods:
        return ""
    if config.adapter != "lora":
        return f"train.adapter = {config.adapter!r}: esft trains experts' own weights and no adapter; leave it at lora"
    if config.dtype != "float32":
        return (
            f"train.dtype = {config.dtype!r}: esft trains weights of the base themselves, and steps below what "
            "this type resolves would be lost; take float32"
        )
    if base is not None and _kind(base) == HETEROGENEOUS:
        return (
            "train.methods: esft trains slices of the tensors that hold all experts of a layer, and unequal experts "
            "are in none; take sft"
        )
    reason = "" if base is None else _unknown_experts(base)
    return f"train.methods: esft trains the experts that the rows use most, and {reason}" if reason else ""


def unfit_balance(config: TrainConfig, base: Mapping[str, Any]) -> str:
    """Return why the use of experts cannot be balanced as the settings ask, or ""."""
    values = {"train.moe_balance_loss": config.moe_balance_loss, "train.moe_z_loss": config.moe_z_loss}
    values["train.moe_bias_rate"] = config.moe_bias_rate
    values["train.moe_parameter_penalty"] = config.moe_parameter_penalty
    asked = [f"{name} = {value:g}" for name, value in values.items() if value]
    if not asked:
        return ""
    if "sft" not in config.methods:
        return f"{asked[0]} balances experts in sft, which is not in train.methods; set it to 0"
    if config.launch != "none" or config.accumulation > 1:
        return (
            f"{asked[0]} balances experts over whole batches, which train.accumulation and train.launch cut into parts "
            "that differ; leave both"
        )
    reason = _unknown_experts(base)
    if reason:
        return f"{asked[0]} balances the use of experts, and {reason}, or set it to 0"
    if config.moe_parameter_penalty and _kind(base) != HETEROGENEOUS:
        return (
            f"{asked[-1]} prefers small experts, and those of the base (of type {_kind(base)}) are all of one size; "
            "make unequal ones with `srm moe upcycle --sizes`, or set it to 0"
        )
    return ""


def unfit_launch(config: TrainConfig, base: Mapping[str, Any]) -> str:
    """Return why several processes cannot train the base, or ""."""
    if config.launch == "none" or _kind(base) != HETEROGENEOUS:
        return ""
    return (
        f"train.launch = {config.launch!r}: an unequal expert that no token of a process goes to has no gradient "
        "there, and the other processes would wait for it; train in one"
    )


def _kind(base: Mapping[str, Any]) -> Any:
    return (base.get("text_config") or base).get("model_type")


def _has_experts(base: Mapping[str, Any]) -> bool:
    text = base.get("text_config") or base
    return any(text.get(name) for name in EXPERTS)


def _unknown_experts(base: Mapping[str, Any]) -> str:
    """Return why the experts of ``base`` cannot be looked into and what to do, or ""."""
    kind = _kind(base)
    if not _has_experts(base):
        return f"the base (of type {kind}) has no experts: it is dense; make some with `srm moe upcycle`"
    if kind not in WATCHED:
        return f"mixtures of type {kind} are not looked into here; take a base of the types {', '.join(FAMILIES)}"
    return ""
