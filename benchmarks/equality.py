"""Does the engine say what transformers says? Greedy tokens and log-probabilities on real prompts of every length.

    python benchmarks/equality.py              # about ten minutes on one idle core
    python benchmarks/equality.py --minutes 5  # the groups of prompts that begin in that time, lengths mixed

Real input: the medical pack's problems on the embedded base model in float32, most as they are asked, some with worked
examples before them until they fill the context. The engine generates them side by side; then transformers reads each
prompt with the answer in one pass. A token is equal if it is transformers' most probable one there, a tie if it is less
probable by no more than `TIE`, else wrong. As every token before it was equal, equal tokens are those that
transformers' own greedy decoding gives.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

COUNT = 200
FILLED = 12  # of them with worked examples before, the last up to the context
NEW_TOKENS = 16
TIE = 1e-4  # logits nearer than this may be ordered either way
BOUND = 1e-4  # nats

warnings.simplefilter("ignore")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


@dataclass(frozen=True)
class Agreement:
    """What one answer has in common with transformers: counts of tokens, and the largest differences.

    ``margin`` is by how much the worst token's logit is below the best one; ``off`` the largest difference of a
    log-probability, in nats.
    """

    prompt: int  # its tokens
    tokens: int
    ties: int
    wrong: int
    margin: float
    off: float


def agreement(model: Any, completion: Any) -> Agreement:
    """Return how a greedy `Completion` compares with one pass of a transformers model over prompt and answer."""
    import torch

    said = torch.tensor(completion.token_ids)
    ids = torch.tensor([[*completion.prompt_ids, *completion.token_ids]])
    with torch.inference_mode():
        logits_TV = model(ids, use_cache=False, logits_to_keep=len(said) + 1).logits[0, :-1].float()
    margin_T = logits_TV.max(dim=-1).values - logits_TV.gather(1, said[:, None])[:, 0]
    theirs_T = logits_TV.log_softmax(-1).gather(1, said[:, None])[:, 0]
    return Agreement(
        prompt=len(completion.prompt_ids),
        tokens=len(said),
        ties=int(((margin_T > 0) & (margin_T <= TIE)).sum()),
        wrong=int((margin_T > TIE).sum()),
        margin=float(margin_T.max()),
        off=float((theirs_T - torch.tensor(completion.logprobs)).abs().max()),
    )


def summary(found: Sequence[Agreement]) -> dict[str, Any]:
    """Return the counts over all prompts and the largest differences."""
    return {
        "prompts": len(found),
        "prompt_tokens": {"least": min(a.prompt for a in found), "most": max(a.prompt for a in found)},
        "tokens": sum(a.tokens for a in found),
        "ties": sum(a.ties for a in found),
        "wrong": sum(a.wrong for a in found),
        "prompts_with_a_wrong_token": sum(a.wrong > 0 for a in found),
        "largest_margin": max(a.margin for a in found),
        "largest_difference_nats": max(a.off for a in found),
        "within_bound": sum(a.off <= BOUND for a in found),
    }


def compared(engine: Any, model: Any, prompts: Sequence[Sequence[int]], minutes: float) -> list[Agreement]:
    """Return how each answer compares, in groups of prompts of mixed lengths; no group begins after ``minutes``."""
    from srm_core.records import Sampling

    found: list[Agreement] = []
    started = time.monotonic()
    for group in range(FILLED):
        if group and time.monotonic() - started > 60 * minutes:
            break
        said = engine.generate(prompts[group::FILLED], Sampling(max_tokens=NEW_TOKENS, calculator=False), rows=16)
        found += [agreement(model, completion) for (completion,) in said]
        print(f"{len(found)} of {len(prompts)} prompts", file=sys.stderr, flush=True)
    return found


def real_prompts(tokenizer: Any, count: int, context: int) -> Iterator[list[int]]:
    """Yield ``count`` prompts of the medical pack's problems; the last grow, by worked examples, to ``context``."""
    from srm_core.config import PackConfig
    from srm_core.host import Host
    from srm_core.inference.tokens import encode_prompt
    from srm_core.prompts import Shot, conversation
    from srm_core.testing.fakes import DictKnowledge
    from srm_core.workspace import cache_dir

    host = Host("medical")
    core = tuple(kind.name for kind in host.pack().kinds if kind.core)
    config = PackConfig(per_kind=count, kinds=core, max_documents=100, cache=str(cache_dir()))
    asked = sorted((p for p in host.problems(DictKnowledge(), config) if p.solution), key=lambda p: p.id)
    system = host.pack().system_prompt
    for problem in asked[: count - FILLED]:
        yield encode_prompt(tokenizer, conversation(system, problem, problem.evidence))
    for place in range(FILLED):
        wanted = round(512 * (context / 512) ** (place / (FILLED - 1)))  # evenly on a logarithmic scale
        problem, shots = asked[count - FILLED + place], list[Shot]()
        best = encode_prompt(tokenizer, conversation(system, problem, problem.evidence))
        for other in asked[: count - FILLED]:
            tried = [*shots, (other, other.evidence)]
            ids = encode_prompt(tokenizer, conversation(system, problem, problem.evidence, tried))
            if len(ids) <= wanted:
                shots, best = tried, ids
            if wanted - len(best) < 40:
                break
        yield best


def main() -> None:
    """Compare, print and keep the figures."""
    import torch
    import transformers
    from record import machine  # its neighbour

    from srm_core.inference.engines import decoder_for
    from srm_core.inference.paged import PagedEngine
    from srm_core.models.embedded import base_folder
    from srm_core.models.load import load_tokenizer, load_weights

    wanted = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    wanted.add_argument("--count", type=int, default=COUNT, help="prompts (at least 20)")
    wanted.add_argument("--minutes", type=float, default=math.inf, help="begin no group of prompts after so long")
    given = wanted.parse_args()
    count = max(20, given.count)
    folder = base_folder()
    tokenizer, model = load_tokenizer(folder), load_weights(folder)
    engine = PagedEngine(decoder_for(model), tokenizer)
    prompts = list(real_prompts(tokenizer, count, engine.decoder.shape.context - NEW_TOKENS))
    started = time.perf_counter()
    found = compared(engine, model, prompts, given.minutes)
    kept = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python benchmarks/equality.py",
        "machine": machine(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "threads": torch.get_num_threads(),
        "tie": TIE,
        "bound_nats": BOUND,
        "context": engine.decoder.shape.context,
        "tier": type(engine.decoder).__name__,
        "seconds": round(time.perf_counter() - started),
        "wanted": count,
        **summary(found),
        "differing": [vars(a) for a in found if a.wrong or a.ties or a.off > BOUND],
        "lengths": sorted(a.prompt for a in found),
    }
    file = Path(__file__).resolve().parent / "results" / "equality.json"
    file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: value for name, value in kept.items() if name != "lengths"}, indent=1))


if __name__ == "__main__":
    main()
