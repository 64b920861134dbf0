"""A merged Llama checkpoint as one GGUF file (version 3 of the specification), float32, float16 or in blocks of 8 bits.

Rows of the query and key matrices are put into the order that llama.cpp rotates them in: of each head the first and
second half of the rows alternate.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from .gguf_vocabulary import vocabulary_of

LARGEST_HALF = 65504.0
BLOCK = 32  # neighbours in a row that share a scale in q8_0
Matrices = Literal["f32", "f16", "q8_0"]
FILE_TYPES: dict[Matrices, int] = {"f32": 0, "f16": 1, "q8_0": 7}  # general.file_type of the specification
OUTER = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
INNER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_LAYER = re.compile(r"model\.layers\.(\d+)\.(.+)\.weight")
Array = NDArray[np.float32]


def write_gguf(checkpoint: Path, out: Path, matrices: Matrices) -> Path:
    """Write the checkpoint in the folder ``checkpoint`` to the file ``out``, its matrices so, and return it.

    Vectors (norms) stay float32. A file that was begun and not finished is not left behind.

    Raises:
        ModelError: the architecture, its rotary embedding, a tensor or the tokenizer is none that this export knows,
            a weight does not fit into float16, or a matrix not into blocks of `BLOCK`.
    """
    from gguf import GGUFWriter

    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    _require_plain_llama(checkpoint, config)
    begun = out.with_name(f".{out.name}.tmp")
    writer = GGUFWriter(begun, "llama")
    try:
        _add_shape(writer, config, matrices)
        _add_tokenizer(writer, checkpoint, config)
        for name, tensor in _tensors(checkpoint, config):
            _add_tensor(writer, checkpoint, name, tensor, matrices)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        begun.replace(out)
    finally:
        begun.unlink(missing_ok=True)
    return out


def interleaved(matrix: Array, heads: int) -> Array:
    """Return the (heads * d, ...) rows with the halves of each head's d rows alternating: 0, d/2, 1, d/2 + 1, ..."""
    halves = matrix.reshape(heads, 2, matrix.shape[0] // heads // 2, *matrix.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(matrix.shape))


def _add_tensor(writer: Any, checkpoint: Path, name: str, tensor: Array, matrices: Matrices) -> None:
    from gguf import GGMLQuantizationType, quantize

    if matrices == "f32" or tensor.ndim == 1:
        writer.add_tensor(name, tensor)
    elif matrices == "f16":
        if float(np.abs(tensor).max()) > LARGEST_HALF:
            raise ModelError(f"{checkpoint}: {name} holds weights beyond float16; export to gguf-float32")
        writer.add_tensor(name, tensor.astype(np.float16))
    else:
        if tensor.shape[-1] % BLOCK:
            raise ModelError(f"{checkpoint}: rows of {name} are no multiple of {BLOCK} numbers; export to gguf")
        eight = GGMLQuantizationType.Q8_0
        writer.add_tensor(name, quantize(tensor, eight), raw_dtype=eight)


def _require_plain_llama(checkpoint: Path, config: dict[str, Any]) -> None:
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    odd = {
        "model_type": config.get("model_type") != "llama",
        "hidden_act": config.get("hidden_act", "silu") != "silu",
        "attention_bias": bool(config.get("attention_bias")),
        "mlp_bias": bool(config.get("mlp_bias")),
        "rope_type": rope.get("rope_type", "default") != "default",
    }
    if wrong := [name for name, is_odd in odd.items() if is_odd]:
        raise ModelError(f"{checkpoint}: the export to gguf knows plain Llama only, and its {wrong[0]} is another")


def _add_shape(writer: Any, config: dict[str, Any], matrices: Matrices) -> None:
    heads = config["num_attention_heads"]
    head_dim = config.get("head_dim") or config["hidden_size"] // heads
    rope = config.get("rope_parameters") or {}
    writer.add_name("student")
    writer.add_file_type(FILE_TYPES[matrices])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.get("num_key_value_heads", heads))
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(head_dim)
    writer.add_rope_freq_base(float(rope.get("rope_theta", config.get("rope_theta", 10000.0))))


def _add_tokenizer(writer: Any, checkpoint: Path, config: dict[str, Any]) -> None:
    from ..models.load import load_tokenizer

    found, tokenizer = vocabulary_of(checkpoint, config["vocab_size"]), load_tokenizer(checkpoint)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(found.pre)
    writer.add_token_list(list(found.tokens))
    writer.add_token_types(list(found.types))
    writer.add_token_merges(list(found.merges))
    for name in ("bos", "eos", "pad", "unk"):
        number = getattr(tokenizer, f"{name}_token_id")
        if number is not None:
            getattr(writer, f"add_{name}_token_id")(number)
    writer.add_add_bos_token(False)  # the template says what a prompt begins with
    writer.add_add_eos_token(False)
    writer.add_chat_template(tokenizer.chat_template)


def _tensors(checkpoint: Path, config: dict[str, Any]) -> Iterator[tuple[str, Array]]:
    from safetensors import safe_open

    heads = {"attn_q": config["num_attention_heads"]}
    heads["attn_k"] = config.get("num_key_value_heads", heads["attn_q"])
    for file in sorted(checkpoint.glob("*.safetensors")):
        with safe_open(file, framework="pt") as opened:
            for name in sorted(opened.keys()):
                if name == "lm_head.weight" and config.get("tie_word_embeddings"):
                    continue
                tensor: Array = opened.get_tensor(name).float().numpy()
                layer = _LAYER.fullmatch(name)
                part = INNER.get(layer.group(2)) if layer else None
                if part is None and name not in OUTER:
                    raise ModelError(f"{checkpoint}: the export to gguf does not know the tensor {name}")
                if part in heads:
                    tensor = interleaved(tensor, heads[part])
                yield (f"blk.{layer.group(1)}.{part}.weight" if layer else OUTER[name]), tensor
