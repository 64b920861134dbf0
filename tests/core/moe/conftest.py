"""Tiny mixtures, and the dense models they are made of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Generate with transformers itself: kernels are tested elsewhere and take long to compile."""
    monkeypatch.setenv("SRM_ENGINE", "transformers")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint ``tiny:0`` in a folder of its own."""
    from srm_core.models import tiny

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRM_CACHE", os.environ.get("SRM_CACHE") or str(tmp_path_factory.mktemp("cache")))
        source = tiny.folder(0)
    folder = tmp_path_factory.mktemp("dense") / "tiny"
    shutil.copytree(source, folder)
    return folder


@pytest.fixture(scope="session")
def upcycled(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``tiny:0`` as four noisy experts, two a token; no test changes it."""
    from srm_core.moe.upcycle import upcycle

    out = tmp_path_factory.mktemp("moe") / "four"
    upcycle(f"dir:{tiny_folder}", out, experts=4, top_k=2, noise=0.5, seed=3)
    return out


@pytest.fixture(scope="session")
def unequal(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``tiny:0`` as four experts of 16 to 128 neurons, two a token; no test changes it."""
    from srm_core.moe.heterogeneous import upcycle_unequal

    out = tmp_path_factory.mktemp("moe") / "unequal"
    upcycle_unequal(f"dir:{tiny_folder}", out, sizes="16,32,64,128", top_k=2, noise=0.5, seed=3)
    return out


@pytest.fixture
def mixture(upcycled: Path) -> Any:
    """A model of `upcycled` that the test may change; its routers are made decisive."""
    import torch

    from srm_core.models.load import load_weights
    from srm_core.training.experts.blocks import moe_blocks

    model = load_weights(upcycled)
    with torch.no_grad():
        for block in moe_blocks(model):
            block.router.weight.mul_(50)
    return model


def _family(kind: str, **changes: Any) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    settings = {
        "vocab_size": 64,
        "hidden_size": 32,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "num_experts_per_tok": 2,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    experts = {
        "mixtral": {"num_local_experts": 4},
        "qwen3_moe": {"num_experts": 4, "moe_intermediate_size": 24, "head_dim": 8},
        "olmoe": {"num_experts": 4},
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = AutoConfig.for_model(kind, **{**settings, **experts.get(kind, {}), **changes})
        return AutoModelForCausalLM.from_config(config).eval()


@pytest.fixture(scope="session")
def family() -> Callable[..., Any]:
    """Return the function that makes a random tiny mixture of a family of transformers, by its model type."""
    return _family
