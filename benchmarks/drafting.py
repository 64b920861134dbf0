"""Drafts on a student's own answers: none, looked up, or said ahead by itself in 4 bits. Equal texts are counted.

    python benchmarks/drafting.py WORKSPACE RUN   # about five minutes on two idle cores; nothing else may compute

Real input: held-out problems of the run, one at a time and four side by side, greedy, as in evaluation. Tokens a second
with prompts read.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from decode import measure, ratio

HERE = Path(__file__).resolve().parent
PER_KIND = 1
PLAIN, LOOKED_UP, DRAFTED = "no drafts", "looked up", "said ahead in int4"


def main() -> None:
    """Measure, print and keep the rates."""
    from record import machine

    from srm_core.inference.adapters import adapter_within
    from srm_core.inference.asking import STOP
    from srm_core.inference.engines import drafting_decoder
    from srm_core.inference.paged import PagedEngine
    from srm_core.pipeline import context_of
    from srm_core.prompts import conversation
    from srm_core.records import Problem, Sampling
    from srm_core.stages.selection import held_out_problems
    from srm_core.stages.students import Students
    from srm_core.store import read_records
    from srm_core.workspace import Workspace

    workspace, run = Workspace(Path(sys.argv[1])), sys.argv[2]
    context, artifacts = context_of(workspace.run(run), workspace)
    problems = held_out_problems(list(read_records(artifacts["pose"].path / "problems.jsonl", Problem)), PER_KIND)
    students = Students(context, artifacts["train"])
    student: Any = students.student(students.final)
    decoder, tokenizer = student.engine.decoder, student.tokenizer
    small = drafting_decoder(student.model, "int4", adapter_within(students.adapter(), student.model))
    engines = {PLAIN: PagedEngine(decoder, tokenizer, draft_rows=0), LOOKED_UP: PagedEngine(decoder, tokenizer)}
    engines[DRAFTED] = PagedEngine(decoder, tokenizer)
    engines[DRAFTED].draft_by(small)
    system = context.host.pack().system_prompt
    prompts = [student.encode(conversation(system, p, p.evidence)) for p in problems]
    sampling = Sampling(max_tokens=context.config.evaluate.max_tokens, stop=STOP)
    said: dict[str, list[str]] = {}

    def arm(name: str, rows: int) -> Callable[[], float]:
        def rate() -> float:
            engine = engines[name]
            engine.pool.clear()
            started = time.perf_counter()
            made = [one for (one,) in engine.generate(prompts, sampling, rows=rows)]
            seconds = time.perf_counter() - started
            said[f"{name}, {rows}"] = [completion.text for completion in made]
            return sum(completion.tokens for completion in made) / seconds

        return rate

    arms = {f"{name}, {rows} at a time": arm(name, rows) for rows in (1, 4) for name in engines}
    rates = measure(arms)
    plain = said[f"{PLAIN}, 1"]
    kept = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python benchmarks/drafting.py WORKSPACE {run}",
        "machine": machine(),
        "problems": len(problems),
        "prompt_tokens": sum(map(len, prompts)),
        "tokens_per_second": {name: [round(x, 1) for x in values] for name, values in rates.items()},
        "ratio_to_no_drafts": {
            name: ratio(rates[name], rates[f"{PLAIN}, {name.rpartition(', ')[2]}"])
            for name in arms
            if not name.startswith(PLAIN)
        },
        "drafted_tokens_kept": {
            name: round(engine.kept / max(1, engine.drafted), 3) for name, engine in engines.items() if engine.drafted
        },
        "texts_equal_to_no_drafts": {
            name: sum(a == b for a, b in zip(texts, plain, strict=True)) for name, texts in said.items()
        },
    }
    (HERE / "results" / "drafting.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
