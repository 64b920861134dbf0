"""Many sequences at once: our engine beside transformers, on the same prompts, interleaved in one run.

    python benchmarks/batches.py   # about fifteen minutes on two idle cores; nothing else may compute meanwhile

Real input: the medical pack's problems on the embedded base model, 64 tokens each.

- ``decode``: 32 sequences, prompts read before the clock starts. The peer is a loop over transformers' model with a
  static cache, which is what is left of ``generate`` when everything but the model is taken away.
- ``whole``: the same 32, prompts read included; the peer is ``transformers.generate``.
- ``rollouts``: 8 samples of each of 8 prompts, which share their prompt's pages.
- ``step``: the generation of a GRPO step, 8 samples of 4 prompts with a LoRA adapter (r 16 on every linear layer) that
  has just changed; putting it on is counted. The peer is ``generate`` on peft's model, as TRL's trainer calls it.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import decode  # its neighbour

from srm_core.records import Weights

NEW_TOKENS = decode.NEW_TOKENS
ROUNDS = 2
SEQUENCES, STEP_PROMPTS, SAMPLES = 32, 4, 8
KINDS: tuple[Weights, ...] = ("float32", "bfloat16", "int8", "int4")
LORA_R = 16

warnings.simplefilter("ignore")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


def main() -> None:
    """Measure, print and keep the rates."""
    import torch
    import transformers
    from peft import LoraConfig, get_peft_model
    from record import machine  # its neighbour

    from srm_core.inference.adapters import read_adapter
    from srm_core.inference.architecture import architecture_of
    from srm_core.inference.kernels.compiled import CompiledDecoder
    from srm_core.inference.paged import PagedEngine
    from srm_core.models.embedded import base_folder
    from srm_core.models.load import load_tokenizer, load_weights

    folder = base_folder()
    tokenizer, model = load_tokenizer(folder), load_weights(folder)
    half = load_weights(folder, "bfloat16")
    prompts = decode.asked(tokenizer)
    shape = architecture_of(model)
    engines: dict[str, PagedEngine] = {}
    for kind in KINDS:
        engines[kind] = PagedEngine(CompiledDecoder(model, shape, weights=kind), tokenizer, draft_rows=0)
        engines[kind].writer.end = set()  # every row runs to its limit, here and there
    learning = get_peft_model(load_weights(folder), LoraConfig(r=LORA_R, target_modules="all-linear"))
    adapter = _adapter(learning, model, read_adapter)

    many, eight = prompts[:SEQUENCES], prompts[:8]
    four = sorted(prompts, key=len)[-STEP_PROMPTS:]  # the longest, nearest to 190 tokens

    def step() -> float:
        started = time.perf_counter()
        engines["float32"].update_adapter(adapter)
        taken = time.perf_counter() - started
        rate = decode.engine_rate(engines["float32"], four, SAMPLES)
        engines["float32"].update_adapter(None)
        tokens = NEW_TOKENS * STEP_PROMPTS * SAMPLES
        return tokens / (tokens / rate + taken)

    arms: dict[str, Callable[[], float]] = {}
    for kind, engine in engines.items():
        arms[f"decode, {kind}"] = partial(decoding_rate, engine, many)
        arms[f"whole, {kind}"] = partial(decode.engine_rate, engine, many, 1)
        arms[f"rollouts, {kind}"] = partial(decode.engine_rate, engine, eight, SAMPLES)
    for kind, theirs in (("float32", model), ("bfloat16", half)):
        arms[f"decode, static cache, {kind}"] = partial(loop_rate, theirs, tokenizer, many)
        arms[f"whole, generate, {kind}"] = partial(decode.generate_rate, theirs, tokenizer, many, 1)
        arms[f"rollouts, generate, {kind}"] = partial(decode.generate_rate, theirs, tokenizer, eight, SAMPLES)
    arms["step, float32"] = step
    arms["step, generate, float32"] = partial(decode.generate_rate, learning, tokenizer, four, SAMPLES)
    rates = decode.measure(arms, ROUNDS)

    peers = {"decode": "static cache", "whole": "generate", "rollouts": "generate", "step": "generate"}
    ratios = {
        f"{ours} / {part}, {peer}, {theirs}": decode.ratio(rates[ours], rates[f"{part}, {peer}, {theirs}"])
        for part, peer in peers.items()
        for ours in [f"{part}, {kind}" for kind in KINDS if f"{part}, {kind}" in rates]
        for theirs in ("float32", "bfloat16")
        if f"{part}, {peer}, {theirs}" in rates
    }
    kept = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python benchmarks/batches.py",
        "machine": machine(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "rounds": ROUNDS,
        "new_tokens": NEW_TOKENS,
        "prompt_tokens": {"many": [len(p) for p in many], "step": [len(p) for p in four]},
        "tokens_per_second": {name: [round(x, 1) for x in values] for name, values in rates.items()},
        "ratios": ratios,
    }
    file = Path(__file__).resolve().parent / "results" / "batches.json"
    file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(kept, indent=1))


def _adapter(learning: Any, model: Any, read_adapter: Callable[..., Any]) -> Any:
    """Give the adapter some weights, as after a step of training, and read it as the engine does."""
    import tempfile

    import torch

    torch.manual_seed(0)
    with torch.no_grad():
        for name, weight in learning.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=1e-3)
    with tempfile.TemporaryDirectory() as folder:
        learning.save_pretrained(folder)
        return read_adapter(Path(folder), model)


def decoding_rate(engine: Any, prompts: list[list[int]]) -> float:
    """Return the tokens a second of all prompts' answers, from when the last prompt is read."""
    from srm_core.records import Sampling

    engine.pool.clear()
    sampling = Sampling(n=1, max_tokens=NEW_TOKENS, temperature=0.0, calculator=False)
    jobs = [engine.submit(prompt, sampling) for prompt in prompts]
    while not all(job.rows for job in jobs):
        engine.step()

    def said() -> int:
        return sum(len(row.ids) for job in jobs for row in job.rows)

    before, started = said(), time.perf_counter()
    while not all(job.done for job in jobs):
        engine.step()
    taken = time.perf_counter() - started
    return (said() - before) / taken


def loop_rate(model: Any, tokenizer: Any, prompts: list[list[int]]) -> float:
    """The same by transformers' model with a static cache, one token of every sequence at a time."""
    import torch
    from transformers import StaticCache

    widest, pad = max(map(len, prompts)), tokenizer.pad_token_id
    ids = torch.tensor([[pad] * (widest - len(p)) + list(p) for p in prompts])
    seen = torch.zeros(len(prompts), widest + NEW_TOKENS, dtype=torch.long)
    seen[:, :widest] = torch.arange(widest)[None] >= torch.tensor([[widest - len(p)] for p in prompts])
    seen[:, widest:] = 1
    places = (seen.cumsum(1) - 1).clamp(min=0)
    cache = StaticCache(config=model.config, max_cache_len=widest + NEW_TOKENS)
    with torch.inference_mode():
        made = model(
            input_ids=ids, attention_mask=seen, position_ids=places[:, :widest], past_key_values=cache, logits_to_keep=1
        )
        token = made.logits[:, -1:].argmax(-1)
        started = time.perf_counter()
        for at in range(widest, widest + NEW_TOKENS - 1):
            made = model(
                input_ids=token, attention_mask=seen, position_ids=places[:, at : at + 1], past_key_values=cache
            )
            token = made.logits[:, -1:].argmax(-1)
        return len(prompts) * (NEW_TOKENS - 1) / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
