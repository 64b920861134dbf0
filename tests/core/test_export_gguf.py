"""GGUF: a checkpoint written, read back by transformers with the same ids and logits, and described for Ollama."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srm_core.builtin import TARGETS as SERVED
from srm_core.errors import ModelError
from srm_core.exporting.gguf import TARGETS, export_gguf
from srm_core.exporting.gguf_checking import check_gguf
from srm_core.exporting.gguf_vocabulary import CONTROL, NORMAL, UNUSED, vocabulary_of
from srm_core.exporting.gguf_writing import Matrices, interleaved, write_gguf
from srm_core.exporting.llama_cpp import ABSENT, GREEDY, available, check_in_llama_cpp
from srm_core.exporting.modelfile import modelfile, turns_of
from srm_core.exporting.texts import TEXTS
from srm_core.models.load import load_tokenizer

MERGES = (("A", "n"), ("s", "w"), ("e", "r"), ("An", "sw"), ("Answ", "er"), ("Ġ", "t"), ("1", "0"), ("=", "-"))
SPARE = 3  # rows of the embedding that no token has


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's folder: ``tiny:0`` with a tokenizer that merges, weights ten times as large, unused rows."""
    import torch
    from transformers import LlamaForCausalLM

    from srm_core.models import tiny

    torch.set_num_threads(1)
    home = tmp_path_factory.mktemp("student")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRM_CACHE", str(home / "cache"))
        plain = tiny.folder(0)
    merged = home / "merged"
    shutil.copytree(plain, merged)
    saved = json.loads((merged / "tokenizer.json").read_text(encoding="utf-8"))
    for one, two in MERGES:
        saved["model"]["merges"].append([one, two])
        saved["model"]["vocab"][one + two] = len(saved["model"]["vocab"])
    (merged / "tokenizer.json").write_text(json.dumps(saved), encoding="utf-8")
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(1)
        model = LlamaForCausalLM.from_pretrained(plain)
        model.resize_token_embeddings(len(load_tokenizer(merged)) + SPARE, mean_resizing=False)
        for tensor in model.parameters():
            if tensor.dim() == 2:
                tensor.mul_(10)
        model.save_pretrained(merged)
    (home / "system.txt").write_text("Work it out.")
    return home


def changed(student: Path, to: Path, file: str, change: Callable[[dict[str, Any]], None]) -> Path:
    folder = to / "merged"
    shutil.copytree(student / "merged", folder)
    data = json.loads((folder / file).read_text(encoding="utf-8"))
    change(data)
    (folder / file).write_text(json.dumps(data), encoding="utf-8")
    return folder


def test_rows_of_a_head_alternate_between_its_halves() -> None:
    rows = np.arange(8, dtype=np.float32).reshape(8, 1)
    # two heads of four rows: 0 1 | 2 3 becomes 0 2 1 3, and 4 5 | 6 7 becomes 4 6 5 7
    assert interleaved(rows, 2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


@pytest.mark.parametrize("target", list(TARGETS))
def test_what_is_read_back_is_the_same_model(student: Path, tmp_path: Path, target: str) -> None:
    folder = export_gguf(student, target, tmp_path)
    assert folder == tmp_path / target
    names = {path.name for path in folder.iterdir()}
    file = {"gguf": "model-f16.gguf", "gguf-float32": "model-f32.gguf", "gguf-q8_0": "model-q8_0.gguf"}[target]
    assert names == {file, "checked.json", "Modelfile"}
    said = json.loads((folder / "checked.json").read_text())
    assert said["logit_error"] < {"gguf": 3e-2, "gguf-float32": 1e-5, "gguf-q8_0": 0.3}[target]
    assert said["texts"] == len(TEXTS) == len(set(TEXTS)) == 50
    assert (said["llama.cpp"] == ABSENT) is not available()
    assert set(said["made_from"]) == {"model.safetensors"}
    assert f"FROM ./{file}\n" in (folder / "Modelfile").read_text()
    assert 'SYSTEM """Work it out."""' in (folder / "Modelfile").read_text()


def test_the_metadata_is_that_of_the_specification(student: Path, tmp_path: Path) -> None:
    from gguf import GGUFReader

    reader = GGUFReader(write_gguf(student / "merged", tmp_path / "m.gguf", "f16"))
    config = json.loads((student / "merged" / "config.json").read_text())

    def said(name: str) -> Any:
        return reader.fields[name].contents()

    assert said("general.architecture") == "llama"
    assert said("llama.block_count") == config["num_hidden_layers"] == 2
    assert said("llama.attention.head_count_kv") == 2
    assert said("llama.rope.dimension_count") == 64 // 4
    assert (said("tokenizer.ggml.model"), said("tokenizer.ggml.pre")) == ("gpt2", "gpt-2")
    assert said("tokenizer.ggml.merges") == [f"{one} {two}" for one, two in MERGES]
    assert said("tokenizer.ggml.tokens")[:3] == ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    assert said("tokenizer.ggml.eos_token_id") == 2
    assert said("tokenizer.ggml.add_bos_token") is False
    kinds = {tensor.name: tensor.tensor_type.name for tensor in reader.tensors}
    assert len(kinds) == 2 + 2 * 9  # the head is the embedding
    assert kinds["blk.0.attn_q.weight"] == kinds["token_embd.weight"] == "F16"
    assert kinds["blk.1.ffn_norm.weight"] == kinds["output_norm.weight"] == "F32"


def test_tokens_of_every_type(student: Path) -> None:
    size = 3 + 256 + len(MERGES) + SPARE
    found = vocabulary_of(student / "merged", size)
    assert len(found.tokens) == len(found.types) == size
    assert found.types[:4] == (CONTROL, CONTROL, CONTROL, NORMAL)
    assert found.types[-SPARE:] == (UNUSED,) * SPARE
    assert found.tokens[-1] == f"[PAD{size - 1}]"


def test_eight_bits_by_hand_and_rows_that_do_not_fit_are_refused(student: Path, tmp_path: Path) -> None:
    from gguf import GGUFReader, dequantize
    from safetensors.torch import load_file

    reader = GGUFReader(write_gguf(student / "merged", tmp_path / "m.gguf", "q8_0"))
    kinds = {tensor.name: tensor for tensor in reader.tensors}
    assert reader.fields["general.file_type"].contents() == 7
    assert kinds["blk.0.ffn_up.weight"].tensor_type.name == kinds["token_embd.weight"].tensor_type.name == "Q8_0"
    assert kinds["blk.1.ffn_norm.weight"].tensor_type.name == "F32"
    up = load_file(student / "merged" / "model.safetensors")["model.layers.0.mlp.up_proj.weight"].numpy()
    read = dequantize(kinds["blk.0.ffn_up.weight"].data, kinds["blk.0.ffn_up.weight"].tensor_type)
    largest = np.abs(up.reshape(-1, 32)).max(axis=1, keepdims=True)  # of a block of 32 neighbours; 127 steps reach it
    assert np.all(np.abs(read - up).reshape(-1, 32) <= largest / 127 / 2 * 1.01 + largest * 2**-11)
    odd = changed(student, tmp_path / "odd", "config.json", lambda c: None)
    cut = load_file(odd / "model.safetensors")
    cut["model.layers.0.mlp.down_proj.weight"] = cut["model.layers.0.mlp.down_proj.weight"][:, :-1].contiguous()
    from safetensors.torch import save_file

    save_file(cut, odd / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"rows of blk\.0\.ffn_down\.weight are no multiple of 32 numbers"):
        write_gguf(odd, tmp_path / "n.gguf", "q8_0")


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("config.json", lambda c: c.update(model_type="qwen2"), "its model_type is another"),
        ("config.json", lambda c: c.update(attention_bias=True), "its attention_bias is another"),
        ("config.json", lambda c: c.update(rope_parameters={"rope_type": "llama3"}), "its rope_type is another"),
        ("config.json", lambda c: c.update(vocab_size=100), "has no row in embeddings of 100"),
        ("tokenizer.json", lambda t: t["pre_tokenizer"].update(use_regex=False), "no name for how its tokenizer cuts"),
        ("tokenizer.json", lambda t: t["model"].update(merges=[]), "merges nothing"),
        ("tokenizer.json", lambda t: t["model"].update(byte_fallback=True), "no plain byte-level BPE"),
    ],
)
def test_what_gguf_cannot_say_is_refused_and_no_file_is_left(
    student: Path, tmp_path: Path, file: str, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    folder = changed(student, tmp_path, file, change)
    with pytest.raises(ModelError, match=said):
        write_gguf(folder, tmp_path / "m.gguf", "f16")
    assert not list(tmp_path.glob("*.gguf*"))
    assert not list(tmp_path.glob(".*"))


def test_digits_cut_one_by_one_are_smollm_s_rule(student: Path, tmp_path: Path) -> None:
    digits = {"type": "Digits", "individual_digits": True}

    def cut(saved: dict[str, Any]) -> None:
        saved["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [digits, saved["pre_tokenizer"]]}

    folder = changed(student, tmp_path, "tokenizer.json", cut)
    assert vocabulary_of(folder, 300).pre == "smollm"


def test_another_model_or_tokenizer_is_found(student: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    file = write_gguf(student / "merged", tmp_path / "m.gguf", "f32")
    assert check_gguf(file, student / "merged", "f32") < 1e-5
    other = tmp_path / "merged"
    shutil.copytree(student / "merged", other)
    weights = load_file(other / "model.safetensors")
    name = "model.layers.0.self_attn.q_proj.weight"
    weights[name] = weights[name] + 0.05 * torch.randn(weights[name].shape, generator=torch.Generator().manual_seed(0))
    save_file(weights, other / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="its logits are off by"):
        check_gguf(file, other, "f32")
    saved = json.loads((other / "tokenizer.json").read_text())
    saved["model"]["merges"] = saved["model"]["merges"][:2]
    (other / "tokenizer.json").write_text(json.dumps(saved))
    with pytest.raises(ModelError, match="its tokenizer gives other ids"):
        check_gguf(file, other, "f32")


def test_weights_beyond_float16_are_refused(student: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "merged"
    shutil.copytree(student / "merged", folder)
    weights = load_file(folder / "model.safetensors")
    weights["model.layers.1.mlp.up_proj.weight"][0, 0] = 70000.0
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"blk\.1\.ffn_up\.weight holds weights beyond float16"):
        write_gguf(folder, tmp_path / "m.gguf", "f16")


def test_the_go_template_says_what_the_chat_template_says(student: Path) -> None:
    tokenizer = load_tokenizer(student / "merged")
    turns = turns_of(tokenizer)
    assert turns is not None
    talk = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    assert turns.rendered(talk) == tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
    assert turns.in_go() == (
        '{{- range .Messages }}{{ if eq .Role "system" }}<|im_start|>system\n{{ .Content }}<|im_end|>\n'
        '{{ else if eq .Role "user" }}<|im_start|>user\n{{ .Content }}<|im_end|>\n'
        '{{ else if eq .Role "assistant" }}<|im_start|>assistant\n{{ .Content }}<|im_end|>\n'
        "{{ end }}{{ end }}<|im_start|>assistant\n"
    )
    said = modelfile("m.gguf", tokenizer, "Be brief.")
    for line in ('PARAMETER stop "<|im_end|>"', r'PARAMETER stop "\nQuestion:"', "PARAMETER temperature 0"):
        assert line in said.splitlines()
    assert "calculator" in said


@pytest.mark.parametrize(
    "template",
    [
        "{% for m in messages %}{{ m['content'] | upper }}{% endfor %}",
        "{% for m in messages %}{{ loop.index }}{{ m['content'] }}{% endfor %}",
        "{{ raise_exception('no') }}",
        "{% for m in messages %}{{ '{{' + m['content'] }}{% endfor %}",
    ],
)
def test_a_template_that_is_more_than_text_around_turns_is_not_guessed(student: Path, template: str) -> None:
    tokenizer = load_tokenizer(student / "merged")
    tokenizer.chat_template = template
    assert turns_of(tokenizer) is None
    assert "TEMPLATE" not in modelfile("m.gguf", tokenizer)


def test_the_targets_are_served() -> None:
    assert set(TARGETS) < set(SERVED)


def test_a_run_is_exported_by_name_or_says_why_not(built: Path, srm: Callable[..., Any], tmp_path: Path) -> None:
    """The toy's base merges nothing, so GGUF is refused; the merged weights of the candidate are exported as they are."""
    done = srm("export", "first", "--workspace", built, "--out", tmp_path)
    assert done.returncode == 1
    assert "merges nothing" in done.stderr
    assert list(tmp_path.iterdir()) == [] or not any(tmp_path.glob("gguf/*.gguf"))
    done = srm("export", "first", "--to", "merged", "--workspace", built, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "which is not released (gate: INCONCLUSIVE)" in done.stdout
    assert (tmp_path / "merged" / "model.safetensors").is_file()
    again = srm("export", "first", "--to", "merged", "--workspace", built, "--out", tmp_path)
    assert again.returncode == 1
    assert "is there already" in again.stderr
    unknown = srm("export", "first", "--to", "ggfu", "--workspace", built, "--out", tmp_path)
    assert "no plugin exports to 'ggfu'. Did you mean 'gguf'?" in unknown.stderr


# ---- llama.cpp itself, and a stand-in for it where it is not installed

NEEDS = "llama.cpp is not asked: the package llama-cpp-python is not installed (it is a peer to check against only)"


@pytest.mark.parametrize("matrices", ["f16", "f32", "q8_0"])
def test_llama_cpp_gives_the_same_ids_logits_and_greedy_tokens(
    student: Path, tmp_path: Path, matrices: Matrices
) -> None:
    if not available():
        pytest.skip(NEEDS)
    file = write_gguf(student / "merged", tmp_path / "m.gguf", matrices)
    found = check_in_llama_cpp(file, student / "merged", matrices)
    assert found["texts"] == 50
    assert found["greedy"] + found["close"] == GREEDY
    assert found["greedy"] >= GREEDY - 2
    assert found["logit_error"] < {"f16": 2e-2, "f32": 1e-3, "q8_0": 0.5}[matrices]


def test_llama_cpp_finds_weights_in_another_order(
    student: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of query and key as transformers keeps them: the rotation of llama.cpp turns the wrong ones."""
    if not available():
        pytest.skip(NEEDS)
    monkeypatch.setattr("srm_core.exporting.gguf_writing.interleaved", lambda matrix, heads: matrix)
    file = write_gguf(student / "merged", tmp_path / "m.gguf", "f32")
    with pytest.raises(ModelError, match=r"in llama\.cpp its logits are off by"):
        check_in_llama_cpp(file, student / "merged", "f32")


class Engine:
    """What is used of ``llama_cpp.Llama``, made of the checkpoint itself; each fault is one that a file could have."""

    def __init__(self, checkpoint: Path, fault: str) -> None:
        from srm_core.models.load import load_weights

        self.tokenizer, self.model, self.fault = load_tokenizer(checkpoint), load_weights(checkpoint), fault
        template = self.tokenizer.chat_template
        self.metadata = {"tokenizer.chat_template": template + (" " if fault == "template" else "")}
        self.scores = np.zeros((0, 0), dtype=np.float32)
        self.closed = False

    def tokenize(self, text: bytes, *, add_bos: bool, special: bool) -> list[int]:
        assert (add_bos, special) == (False, True)
        ids: list[int] = self.tokenizer.encode(text.decode("utf-8"), add_special_tokens=False)
        return ids[:-1] if self.fault == "ids" and b"COVID" in text else ids

    def reset(self) -> None:
        self.scores = np.zeros((0, 0), dtype=np.float32)

    def eval(self, ids: list[int]) -> None:
        import torch

        with torch.inference_mode():
            logits = self.model(torch.tensor([ids])).logits[0].float().numpy()
        off = {"logits": 0.2, "rounding": 0.002}.get(self.fault, 0.0) * logits.std()
        self.scores = logits + off * np.sign(np.sin(np.arange(logits.shape[1])))

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("", None),
        ("rounding", None),
        ("ids", "llama.cpp gives other ids for 'COVID-19"),
        ("template", "llama.cpp reads another chat template"),
        ("logits", "in llama.cpp its logits are off by 0.2 of their spread"),
        ("opens", "llama.cpp does not open it: no such architecture"),
    ],
)
def test_what_is_asked_of_llama_cpp_is_compared(
    student: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, said: str | None
) -> None:
    import sys
    from types import SimpleNamespace

    made: list[Engine] = []

    def opened(*, model_path: str, **_: Any) -> Engine:
        if fault == "opens":
            raise ValueError("no such architecture")
        made.append(Engine(student / "merged", fault))
        return made[0]

    package = SimpleNamespace(Llama=opened, GGML_TYPE_F32=0, __version__="0")
    monkeypatch.setitem(sys.modules, "llama_cpp", package)
    if said is None:
        found = check_in_llama_cpp(tmp_path / "m.gguf", student / "merged", "f32")
        assert (found["version"], found["texts"], found["greedy"] + found["close"]) == ("0", 50, GREEDY)
        assert found["greedy"] >= GREEDY - 2
        assert found["logit_error"] < (1e-5 if not fault else 3e-3)
    else:
        with pytest.raises(ModelError, match=said.replace(".", r"\.")):
            check_in_llama_cpp(tmp_path / "m.gguf", student / "merged", "f32")
    assert all(engine.closed for engine in made)
