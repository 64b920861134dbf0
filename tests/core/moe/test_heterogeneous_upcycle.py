"""Unequal experts made of a dense model: their widths, their neurons, and what is refused before anything is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from srm_core.cli import cli
from srm_core.errors import ConfigError, ModelError
from srm_core.models.load import load_tokenizer, load_weights, locate
from srm_core.moe.heterogeneous import UpcycledUnequal, upcycle_unequal
from srm_core.moe.neurons import strongest
from srm_core.moe.sizes import sizes_of
from srm_core.moe.upcycle import REPORT, upcycle
from srm_core.store import sha256
from srm_core.training.experts.blocks import moe_blocks

from .test_upcycle import dense, logits


@pytest.mark.parametrize(
    ("said", "experts", "inner", "sizes"),
    [
        ("geometric", 4, 128, (16, 32, 64, 128)),
        ("geometric", None, 1536, (12, 24, 48, 96, 192, 384, 768, 1536)),  # 1, 2, 4, ..., 128 parts, as in the paper
        ("arithmetic", None, 2300, (900, 1100, 1300, 1500, 1700, 1900, 2100, 2300)),  # 9, 11, ..., 23 parts
        ("arithmetic", 3, 23, (9, 16, 23)),
        ("arithmetic", 2, 1536, (601, 1536)),  # 9/23 of 1536 is 601.04
        ("equal", 3, 48, (48, 48, 48)),
        ("96, 8,8", None, 96, (96, 8, 8)),
        ("1,2", 2, 96, (1, 2)),
    ],
)
def test_sizes_by_hand(said: str, experts: int | None, inner: int, sizes: tuple[int, ...]) -> None:
    assert sizes_of(said, experts, inner) == sizes


@pytest.mark.parametrize(
    ("said", "experts", "sentence"),
    [
        ("geometric", 9, "the smallest would be 0.5 of the base's 128 neurons wide"),
        ("arithmetic", 1, "a mixture needs at least two"),
        ("64", None, "a mixture needs at least two"),
        ("64,32", 3, "are 2 experts, and --experts says 3"),
        ("64,129", None, "an expert has 1 to 128 neurons, as many as the base, not 129"),
        ("64,0", None, "as the base, not 0"),
        ("cubic", None, "it is geometric, arithmetic, equal, or the inner width of each expert"),
        ("64,-2", None, "or the inner width of each expert"),
    ],
)
def test_sizes_that_cannot_be_are_refused(said: str, experts: int | None, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence.replace("(", r"\(")):
        sizes_of(said, experts, 128)


def test_the_strongest_neurons_by_hand() -> None:
    gate = torch.tensor([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0], [0.0, 1.0]])  # norms 5, 1, 2, 1
    up = torch.tensor([[1.0, 0.0], [0.0, 6.0], [0.0, 1.0], [1.0, 0.0]])  # 1, 6, 1, 1
    down = torch.tensor([[1.0, 0.0, 0.0, 4.0], [0.0, 1.0, 3.0, 3.0]])  # 1, 1, 3, 5
    # products: 5, 6, 6, 5
    assert [strongest(gate, up, down, width).tolist() for width in (1, 2, 3, 4)] == [
        [1],
        [1, 2],
        [0, 1, 2],
        [0, 1, 2, 3],
    ]


def test_a_neuron_adds_no_more_than_its_strength_times_the_token_squared() -> None:
    draw = torch.Generator().manual_seed(0)
    gate, up, down = (torch.randn(shape, generator=draw) for shape in ((6, 3), (6, 3), (3, 6)))
    x = torch.randn(50, 3, generator=draw)
    strength = gate.norm(dim=1) * up.norm(dim=1) * down.norm(dim=0)
    for act in (torch.nn.functional.silu, torch.nn.functional.gelu):
        added = (act(x @ gate.T) * (x @ up.T))[:, :, None] * down.T  # (tokens, neurons, 3)
        assert bool((added.norm(dim=-1) <= strength * x.norm(dim=1, keepdim=True) ** 2 + 1e-5).all())


@pytest.mark.parametrize(("experts", "top_k"), [(2, 1), (4, 2), (3, 3)])
def test_experts_as_wide_as_the_base_compute_what_it_computes(
    tiny_folder: Path, tmp_path: Path, experts: int, top_k: int
) -> None:
    made = upcycle_unequal(f"dir:{tiny_folder}", tmp_path / "moe", sizes="equal", experts=experts, top_k=top_k)
    model = load_weights(tmp_path / "moe")
    assert type(model).__name__ == "HeterogeneousForCausalLM"
    assert [(block.size, block.top_k, block.fused) for block in moe_blocks(model)] == [(experts, top_k, False)] * 2
    torch.testing.assert_close(logits(model), logits(load_weights(tiny_folder)), atol=1e-5, rtol=0)
    same = upcycle(f"dir:{tiny_folder}", tmp_path / "fused", experts=experts, top_k=top_k)
    assert (made.parameters, made.active_least, made.active_most) == (same.parameters, same.active, same.active)
    torch.testing.assert_close(logits(model), logits(load_weights(tmp_path / "fused")), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("llama", {"tie_word_embeddings": True, "hidden_act": "gelu_pytorch_tanh"}),
        ("mistral", {"tie_word_embeddings": False, "sliding_window": 8}),
    ],
)
def test_each_family_keeps_its_logits(tiny_folder: Path, tmp_path: Path, kind: str, changes: dict[str, Any]) -> None:
    base = dense(tmp_path / "dense", kind, source=tiny_folder, **changes)
    upcycle_unequal(str(base), tmp_path / "moe", sizes="equal", experts=3, top_k=2)
    before = logits(load_weights(base))
    assert before.abs().max() > 0.1
    torch.testing.assert_close(logits(load_weights(tmp_path / "moe")), before, atol=1e-5, rtol=0)


def test_an_expert_holds_the_strongest_neurons_of_the_base(tiny_folder: Path, tmp_path: Path) -> None:
    made = upcycle_unequal(str(tiny_folder), tmp_path / "moe", sizes="8,128,40", top_k=1)
    assert made.sizes == (8, 128, 40)
    old, new = load_weights(tiny_folder).state_dict(), load_weights(tmp_path / "moe").state_dict()
    for layer in range(2):
        home = f"model.layers.{layer}.mlp."
        gate, up, down = (old[f"{home}{part}_proj.weight"] for part in ("gate", "up", "down"))
        order = sorted(range(128), key=lambda j: -float(gate[j].norm() * up[j].norm() * down[:, j].norm()))
        for number, width in enumerate(made.sizes):
            taken = sorted(order[:width])
            assert torch.equal(new[f"{home}experts.{number}.gate_proj.weight"], gate[taken])
            assert torch.equal(new[f"{home}experts.{number}.up_proj.weight"], up[taken])
            assert torch.equal(new[f"{home}experts.{number}.down_proj.weight"], down[:, taken])
    whole = sum(tensor.numel() for tensor in load_weights(tiny_folder).parameters())
    routers, neuron = 2 * 3 * 64, 2 * 3 * 64  # of both layers
    assert made.parameters == whole + routers + (8 + 128 + 40 - 128) * neuron
    assert made.active_least == whole + routers + (8 - 128) * neuron
    assert made.active_most == whole + routers


def test_noise_makes_the_neurons_of_two_experts_differ(tiny_folder: Path, tmp_path: Path) -> None:
    upcycle_unequal(str(tiny_folder), tmp_path / "moe", sizes="128,128", top_k=1, noise=0.2, seed=5)
    old = load_weights(tiny_folder).state_dict()
    for block in moe_blocks(load_weights(tmp_path / "moe")):
        before = old[f"{block.name}.down_proj.weight"]
        off = [expert.down_proj.weight.detach() - before for expert in block.experts]
        assert all(each.std() / before.std() == pytest.approx(0.2, rel=0.03) for each in off)
        assert not torch.equal(*off)


def test_the_folder_says_how_it_was_made_and_the_same_seed_gives_the_same_bytes(
    tiny_folder: Path, tmp_path: Path
) -> None:
    torch.manual_seed(99)  # whatever was drawn before
    one, two, other = (
        upcycle_unequal(str(tiny_folder), tmp_path / name, sizes="geometric", experts=3, noise=0.1, seed=seed)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert one.files == two.files
    assert one.files != other.files
    assert UpcycledUnequal.model_validate_json((tmp_path / "a" / REPORT).read_text()) == one
    assert {name: sha256(tmp_path / "a" / name) for name in one.files} == one.files
    assert one.bytes == (tmp_path / "a" / "model.safetensors").stat().st_size
    assert locate(f"dir:{tmp_path / 'a'}") is not None
    assert load_tokenizer(tmp_path / "a").chat_template == load_tokenizer(tiny_folder).chat_template
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]


def test_a_half_precision_base_stays_in_half_precision(tiny_folder: Path, tmp_path: Path) -> None:
    base = tmp_path / "half"
    load_weights(tiny_folder).to(torch.bfloat16).save_pretrained(base)
    load_tokenizer(tiny_folder).save_pretrained(base)
    made = upcycle_unequal(str(base), tmp_path / "moe", sizes="16,128", top_k=2)
    model = load_weights(tmp_path / "moe", "auto")
    assert {tensor.dtype for tensor in model.parameters()} == {torch.bfloat16}
    assert bool(torch.isfinite(logits(model)).all())
    assert 2 * made.parameters < made.bytes < 2 * made.parameters + 20_000


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("qwen3", {}, "models of type 'qwen3' cannot become a mixture of unequal experts; bases of the types llama"),
        ("llama", {"attention_bias": True}, "this llama model has biases in its attention, which a mixture of unequal"),
        ("llama", {"mlp_bias": True}, "has biases in its feed-forward"),
    ],
)
def test_another_architecture_is_refused_before_anything_is_written(
    tiny_folder: Path, tmp_path: Path, kind: str, changes: dict[str, Any], message: str
) -> None:
    base = dense(tmp_path / "dense", kind, source=tiny_folder, **changes)
    with pytest.raises(ModelError, match=message):
        upcycle_unequal(str(base), tmp_path / "moe", sizes="equal", experts=2)
    assert [path.name for path in tmp_path.iterdir()] == ["dense"]


def test_a_mixture_of_unequal_experts_is_not_upcycled_again(unequal: Path, tmp_path: Path) -> None:
    for make in (
        lambda: upcycle(str(unequal), tmp_path / "a", experts=2, top_k=1),
        lambda: upcycle_unequal(str(unequal), tmp_path / "a", sizes="equal"),
    ):
        with pytest.raises(ModelError, match="models of type 'srm_heterogeneous_moe' cannot become a mixture"):
            make()
    assert not list(tmp_path.iterdir())


def test_the_command_prints_what_was_made_and_each_refusal_is_one_sentence(tiny_folder: Path, tmp_path: Path) -> None:
    def srm(*words: object) -> Any:
        return CliRunner().invoke(cli, ["moe", "upcycle", *map(str, words)])

    done = srm(tiny_folder, tmp_path / "moe", "--sizes", "arithmetic", "--experts", 3)
    assert done.exit_code == 0, done.output
    made = UpcycledUnequal.model_validate_json((tmp_path / "moe" / REPORT).read_text())
    assert made.sizes == (50, 89, 128)  # 9/23, 16/23 and all of 128
    assert made.top_k == 2
    assert json.loads((tmp_path / "moe" / "config.json").read_text())["expert_sizes"] == [50, 89, 128]
    assert "3 experts a layer, 50, 89, 128 neurons wide, 2 of them a token" in done.stdout
    assert f"{made.active_least:,} to {made.active_most:,} active a token" in done.stdout
    assert "only the adapter is exported" in done.stdout
    for words, sentence in (
        ((tiny_folder, tmp_path / "moe", "--sizes", "equal"), "exists already"),
        ((tiny_folder, tmp_path / "b", "--sizes", "8,16", "--top-k", 3), "top-k 3 of 2 experts"),
        ((tiny_folder, tmp_path / "b", "--sizes", "8,16", "--noise", -1), "noise -1.0 is negative"),
        ((tiny_folder, tmp_path / "b", "--sizes", "huge"), "--sizes huge: it is geometric"),
    ):
        refused = srm(*words)
        assert refused.exit_code == 1
        assert sentence in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
