"""A mixture of experts: our engine beside transformers' own experts, on the same prompts, interleaved in one run.

    python benchmarks/mixture.py   # about eight minutes on two idle cores; nothing else may compute meanwhile

The embedded base is upcycled to 8 experts of which a token takes 2 (noise 0.1, so that the experts differ), 692 million
parameters. Real input: the medical pack's problems, 64 tokens each, prompts read before the clock starts (`batches`).
"""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import batches  # its neighbours
import decode

EXPERTS, TOP_K, NOISE = 8, 2, 0.1

warnings.simplefilter("ignore")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


def main() -> None:
    """Measure, print and keep the rates."""
    import torch
    import transformers
    from record import machine  # its neighbour

    from srm_core.inference.architecture import architecture_of
    from srm_core.inference.kernels.compiled import CompiledDecoder
    from srm_core.inference.paged import PagedEngine
    from srm_core.models.load import load_tokenizer, load_weights
    from srm_core.moe.upcycle import parameter_counts, upcycle

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "mixture"
        upcycle("embedded:smollm2-135m-instruct", folder, experts=EXPERTS, top_k=TOP_K, noise=NOISE)
        tokenizer, model = load_tokenizer(folder), load_weights(folder)
    ours = PagedEngine(CompiledDecoder(model, architecture_of(model)), tokenizer, draft_rows=0)
    ours.writer.end = set()  # every row runs to its limit, here and there
    prompts = decode.asked(tokenizer)[: batches.SEQUENCES]
    arms: dict[str, Callable[[], float]] = {}
    for name, some in (("1 sequence", prompts[:1]), ("32 sequences", prompts)):
        arms[name] = partial(batches.decoding_rate, ours, some)
        arms[f"{name}, transformers"] = partial(batches.loop_rate, model, tokenizer, some)
    rates = decode.measure(arms)
    total, active = parameter_counts(model)
    kept = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python benchmarks/mixture.py",
        "machine": machine(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "experts": EXPERTS,
        "top_k": TOP_K,
        "parameters": {"all": total, "active": active},
        "their_experts": getattr(model.config, "_experts_implementation", None),
        "rounds": decode.ROUNDS,
        "new_tokens": decode.NEW_TOKENS,
        "tokens_per_second": {name: [round(x, 2) for x in values] for name, values in rates.items()},
        "ratios": {
            name: decode.ratio(rates[name], rates[f"{name}, transformers"]) for name in ("1 sequence", "32 sequences")
        },
    }
    file = Path(__file__).resolve().parent / "results" / "mixture.json"
    file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
