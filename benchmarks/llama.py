"""One sequence, decoded: our engine in each precision beside llama.cpp on the base model's own 4-bit file, in one run.

    python benchmarks/llama.py MODEL.gguf [PYTHON]   # an interpreter with llama-cpp-python; nothing else may compute

MODEL.gguf is the file in the wheel of the embedded base model (Q4_1). Real input: problems of the medical pack. Figures
are tokens a second after the first token, so the reading of the prompt is not in them; beside each stands what reading
the matrices once a token would allow at the bandwidth measured in the same round.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from decode import NEW_TOKENS, ROUNDS, bandwidth, measure, problems, ratio

HERE = Path(__file__).resolve().parent
PROMPTS = 4


def main() -> None:
    """Measure, print and keep the rates."""
    import torch
    from record import machine

    from srm_core.inference.architecture import architecture_of
    from srm_core.inference.kernels.compiled import FORMATS, CompiledDecoder
    from srm_core.inference.paged import PagedEngine
    from srm_core.inference.tokens import encode_prompt
    from srm_core.models.embedded import base_folder
    from srm_core.models.load import load_tokenizer, load_weights
    from srm_core.prompts import conversation

    gguf, python = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else sys.executable
    folder = base_folder()
    tokenizer, model = load_tokenizer(folder), load_weights(folder)
    system = "Answer from the facts."
    prompts = [encode_prompt(tokenizer, conversation(system, p, p.evidence)) for p in problems()[:PROMPTS]]
    shape = architecture_of(model)
    engines = {f: PagedEngine(CompiledDecoder(model, shape, weights=f), tokenizer, draft_rows=0) for f in FORMATS}
    drafting = PagedEngine(engines["float32"].decoder, tokenizer)
    drafting.draft_by(engines["int4"].decoder)
    for engine in (*engines.values(), drafting):
        engine.writer.end = set()  # every row runs to its limit
    peer = subprocess.Popen(
        [python, str(HERE / "llama_peer.py"), gguf, str(torch.get_num_threads())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    version = _heard(peer)["version"]
    arms: dict[str, Callable[[], float]] = {name: _ours(engine, prompts) for name, engine in engines.items()}
    arms["float32, drafted by int4"] = _ours(drafting, prompts)
    arms["llama.cpp Q4_1"] = lambda: _theirs(peer, prompts)
    sizes = {name: engine.decoder.size for name, engine in engines.items()}
    arms |= {f"{name}, bandwidth limit": _limit(size) for name, size in sizes.items()}
    rates = measure(arms)
    peer.terminate()
    kept = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python benchmarks/llama.py",
        "machine": machine(),
        "torch": torch.__version__,
        "llama_cpp_python": version,
        "rounds": ROUNDS,
        "new_tokens": NEW_TOKENS,
        "prompt_tokens": [len(p) for p in prompts],
        "bytes_of_matrices": sizes,
        "tokens_per_second": {name: [round(x, 1) for x in values] for name, values in rates.items()},
        "ratio_to_llama_cpp": {
            name: ratio(rates[name], rates["llama.cpp Q4_1"]) for name in (*engines, "float32, drafted by int4")
        },
        "share_of_bandwidth": {name: ratio(rates[name], rates[f"{name}, bandwidth limit"]) for name in engines},
        "drafted_tokens_kept": round(drafting.kept / max(1, drafting.drafted), 3),
    }
    (HERE / "results" / "llama.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(kept, indent=1))


def _ours(engine: Any, prompts: list[list[int]]) -> Callable[[], float]:
    from srm_core.records import Sampling

    def rate() -> float:
        seconds = 0.0
        for prompt in prompts:
            engine.pool.clear()
            job = engine.submit(prompt, Sampling(max_tokens=NEW_TOKENS, calculator=False))
            while not job.rows:
                engine.step()
            first, said = time.perf_counter(), len(job.rows[0].ids)
            while not job.done:
                engine.step()
            seconds += (time.perf_counter() - first) / (NEW_TOKENS - said)
        return len(prompts) / seconds

    return rate


def _theirs(peer: subprocess.Popen[str], prompts: list[list[int]]) -> float:
    seconds = 0.0
    for prompt in prompts:
        assert peer.stdin is not None
        print(json.dumps([prompt, NEW_TOKENS]), file=peer.stdin, flush=True)
        seconds += _heard(peer)["saying"] / (NEW_TOKENS - 1)
    return len(prompts) / seconds


def _heard(peer: subprocess.Popen[str]) -> dict[str, Any]:
    assert peer.stdout is not None
    line = peer.stdout.readline()
    if not line:
        raise SystemExit("the peer ended; is llama-cpp-python installed for the interpreter that was named?")
    heard: dict[str, Any] = json.loads(line)
    return heard


def _limit(size: int) -> Callable[[], float]:
    return lambda: bandwidth(size)


if __name__ == "__main__":
    main()
