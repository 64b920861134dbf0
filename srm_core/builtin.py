"""The core's own hook implementations; any plugin or pack is asked before them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from . import hookimpl
from .config import POLICY_METHODS, PREFERENCE_METHODS, TrainConfig
from .protocols import Model
from .records import (
    Attempt,
    BuildManifest,
    Evidence,
    Objection,
    Problem,
    Reward,
    Sampling,
    Section,
    Trace,
    Verdict,
)
from .verify import verify_answer

SCHEMES = ("embedded", "dir", "hf", "tiny", "recorded", "solver", "self")
LIGHT = ("recorded",)  # opened before the first stage of a build
METHODS = ("cpt", "sft", "esft", "gkd", *PREFERENCE_METHODS, *POLICY_METHODS)
TARGETS = ("merged", "adapter", "gguf", "gguf-float32", "gguf-q8_0")


@hookimpl
def srm_verify(problem: Problem, trace: Trace) -> Verdict | None:
    """Verify choices, numbers and exact answers."""
    return verify_answer(problem, trace)


@hookimpl
def srm_rewards(trace: Trace, verdict: Verdict) -> Iterator[Reward]:
    """Pay for a right answer, and a little for a readable one."""
    yield Reward(name="correct", value=float(verdict.correct is True))
    yield Reward(name="format", value=float(trace.answer is not None))


@hookimpl
def srm_load_model(ref: str) -> Model | None:
    """Open local checkpoints and recordings."""
    if ref.startswith("recorded:"):
        from .models.recorded import RecordedModel

        return RecordedModel(ref.partition(":")[2])
    from .inference.local import open_local

    return open_local(ref)


@hookimpl
def srm_distill(
    problems: Sequence[Problem],
    evidence: Mapping[str, Sequence[Evidence]],
    teacher: Model,
    sampling: Sampling,
    system: str,
    shots: Sequence[Problem],
) -> Iterable[Attempt]:
    """Ask the teacher once, with the graph path in its prompt."""
    from .distillation.one_pass import one_pass

    examples = [(shot, shot.evidence) for shot in shots]
    return one_pass(problems, evidence, teacher, sampling, system=system, shots=examples, batch=max(1, len(problems)))


@hookimpl
def srm_train(method: str, base: Path, data: Path, config: TrainConfig, out: Path) -> Mapping[str, float] | None:
    """Train: ``cpt`` on passages, ``sft`` and ``esft`` on rows, ``gkd`` by probabilities, the others by verdicts."""
    if method not in METHODS:
        return None
    from .training.methods import run_method

    pack = json.loads((data / "build.json").read_text(encoding="utf-8"))["pack"]
    return run_method(method, pack=pack, base=base, data=data, config=config, out=out)


@hookimpl
def srm_export(student: Path, target: str, out: Path) -> Path | None:
    """Copy the student's merged checkpoint or its adapter, or write the checkpoint as GGUF."""
    if target not in TARGETS:
        return None
    from .errors import ModelError
    from .exporting.refused import settings_in, unexportable

    if reason := unexportable(target, settings_in(student / "merged")):
        raise ModelError(reason)
    if target.startswith("gguf"):
        from .exporting.gguf import export_gguf

        return export_gguf(student, target, out)
    import shutil

    shutil.copytree(student / target, out / target, dirs_exist_ok=True)
    return out / target


@hookimpl
def srm_objections(manifest: BuildManifest) -> Iterator[Objection]:
    """Object to a student that is not better, to leaks, to licences, and to what was not measured."""
    from .reports.gates import objections

    yield from objections(manifest)


@hookimpl
def srm_sections(manifest: BuildManifest) -> Iterator[Section]:
    """Describe how training and test were kept apart, what general ability it cost, experts, exports, memory."""
    from .reports.experts_section import experts_section
    from .reports.exports_section import exports_section
    from .reports.gates import leak_section
    from .reports.general_section import general_section
    from .reports.memory_section import memory_section

    yield leak_section(manifest)
    for section in (
        general_section(manifest),
        experts_section(manifest),
        exports_section(manifest),
        memory_section(manifest),
    ):
        if section is not None:
            yield section
