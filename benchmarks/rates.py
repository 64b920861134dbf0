"""Tokens a second of training on this machine, beside TRL's own settings, in one run.

    python benchmarks/rates.py            # about four minutes on two idle cores; nothing else may compute meanwhile

Real input: the medical pack's worked problems on the embedded base model, float32, LoRA r16. Arms are interleaved; each
figure is the median of its runs. The limit beside them is the forward pass without gradients and without a cache.
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
ROWS = 16  # training rows a measured step

warnings.simplefilter("ignore")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


def main() -> None:
    """Measure, print and keep the rates."""
    import torch
    from decode import problems  # its neighbour

    from srm_core.inference.tokens import encode_completion, encode_prompt
    from srm_core.models.embedded import base_folder
    from srm_core.models.load import load_tokenizer, load_weights
    from srm_core.prompts import conversation

    folder = base_folder()
    tokenizer, model = load_tokenizer(folder), load_weights(folder)
    asked = problems()
    prompts = [encode_prompt(tokenizer, conversation("Answer from the facts.", p, p.evidence)) for p in asked]
    rows = [(prompt, *encode_completion(tokenizer, p.solution)) for prompt, p in zip(prompts, asked, strict=True)][
        :ROWS
    ]
    few = prompts[:4]

    def forward() -> int:
        flat = torch.tensor([(p * 4)[:192] for p in few])
        with torch.inference_mode():
            model.model(input_ids=flat, use_cache=False)
        return flat.numel()

    results = measure({"forward": forward, **training(folder, tokenizer, rows)})
    kept = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python benchmarks/rates.py",
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "rounds": ROUNDS,
        "tokens_per_second": results,
        "ratios": {
            "train / TRL defaults": results["train"] / results["TRL defaults"],
            "train / forward": results["train"] / results["forward"],
        },
    }
    file = Path(__file__).resolve().parent / "results" / "rates.json"
    file.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    print(json.dumps(kept, indent=1))


def training(folder: Path, tokenizer: Any, rows: list[Any]) -> dict[str, Callable[[], int]]:
    """Return one optimizer pass over ``rows`` our way and with TRL's defaults (fused head over every position)."""
    from trl.trainer.utils import add_fused_lm_head

    from srm_core.config import TrainConfig
    from srm_core.training.head import project_labels_only
    from srm_core.training.lora import with_new_adapter

    def arm(batch: int, in_order: bool, ours: bool) -> Callable[[], int]:
        model = with_new_adapter(folder, TrainConfig())
        base = model.get_base_model()
        add_fused_lm_head(base, outputs=("log_probs", "entropy", "is_top1"))
        if ours:
            project_labels_only(base)
        ordered = sorted(rows, key=lambda row: len(row[0]) + len(row[1])) if in_order else rows

        def step() -> int:
            tokens = 0
            for start in range(0, len(ordered), batch):
                tokens += backward(model, tokenizer, ordered[start : start + batch])
            model.zero_grad()
            return tokens

        return step

    return {"train": arm(8, True, True), "TRL defaults": arm(8, False, False)}


def backward(model: Any, tokenizer: Any, rows: list[Any]) -> int:
    """Run forward and backward over one padded batch; return its tokens without padding."""
    import torch

    widest = max(len(prompt) + len(answer) for prompt, answer, _ in rows)
    ids, labels, seen = [], [], []
    for prompt, answer, own in rows:
        blank = widest - len(prompt) - len(answer)
        ids.append([*prompt, *answer, *[tokenizer.pad_token_id] * blank])
        kept = [token if trained else -100 for token, trained in zip(answer, own, strict=True)]
        labels.append([*[-100] * len(prompt), *kept, *[-100] * blank])
        seen.append([1] * (widest - blank) + [0] * blank)
    output = model(
        input_ids=torch.tensor(ids),
        attention_mask=torch.tensor(seen),
        labels=torch.tensor(labels),
        fused_lm_head=True,
        use_cache=False,
    )
    (-output.log_probs.sum() / output.label_mask.sum()).backward()
    return sum(map(sum, seen))


def measure(arms: dict[str, Callable[[], int]]) -> dict[str, float]:
    """Return the median tokens a second of each arm over interleaved rounds, after one round to warm up."""
    rates: dict[str, list[float]] = {name: [] for name in arms}
    for turn in range(ROUNDS + 1):
        for name, arm in arms.items():
            started = time.perf_counter()
            tokens = arm()
            if turn:
                rates[name].append(tokens / (time.perf_counter() - started))
    return {name: round(statistics.median(values), 1) for name, values in rates.items()}


if __name__ == "__main__":
    main()
