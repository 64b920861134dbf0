"""The class of unequal experts: what it computes, who learns, and that it loads through srm and through nothing else."""

from __future__ import annotations

import json
import logging
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from srm_core.config import TrainConfig
from srm_core.errors import ModelError
from srm_core.inference.local import open_local
from srm_core.models.heterogeneous import HETEROGENEOUS
from srm_core.models.heterogeneous.configuration import HeterogeneousConfig
from srm_core.models.load import load_tokenizer, load_weights, locate
from srm_core.moe.adapters import with_expert_adapters
from srm_core.records import Message, Sampling
from srm_core.training.experts.blocks import moe_blocks
from srm_core.training.experts.routing import recorded
from srm_core.training.lora import merge, with_new_adapter

from .test_upcycle import logits

TURN = [Message(role="user", content="7+5?")]


def test_a_layer_by_hand(unequal: Path) -> None:
    block = load_weights(unequal).get_submodule("model.layers.1.mlp")
    x = torch.randn(2, 3, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        said = block(x).reshape(6, 64)
    for token, row in enumerate(x.reshape(6, 64).tolist()):
        scores = [math.exp(sum(a * b for a, b in zip(row, line, strict=True))) for line in block.gate.weight.tolist()]
        first, second = sorted(range(4), key=lambda n: -scores[n])[:2]
        wanted = torch.zeros(64, dtype=torch.float64)
        for number in (first, second):
            expert, value = block.experts[number], torch.tensor(row, dtype=torch.float64)
            gate, up, down = (
                part.weight.detach().double() for part in (expert.gate_proj, expert.up_proj, expert.down_proj)
            )
            z = gate @ value
            wanted += scores[number] / (scores[first] + scores[second]) * (down @ (z / (1 + (-z).exp()) * (up @ value)))
        torch.testing.assert_close(said[token].double(), wanted, atol=1e-6, rtol=1e-4)


def test_chosen_experts_get_gradient_and_the_others_do_not_and_keep_every_bit(unequal: Path) -> None:
    model = load_weights(unequal).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with recorded(model) as seen:
        loss = model(torch.tensor([[65]])).logits.square().mean()  # one token: two of four experts in each layer
    loss.backward()
    chosen = {layer: set(rows[0].chosen.reshape(-1).tolist()) for layer, rows in seen.items()}
    for block in moe_blocks(model):
        for number, expert in enumerate(block.experts):
            grads = [tensor.grad for tensor in expert.parameters()]
            assert len(grads) == 3
            if number in chosen[block.layer]:
                assert all(grad is not None and bool(grad.abs().max() > 0) for grad in grads)
            else:
                assert grads == [None, None, None]
        assert bool(block.router.weight.grad.abs().max() > 0)
    torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.5).step()
    moved = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    for block in moe_blocks(model):
        for number in range(4):
            own = {f"{block.name}.experts.{number}.{part}_proj.weight" for part in ("gate", "up", "down")}
            assert (own <= moved) == (number in chosen[block.layer])
            assert bool(own & moved) == (number in chosen[block.layer])


def test_it_is_saved_and_loaded_bit_for_bit(unequal: Path, tmp_path: Path) -> None:
    model = load_weights(unequal)
    model.save_pretrained(tmp_path)
    old, new = load_file(unequal / "model.safetensors"), load_file(tmp_path / "model.safetensors")
    assert old.keys() == new.keys()
    assert all(torch.equal(old[name], new[name]) for name in old)
    again = load_weights(tmp_path)
    assert again.config.expert_sizes == [16, 32, 64, 128]
    assert torch.equal(logits(again), logits(model))


def test_plain_transformers_refuses_it_by_its_type(unequal: Path) -> None:
    script = "import sys, transformers; transformers.AutoConfig.from_pretrained(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", script, str(unequal)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"`{HETEROGENEOUS}` but Transformers does not recognize this architecture" in done.stderr


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"expert_sizes": [16, 32, 64]}, "3 expert_sizes for 4 experts"),
        ({"expert_sizes": [16, 32, 64, 0]}, "a size is a whole number of neurons, 1 or more"),
        ({"num_experts_per_tok": 5}, "4 expert_sizes for 4 experts, 5 of them a token"),
        ({"expert_sizes": [16, 32, 64, 120]}, "cannot be loaded: .*mlp.experts.3.* of another shape"),
    ],
)
def test_a_damaged_checkpoint_is_refused_in_one_sentence(
    unequal: Path, tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    shutil.copytree(unequal, tmp_path / "bad")
    file = tmp_path / "bad" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    with pytest.raises(ModelError, match=sentence) as refused:
        load_weights(tmp_path / "bad")
    assert "\n" not in str(refused.value)


def test_without_sizes_every_expert_is_as_wide_as_the_base() -> None:
    config = HeterogeneousConfig(intermediate_size=24, num_local_experts=3, num_experts_per_tok=1)
    assert config.expert_sizes == [24, 24, 24]


def test_the_engine_says_that_transformers_generates_and_it_says_what_the_model_says(
    unequal: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRM_ENGINE", "native")
    with caplog.at_level(logging.WARNING):
        model = open_local(f"dir:{unequal}")
    assert model is not None
    assert f"the engine does not know models of type '{HETEROGENEOUS}'; transformers generates instead" in caplog.text
    ((said,),) = model.generate([TURN], Sampling(max_tokens=5))
    ids = model.encode(TURN)
    for _ in range(said.tokens):  # without a cache
        with torch.no_grad():
            ids.append(int(model.model(torch.tensor([ids])).logits[0, -1].argmax()))
    assert load_tokenizer(unequal).decode(ids[-said.tokens :], skip_special_tokens=True).startswith(said.text)


def test_lower_precision_is_refused_for_it_is_in_the_kernels(unequal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRM_ENGINE", "native")
    with pytest.raises(ModelError, match=f"cannot run with int8 weights: models of type '{HETEROGENEOUS}'"):
        open_local(f"dir:{unequal}", weights="int8")


@pytest.mark.parametrize("kind", ["lora", "rslora", "dora"])
def test_the_adapter_of_a_build_lies_on_experts_and_routers_and_is_merged(
    unequal: Path, tmp_path: Path, kind: str
) -> None:
    adapted = with_new_adapter(unequal, TrainConfig.model_validate({"lora_r": 2, "adapter": kind}))
    on = {name.partition(".lora_A")[0].removeprefix("base_model.model.") for name in adapted.state_dict()}
    wanted = {f"model.layers.{layer}.mlp.gate.proj" for layer in range(2)} | {
        f"model.layers.{layer}.mlp.experts.{number}.{part}_proj"
        for layer in range(2)
        for number in range(4)
        for part in ("gate", "up", "down")
    }
    assert wanted <= on
    with torch.no_grad():
        for name, tensor in adapted.named_parameters():
            if "lora_B" in name:
                tensor.fill_(0.01)
    adapted.save_pretrained(tmp_path / "adapter")
    merge(unequal, tmp_path / "adapter", tmp_path / "merged")
    found = locate(f"dir:{tmp_path / 'merged'}")
    assert found is not None
    after = logits(load_weights(found.folder))
    assert (after - logits(load_weights(unequal))).abs().max() > 1e-3
    torch.testing.assert_close(after, logits(adapted.eval()), atol=1e-5, rtol=0)


def test_adapters_for_fused_experts_are_refused(unequal: Path) -> None:
    with pytest.raises(ModelError, match="unequal experts are linear layers of their own"):
        with_expert_adapters(load_weights(unequal), r=2, alpha=4)
