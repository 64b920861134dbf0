"""Generation: our engine beside transformers.generate on the same prompts, interleaved in one run.

    python benchmarks/decode.py   # about five minutes on two idle cores; nothing else may compute meanwhile

Real input: the medical pack's problems on the embedded base model. Each figure is the median of its rounds in tokens a
second, prompts read included; beside one sequence stands what reading the weights once a token would allow at the
bandwidth measured in the same round.
"""

from __future__ import annotations

import json
import os
import statistics
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROUNDS = 3
NEW_TOKENS = 64

warnings.simplefilter("ignore")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


def problems() -> list[Any]:
    """Return worked problems of the draft kinds, in turn."""
    from srm_core.config import PackConfig
    from srm_core.host import Host
    from srm_core.testing.fakes import DictKnowledge
    from srm_core.workspace import cache_dir

    host = Host("medical")
    core = tuple(kind.name for kind in host.pack().kinds if kind.core)
    config = PackConfig(per_kind=8, kinds=core, max_documents=100, cache=str(cache_dir()))
    found = [p for p in host.problems(DictKnowledge(), config) if p.solution]
    return sorted(found, key=lambda p: p.id)


def asked(tokenizer: Any) -> list[list[int]]:
    """Return the problems as the prompts that ask them, token ids."""
    from srm_core.inference.tokens import encode_prompt
    from srm_core.prompts import conversation

    return [encode_prompt(tokenizer, conversation("Answer from the facts.", p, p.evidence)) for p in problems()]


def main() -> None:
    """Measure, print and keep the rates."""
    import torch
    import transformers
    from record import machine  # its neighbour

    from srm_core.inference.architecture import architecture_of
    from srm_core.inference.engines import decoder_for
    from srm_core.inference.kernels.compiled import CompiledDecoder
    from srm_core.inference.paged import PagedEngine
    from srm_core.models.embedded import base_folder
    from srm_core.models.load import load_tokenizer, load_weights

    folder = base_folder()
    tokenizer, model = load_tokenizer(folder), load_weights(folder)
    half = load_weights(folder, "bfloat16")
    prompts = asked(tokenizer)[:32]
    shape = architecture_of(model)
    ours = PagedEngine(decoder_for(model), tokenizer, draft_rows=0)
    ours_half = PagedEngine(CompiledDecoder(model, shape, weights="bfloat16"), tokenizer, draft_rows=0)
    ours_eight = PagedEngine(CompiledDecoder(model, shape, weights="int8"), tokenizer, draft_rows=0)
    drafting = PagedEngine(ours.decoder, tokenizer)
    for engine in (ours, ours_half, ours_eight, drafting):
        engine.writer.end = set()  # every row runs to its limit, here and there
    weights = sum(p.numel() for p in model.parameters())
    arms: dict[str, Callable[[], float]] = {
        "1 sequence, float32": lambda: engine_rate(ours, prompts[:1], 1),
        "1 sequence, float32, transformers.generate": lambda: generate_rate(model, tokenizer, prompts[:1], 1),
        "1 sequence, bfloat16": lambda: engine_rate(ours_half, prompts[:1], 1),
        "1 sequence, bfloat16, transformers.generate": lambda: generate_rate(half, tokenizer, prompts[:1], 1),
        "1 sequence, int8": lambda: engine_rate(ours_eight, prompts[:1], 1),
        "1 sequence, float32, with drafts": lambda: engine_rate(drafting, prompts[:1], 1),
        "1 sequence, float32, bandwidth limit": lambda: bandwidth(weights * 4),
        "1 sequence, bfloat16, bandwidth limit": lambda: bandwidth(weights * 2),
        "32 sequences, float32": lambda: engine_rate(ours, prompts, 1),
        "32 sequences, float32, transformers.generate": lambda: generate_rate(model, tokenizer, prompts, 1),
        "64 rollouts of 8 prompts, float32": lambda: engine_rate(ours, prompts[:8], 8),
        "64 rollouts of 8 prompts, float32, transformers.generate": lambda: generate_rate(
            model, tokenizer, prompts[:8], 8
        ),
    }
    rates = measure(arms)
    peers = [name for name in arms if name.endswith("transformers.generate")]
    kept = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python benchmarks/decode.py",
        "machine": machine(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "rounds": ROUNDS,
        "new_tokens": NEW_TOKENS,
        "prompt_tokens": [len(p) for p in prompts],
        "tokens_per_second": {name: [round(x, 1) for x in values] for name, values in rates.items()},
        "ratios": {peer: ratio(rates[peer.removesuffix(", transformers.generate")], rates[peer]) for peer in peers},
        "share_of_bandwidth": {
            kind: ratio(rates[f"1 sequence, {kind}"], rates[f"1 sequence, {kind}, bandwidth limit"])
            for kind in ("float32", "bfloat16")
        },
    }
    file = Path(__file__).resolve().parent / "results" / "decode.json"
    file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(kept, indent=1))


def engine_rate(engine: Any, prompts: list[list[int]], samples: int) -> float:
    """Return the tokens a second of the engine, prompts read included."""
    from srm_core.records import Sampling

    engine.pool.clear()  # nothing is kept of the round before
    sampling = Sampling(n=samples, max_tokens=NEW_TOKENS, temperature=1.0 if samples > 1 else 0.0, calculator=False)
    started = time.perf_counter()
    made = engine.generate(prompts, sampling, rows=64)
    return sum(c.tokens for group in made for c in group) / (time.perf_counter() - started)


def generate_rate(model: Any, tokenizer: Any, prompts: list[list[int]], samples: int) -> float:
    """Return those of ``transformers.generate``."""
    import torch

    widest, pad = max(map(len, prompts)), tokenizer.pad_token_id
    ids = torch.tensor([[pad] * (widest - len(p)) + list(p) for p in prompts])
    seen = (torch.arange(widest)[None] >= torch.tensor([[widest - len(p)] for p in prompts])).long()
    sampled = {"do_sample": True, "top_k": 0, "num_return_sequences": samples} if samples > 1 else {"do_sample": False}
    started = time.perf_counter()
    with torch.inference_mode():
        made = model.generate(
            input_ids=ids,
            attention_mask=seen,
            min_new_tokens=NEW_TOKENS,
            max_new_tokens=NEW_TOKENS,
            pad_token_id=pad,
            **sampled,
        )
    return made[:, widest:].numel() / (time.perf_counter() - started)


def bandwidth(size: int) -> float:
    """Return how often a second ``size`` bytes can be read by all threads."""
    import torch

    data = torch.ones(size // 4)
    data.sum()
    started = time.perf_counter()
    for _ in range(5):
        data.sum()
    return 5 / (time.perf_counter() - started)


def measure(arms: dict[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Return the rates of each arm over interleaved rounds, after one round to warm up."""
    rates: dict[str, list[float]] = {name: [] for name in arms}
    for turn in range(rounds + 1):
        for name, arm in arms.items():
            rate = arm()
            if turn:
                rates[name].append(rate)
    return rates


def ratio(ours: list[float], theirs: list[float]) -> dict[str, float]:
    """Return the median of the rounds' ratios, and their range."""
    found = [a / b for a, b in zip(ours, theirs, strict=True)]
    return {"median": round(statistics.median(found), 2), "low": round(min(found), 2), "high": round(max(found), 2)}


if __name__ == "__main__":
    main()
