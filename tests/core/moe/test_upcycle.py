"""An upcycled model computes what its dense base computes, is published whole, and refuses what it cannot be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from srm_core.cli import cli
from srm_core.errors import ConfigError, ModelError
from srm_core.models.load import has_template, load_tokenizer, load_weights, locate
from srm_core.moe import upcycle as module
from srm_core.moe.upcycle import REPORT, Upcycled, upcycle
from srm_core.store import sha256
from srm_core.training.experts.blocks import moe_blocks

IDS = torch.arange(48).reshape(2, 24) * 37 % 250 + 3


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return model(IDS).logits


def dense(folder: Path, kind: str, **changes: Any) -> Path:
    """Write a random dense model with the tokenizer of the tiny one."""
    from transformers import AutoConfig, AutoModelForCausalLM

    source = changes.pop("source")
    settings = {
        "vocab_size": 259,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    with torch.random.fork_rng():
        torch.manual_seed(4)
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **{**settings, **changes}))
    for tensor in model.parameters():
        tensor.data.mul_(3)
    model.save_pretrained(folder)
    load_tokenizer(source).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("experts", "top_k"), [(2, 1), (4, 2), (8, 3), (3, 3)])
def test_without_noise_it_computes_what_the_dense_model_computes(
    tiny_folder: Path, tmp_path: Path, experts: int, top_k: int
) -> None:
    made = upcycle(f"dir:{tiny_folder}", tmp_path / "moe", experts=experts, top_k=top_k)
    model = load_weights(tmp_path / "moe")
    assert type(model).__name__ == "MixtralForCausalLM"
    assert [(block.size, block.top_k) for block in moe_blocks(model)] == [(experts, top_k)] * 2
    torch.testing.assert_close(logits(model), logits(load_weights(tiny_folder)), atol=1e-5, rtol=0)
    # width 64, inner width 128, 2 layers: 3 matrices an expert; routers of (experts, 64)
    expert, whole = 3 * 64 * 128, sum(t.numel() for t in load_weights(tiny_folder).parameters())
    assert made.parameters == whole + 2 * (experts - 1) * expert + 2 * experts * 64
    assert made.active == whole + 2 * (top_k - 1) * expert + 2 * experts * 64


@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen3"])
@pytest.mark.parametrize("tied", [True, False])
def test_each_family_keeps_its_logits(tiny_folder: Path, tmp_path: Path, kind: str, tied: bool) -> None:
    base = dense(tmp_path / "dense", kind, tie_word_embeddings=tied, source=tiny_folder)
    upcycle(str(base), tmp_path / "moe", experts=4, top_k=2)
    model, before = load_weights(tmp_path / "moe"), load_weights(base)
    assert type(model).__name__ == ("Qwen3MoeForCausalLM" if kind == "qwen3" else "MixtralForCausalLM")
    assert logits(before).abs().max() > 0.1
    torch.testing.assert_close(logits(model), logits(before), atol=1e-5, rtol=0)


LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("llama", {"rope_parameters": LLAMA3, "max_position_embeddings": 128}),
        ("mistral", {"sliding_window": 8}),
        ("mistral", {"sliding_window": None, "rms_norm_eps": 0.1}),
        ("qwen3", {"attention_bias": True}),
        ("llama", {"hidden_act": "gelu_pytorch_tanh"}),
    ],
)
def test_settings_that_change_what_is_computed_are_taken_over(
    tiny_folder: Path, tmp_path: Path, kind: str, changes: dict[str, Any]
) -> None:
    before = load_weights(dense(tmp_path / "dense", kind, source=tiny_folder, **changes))
    upcycle(str(tmp_path / "dense"), tmp_path / "moe", experts=2, top_k=2)
    plain = load_weights(dense(tmp_path / "plain", kind, source=tiny_folder))
    if "attention_bias" not in changes:  # new biases start at zero
        assert (logits(before) - logits(plain)).abs().max() > 1e-4
    torch.testing.assert_close(logits(load_weights(tmp_path / "moe")), logits(before), atol=1e-5, rtol=0)


def test_a_half_precision_base_stays_in_half_precision(tiny_folder: Path, tmp_path: Path) -> None:
    base = tmp_path / "half"
    load_weights(tiny_folder).to(torch.bfloat16).save_pretrained(base)
    load_tokenizer(tiny_folder).save_pretrained(base)
    made = upcycle(str(base), tmp_path / "moe", experts=2, top_k=2)
    assert load_weights(tmp_path / "moe", "auto").dtype == torch.bfloat16
    assert 2 * made.parameters < made.bytes < 2 * made.parameters + 20_000  # two bytes each, and the header


def test_noise_makes_experts_differ_by_its_share_of_the_deviation(tiny_folder: Path, tmp_path: Path) -> None:
    upcycle(str(tiny_folder), tmp_path / "moe", experts=3, top_k=2, noise=0.2, seed=5)
    before = load_weights(tiny_folder).state_dict()
    for block in moe_blocks(load_weights(tmp_path / "moe")):
        old = before[f"{block.name}.down_proj.weight"]
        off = block.experts.down_proj.detach() - old
        assert off.std() / old.std() == pytest.approx(0.2, rel=0.03)
        assert not torch.equal(off[0], off[1])


def test_the_same_seed_gives_the_same_bytes(tiny_folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(99)  # whatever was drawn before
    one, two, other = (
        upcycle(str(tiny_folder), tmp_path / name, experts=2, top_k=1, noise=0.1, seed=seed)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert one.files == two.files
    assert one.files != other.files


def test_the_folder_says_how_it_was_made_and_is_a_base_for_a_build(tiny_folder: Path, tmp_path: Path) -> None:
    made = upcycle(f"dir:{tiny_folder}", tmp_path / "new" / "moe", experts=2, top_k=1)
    folder = tmp_path / "new" / "moe"
    kept = Upcycled.model_validate_json((folder / REPORT).read_text())
    assert kept == made
    assert {name: sha256(folder / name) for name in made.files} == made.files
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(made.files)
    assert made.bytes == (folder / "model.safetensors").stat().st_size
    found = locate(f"dir:{folder}")
    assert found is not None
    assert has_template(folder)
    turn = [{"role": "user", "content": "7+5?"}]
    assert load_tokenizer(folder).apply_chat_template(turn, tokenize=False) == load_tokenizer(
        tiny_folder
    ).apply_chat_template(turn, tokenize=False)
    assert [path.name for path in folder.parent.iterdir()] == ["moe"]


def test_an_upcycled_base_generates_through_our_own_token_path(upcycled: Path) -> None:
    from srm_core.inference.local import open_local
    from srm_core.records import Message, Sampling

    model = open_local(f"dir:{upcycled}")
    assert model is not None
    ((said,),) = model.generate([[Message(role="user", content="7+5?")]], Sampling(max_tokens=4))
    assert 1 <= said.tokens <= 4


@pytest.mark.filterwarnings("ignore:The following (rank|alpha)_pattern keys")  # peft's, and wrong: they are applied
def test_an_upcycled_base_takes_the_adapter_of_a_build_and_merges_it(upcycled: Path, tmp_path: Path) -> None:
    from srm_core.config import TrainConfig
    from srm_core.training.lora import merge, with_new_adapter

    adapted = with_new_adapter(upcycled, TrainConfig(lora_r=2))
    with torch.no_grad():
        for name, tensor in adapted.named_parameters():
            if "lora_B" in name:
                tensor.fill_(0.01)
    adapted.save_pretrained(tmp_path / "adapter")
    merge(upcycled, tmp_path / "adapter", tmp_path / "merged")
    torch.testing.assert_close(logits(load_weights(tmp_path / "merged")), logits(adapted.eval()), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("qwen2", {}, "models of type 'qwen2' cannot become a mixture"),
        ("gpt_neox", {}, "models of type 'gpt_neox' cannot become a mixture"),
        ("llama", {"attention_bias": True}, "has biases in its attention, which mixtral cannot compute"),
        ("llama", {"mlp_bias": True}, "has biases in its feed-forward"),
        (
            "qwen3",
            {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1},
            "has layers with a sliding window",
        ),
        ("mixtral", {}, "models of type 'mixtral' cannot become a mixture"),
    ],
)
def test_an_architecture_without_a_counterpart_is_refused_before_anything_is_written(
    tiny_folder: Path, tmp_path: Path, kind: str, changes: dict[str, Any], message: str
) -> None:
    base = dense(tmp_path / "dense", kind, source=tiny_folder, **changes)
    with pytest.raises(ModelError, match=message):
        upcycle(str(base), tmp_path / "moe", experts=4, top_k=2)
    assert [path.name for path in tmp_path.iterdir()] == ["dense"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"experts": 2, "top_k": 3}, "top-k 3 of 2 experts: a token goes to 1 to 2 of them"),
        ({"experts": 2, "top_k": 0}, "top-k 0 of 2 experts"),
        ({"experts": 1, "top_k": 1}, "at least two"),
        ({"experts": 2, "top_k": 1, "noise": -0.1}, "noise -0.1 is negative"),
    ],
)
def test_impossible_numbers_are_refused(tiny_folder: Path, tmp_path: Path, arguments: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        upcycle(str(tiny_folder), tmp_path / "moe", **arguments)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_exists_is_never_overwritten(tiny_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "moe").mkdir()
    with pytest.raises(ConfigError, match="exists already"):
        upcycle(str(tiny_folder), tmp_path / "moe", experts=2, top_k=1)
    assert not list((tmp_path / "moe").iterdir())


def test_a_failure_while_writing_leaves_nothing(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_atomically", full)  # the last file of all
    with pytest.raises(OSError, match="No space left"):
        upcycle(str(tiny_folder), tmp_path / "moe", experts=2, top_k=1)
    assert not list(tmp_path.iterdir())


def test_weights_that_do_not_fit_their_settings_are_refused(tiny_folder: Path, tmp_path: Path) -> None:
    base = tmp_path / "dense"
    shutil.copytree(tiny_folder, base)
    settings = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(settings | {"intermediate_size": 96}))
    with pytest.raises(ModelError, match="cannot be loaded"):
        upcycle(str(base), tmp_path / "moe", experts=2, top_k=1)


def test_the_command_prints_what_was_made_and_each_refusal_is_one_sentence(tiny_folder: Path, tmp_path: Path) -> None:
    def srm(*words: object) -> Any:
        return CliRunner().invoke(cli, ["moe", "upcycle", *map(str, words)])

    done = srm(tiny_folder, tmp_path / "moe", "--experts", 4, "--top-k", 1)
    assert done.exit_code == 0, done.output
    made = Upcycled.model_validate_json((tmp_path / "moe" / REPORT).read_text())
    assert (
        f"parameters: {made.parameters:,} in all, {made.active:,} active a token; {made.bytes:,} bytes" in done.stdout
    )
    for words, sentence in (
        ((tiny_folder, tmp_path / "moe"), "exists already"),
        ((tiny_folder, tmp_path / "b", "--experts", 2, "--top-k", 3), "top-k 3 of 2 experts"),
        ((tmp_path / "nowhere", tmp_path / "b"), "holds no config.json"),
    ):
        refused = srm(*words)
        assert refused.exit_code == 1
        assert sentence in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
