"""Products of a weight matrix with one row and with 32, in each format, on one thread, interleaved in one run.

    OMP_NUM_THREADS=1 python benchmarks/products.py   # about two minutes; nothing else may compute meanwhile

The shapes are those of the embedded model. Copies of each matrix take turns, 128 MiB of them, so that weights come from
memory as they do when a token is decoded. Gop/s counts a multiplication and an addition for each weight and row; GB/s
is the bytes of the weights, once a product. Beside them stands what a plain sum reads from memory in the same round.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

SHAPES = ((1536, 576), (576, 1536), (49152, 576))  # outputs, inputs
ROWS = (1, 32)
MEMORY = 128 * 2**20
ROUNDS = 5
SECONDS = 0.25  # of each measurement


def main() -> None:
    """Measure, print and keep the rates."""
    import torch
    from record import machine  # its neighbour

    torch.set_num_threads(1)
    figures: dict[str, Any] = {}
    for outputs, inputs in SHAPES:
        for rows in ROWS:
            found = measured(outputs, inputs, rows)
            figures[f"{outputs} x {inputs}, rows {rows}"] = found
            print(f"{outputs} x {inputs}, rows {rows}:", found)
    kept = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "OMP_NUM_THREADS=1 python benchmarks/products.py",
        "machine": machine(),
        "rounds": ROUNDS,
        "figures": figures,
    }
    file = Path(__file__).resolve().parent / "results" / "products.json"
    file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def measured(outputs: int, inputs: int, rows: int) -> dict[str, dict[str, float]]:
    """Return the medians of each format, and of a plain sum over as many bytes."""
    import torch

    from srm_core.inference.kernels.alone import PackedMatrix
    from srm_core.inference.kernels.compiled import FORMATS, row_bytes

    w = torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(0)) / inputs**0.5
    x = torch.randn(rows, inputs, generator=torch.Generator().manual_seed(1))
    sizes = {weights: outputs * row_bytes(weights, inputs) for weights in FORMATS}
    calls: dict[str, list[Callable[[], Any]]] = {"sum": [torch.ones(MEMORY // 4).sum]}
    for weights, size in sizes.items():
        copies = [PackedMatrix(w, weights) for _ in range(-(-MEMORY // size))]
        calls[weights] = [partial(copy.times, x) for copy in copies]
    taken: dict[str, list[float]] = {name: [] for name in calls}  # seconds a product
    for turn in range(ROUNDS + 1):  # the first one warms up
        for name, each in taken.items():
            seconds = _seconds(calls[name])
            if turn:
                each.append(seconds)
    made = {"sum": {"gigabytes": round(1e-9 * MEMORY / statistics.median(taken["sum"]), 1)}}
    for weights, size in sizes.items():
        seconds = statistics.median(taken[weights])
        gops, gigabytes = 2e-9 * rows * w.numel() / seconds, 1e-9 * size / seconds
        made[weights] = {"gops": round(gops, 1), "gigabytes": round(gigabytes, 1)}
    return made


def _seconds(calls: list[Callable[[], Any]]) -> float:
    """Return the seconds of one call, over whole turns of all of them."""
    started, done = time.perf_counter(), 0
    while True:
        for call in calls:
            call()
        done += len(calls)
        passed = time.perf_counter() - started
        if passed > SECONDS:
            return passed / done


if __name__ == "__main__":
    main()
