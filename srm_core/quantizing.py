"""What a lower precision costs: the student with rounded weights beside itself in float32, on the same problems."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from .errors import ArtifactError, ModelError
from .inference.asking import STOP, Asker
from .inference.kernels.compiled import CompiledDecoder
from .inference.local import TransformersModel
from .inference.paged import PagedEngine
from .pipeline import context_of
from .prompts import conversation
from .records import Problem, Sampling, Weights
from .reports.precision import PROMPTS, Measured, QuantizationReport, compare
from .stages.context import Context
from .stages.selection import held_out_problems
from .stages.students import Students
from .store import Artifact, read_records, write_atomically
from .workspace import Run, Workspace

Tell = Callable[[str, int, int], None]


def quantize(place: Run, workspace: Workspace, weights: Weights, *, per_kind: int, tell: Tell) -> QuantizationReport:
    """Measure the run's student with ``weights``, and keep the report in the run's folder.

    Raises:
        ArtifactError: the run is not finished, or has no held-out problems.
        ModelError: the engine cannot run the student with ``weights``.
    """
    context, artifacts = context_of(place, workspace)
    problems = held_out_problems(list(read_records(artifacts["pose"].path / "problems.jsonl", Problem)), per_kind)
    if not problems:
        raise ArtifactError(f"run {place.name!r} has no held-out problems to compare precisions on")
    tell(f"quantize: {place.name} in float32", 0, 2)
    before = _measure(context, artifacts["train"], problems, "float32")
    tell(f"quantize: {place.name} in {weights}", 1, 2)
    after = _measure(context, artifacts["train"], problems, weights)
    tell("quantize: compared", 2, 2)
    report = compare(place.name, weights, problems, before, after)
    write_atomically(report_file(place, weights), report.model_dump_json(indent=1) + "\n")
    return report


def report_file(place: Run, weights: Weights) -> Path:
    """Return where the report on ``weights`` lies; it is there if `quantize` has measured them."""
    return place.path / f"quantized-{weights}.json"


def _measure(context: Context, trained: Artifact, problems: Sequence[Problem], weights: Weights) -> Measured:
    students = Students(context, trained, weights)
    model = students.student(students.final)
    engine = model.engine if isinstance(model, TransformersModel) else None
    if not isinstance(model, TransformersModel) or not isinstance(engine, PagedEngine):
        raise ModelError(f"{model.ref} is run by transformers itself; the engine has no other precision of it")
    if not isinstance(engine.decoder, CompiledDecoder):
        raise ModelError(
            f"{model.ref}: lower precision needs the compiled kernels; `srm doctor` says why there are none"
        )
    system = context.host.pack().system_prompt
    turns = [conversation(system, problem, problem.evidence) for problem in problems]
    prompts = [model.encode(each) for each in turns[:PROMPTS]]
    logits = engine.logits(prompts)
    worked = [(each, problem.solution) for each, problem in zip(turns, problems, strict=True) if problem.solution]
    scored = model.score([each for each, _ in worked], [text for _, text in worked])
    sampling = Sampling(max_tokens=context.config.evaluate.max_tokens, seed=context.config.seed, stop=STOP)
    started = time.perf_counter()
    said = Asker(model, system=system, sampling=sampling).answer(problems)
    seconds = time.perf_counter() - started
    verdicts = [context.host.verify(p, c.text, p.evidence) for p, c in zip(problems, said, strict=True)]
    measured = Measured(
        logits=logits,
        logprobs=[value for row in scored for value in row],
        texts=[c.text for c in said],
        right=[verdict.correct is True for verdict in verdicts],
        rate=sum(c.tokens for c in said) / seconds,
        size=engine.decoder.size,
        exact=_exact_logits(model, engine.decoder, prompts) if weights in ("int8", "int4") else None,
    )
    del model, engine, students
    gc.collect()
    return measured


def _exact_logits(model: TransformersModel, decoder: CompiledDecoder, prompts: list[list[int]]) -> torch.Tensor:
    """Return the logits (P, V) of the same rounded weights where activations are not rounded."""
    exact = CompiledDecoder(model.model, decoder.shape, decoder.weights, decoder.tier, exact=True)
    exact.adapt(decoder.adapter)
    return PagedEngine(exact, model.tokenizer).logits(prompts)
