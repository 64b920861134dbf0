"""llama.cpp on the other end of a pipe, for llama.py: it may live in an environment of its own.

    python benchmarks/llama_peer.py MODEL.gguf THREADS

Each line of standard input is a JSON list of token ids and a number of new tokens; each line of standard output says
how many seconds reading them took and how many the new tokens after the first.
"""

from __future__ import annotations

import json
import sys
import time


def main() -> None:
    """Answer requests until the input ends."""
    import llama_cpp

    threads = int(sys.argv[2])
    model = llama_cpp.Llama(sys.argv[1], n_ctx=2048, n_threads=threads, n_threads_batch=threads, verbose=False)
    print(json.dumps({"version": llama_cpp.__version__}), flush=True)
    for line in sys.stdin:
        ids, wanted = json.loads(line)
        model.reset()
        started = time.perf_counter()
        tokens = model.generate(ids, temp=0.0, repeat_penalty=1.0)
        next(tokens)
        first = time.perf_counter()
        for _ in range(wanted - 1):
            next(tokens)
        print(json.dumps({"reading": first - started, "saying": time.perf_counter() - first}), flush=True)


if __name__ == "__main__":
    main()
