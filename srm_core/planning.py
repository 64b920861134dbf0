"""The plan of a build before it runs: what is cached, and what the rest will take in time, tokens, disk and memory.

Times are token counts divided by rates measured on two cores with the embedded model (135 million parameters), scaled
by the base's parameters and the machine's cores. They are estimates and are printed as such.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .config import POLICY_METHODS, PREFERENCE_METHODS, BuildConfig
from .general.items import general_items
from .host import Host
from .models import embedded, tiny
from .pipeline import STEPS, Step, prepare, step_key
from .reports.exports_section import JUDGED
from .stages.context import Context
from .stages.selection import reinforced_kinds
from .workspace import Workspace, cache_dir

# Measured with benchmarks/train.py and decode.py on 2 cores, float32, 135 M parameters (tokens a second).
TRAIN_RATE = 260.0
PREFILL_RATE = 600.0
DECODE_RATE = 150.0
RATED_PARAMETERS = 134.5e6
RATED_CORES = 2
EMBED_RATE = 60.0  # passages a second
ACTIVATION = 0.0223  # bytes that training holds for each token of a batch and parameter; 6.6 GB at a batch of 4
LONGEST = 256  # tokens of a row, the longest of a batch

PROMPT, ANSWER, SHOT = 150, 42, 190  # tokens of a prompt, an answer and a worked example, means over the medical kinds
LETTERS_A_TOKEN = 4  # of English text, about
SCORED = 140  # tokens of the choices of one general item, each with its question
VARIANTS = 17  # most wordings of one problem in the audit


@dataclass(frozen=True)
class Planned:
    """One step of a plan. Seconds, tokens, disk (MB) and memory (GB) are estimates."""

    name: str
    cached: bool
    what: str
    seconds: float
    tokens: int
    disk_mb: float
    memory_gb: float


@dataclass(frozen=True)
class Plan:
    """The steps of a build, in order."""

    steps: tuple[Planned, ...]


def plan(config: BuildConfig, workspace: Workspace, host: Host | None = None) -> Plan:
    """Return what `build` would do with these settings in this workspace; nothing is run or fetched."""
    context = prepare(config, host)
    parameters = _parameters(config.base)
    keys: dict[str, str] = {}
    steps = []
    for step in STEPS:
        keys[step.name] = step_key(step, context, workspace, keys)
        cached = workspace.store.find(step.name, keys[step.name]) is not None
        steps.append(_planned(step, context, cached=cached, parameters=parameters))
    return Plan(tuple(steps))


def short_of_memory(plan: Plan, usable: int | None) -> str:
    """Return that a step is estimated to need more than the ``usable`` bytes of memory, and what to lower, or "".

    None: how much is usable is not known, and nothing is said.
    """
    largest = max((step for step in plan.steps if not step.cached), key=lambda step: step.memory_gb, default=None)
    if usable is None or largest is None or largest.memory_gb * 1e9 <= usable:
        return ""
    lower = "raise train.accumulation, lower train.batch, or take" if largest.name == "train" else "take"
    return (
        f"{largest.name} is estimated to need {largest.memory_gb:.1f} GB of memory, and {usable / 1e9:.1f} GB can be "
        f"used here: {lower} a smaller base"
    )


def _planned(step: Step, context: Context, *, cached: bool, parameters: float) -> Planned:
    what, seconds, tokens, disk_mb, memory_gb = _ESTIMATES[step.name](context, parameters)
    return Planned(step.name, cached, what, seconds, int(tokens), disk_mb, memory_gb)


def _speed(parameters: float) -> float:
    """Return how much faster (above 1) or slower this base on this machine is than what the rates were measured on."""
    return max(1, os.cpu_count() or 1) / RATED_CORES * RATED_PARAMETERS / max(parameters, 1.0)


Estimate = tuple[str, float, float, float, float]


def _ingest(context: Context, parameters: float) -> Estimate:
    corpora = len(context.config.ingest.corpus)
    most = context.config.ingest.max_documents
    return f"at most {most:,} documents of the pack, {corpora} corpora of yours", 5.0 + 10.0 * corpora, 0, 10, 0.5


def _ground(context: Context, parameters: float) -> Estimate:
    passages = context.config.ingest.max_documents * 1.5
    return "facts into the graph, passages into the vector store", 40 + passages / EMBED_RATE, 0, 300, 1.5


def _pose(context: Context, parameters: float) -> Estimate:
    problems = len(context.kinds()) * context.config.pose.per_kind
    return f"at most {problems:,} problems of {len(context.kinds())} kinds", 5 + problems / 300, 0, problems / 100, 1.0


def _distill(context: Context, parameters: float) -> Estimate:
    asked = len(context.kinds()) * context.config.distill.per_kind
    teacher = context.config.distill.teacher
    if teacher == "solver:":
        return f"{asked:,} worked solutions", 5, 0, 5, 0.5
    tokens = asked * context.config.distill.samples * (1 + context.config.distill.search) * ANSWER * 2
    return f"{asked:,} problems asked of {teacher}", 5 + tokens / (DECODE_RATE * _speed(parameters)), tokens, 10, 2.0


def _train(context: Context, parameters: float) -> Estimate:
    settings = context.config.train
    methods = {*settings.methods}
    rows = len(context.kinds()) * context.config.distill.per_kind
    asked = settings.rl_steps * settings.rl_prompts
    samples = asked * settings.rl_samples if methods & {*POLICY_METHODS} else 0
    samples += len(methods & {*PREFERENCE_METHODS}) * asked * settings.rl_candidates * settings.preference_samples
    passes = rows * settings.epochs * len(methods & {"sft", "esft"})  # of one row, there and back
    passes += samples * (settings.ppo_epochs if "ppo" in methods else 1)
    answers = float(samples)
    if "gkd" in methods:
        sequences = settings.gkd_steps * settings.batch
        passes += sequences * 4 / 3  # the teacher only looks: a third of there and back
        answers += sequences * settings.gkd_on_policy
    tokens = passes * (PROMPT + ANSWER)
    if "cpt" in methods:
        tokens += settings.cpt_passages * settings.cpt_epochs * context.config.ground.chunk_chars / LETTERS_A_TOKEN
    speed = _speed(parameters)
    seconds = tokens / (TRAIN_RATE * speed) + answers * ANSWER / (DECODE_RATE * speed)
    what = f"{' then '.join(settings.methods)}: {rows:,} rows x {settings.epochs:g} epochs, {answers:,.0f} rollouts"
    held = settings.batch / settings.accumulation * LONGEST  # tokens of a pass
    memory = 2.0 + parameters * 4 * 3 / 1e9 + held * parameters * ACTIVATION / 1e9
    return what, seconds, tokens, 60 + parameters * 4e-7, memory


def _evaluate(context: Context, parameters: float) -> Estimate:
    settings = context.config.evaluate
    named = reinforced_kinds(context.config.train.rl_kinds, context.host.pack(), context.kinds())
    items = len(context.kinds()) * settings.test_per_kind
    items += len(named) * max(0, settings.rl_test_per_kind - settings.test_per_kind)
    few = len(context.kinds()) * settings.control_per_kind
    answers = items * len(settings.arms) + few * len(settings.controls) + 2 * few * settings.votes
    scored = 2 * len(general_items(settings.general)) * SCORED  # of base and student
    prompts = answers * PROMPT + scored
    speed = _speed(parameters)
    seconds = prompts / (PREFILL_RATE * speed) + answers * ANSWER / (DECODE_RATE * speed)
    what = f"{items:,} held-out items, {len(settings.arms)} arms, {len(settings.controls)} controls"
    return what, seconds, prompts + answers * ANSWER, 30, 1.5 + parameters * 4 / 1e9


def _audit(context: Context, parameters: float) -> Estimate:
    asked = 2 * context.config.audit.per_attribute * VARIANTS
    speed = _speed(parameters)
    seconds = asked * PROMPT / (PREFILL_RATE * speed) + asked * ANSWER / (DECODE_RATE * speed)
    return f"at most {asked:,} wordings asked of base and student", seconds, asked * (PROMPT + ANSWER), 10, 2.0


def _release(context: Context, parameters: float) -> Estimate:
    config, speed = context.config, _speed(parameters)
    others = len({*config.release.exports} - {*JUDGED})  # asked again, before and after
    asked = others * (2 * len(context.kinds()) * config.release.export_per_kind + config.audit.per_attribute * VARIANTS)
    seconds = 15 + asked * PROMPT / (PREFILL_RATE * speed) + asked * ANSWER / (DECODE_RATE * speed)
    what = "weights, card, report, the gate's verdict" + (f"; {asked:,} answers of exports" if asked else "")
    return what, seconds, asked * (PROMPT + ANSWER), parameters * 4 / 1e6 + 30, 1.0 + parameters * 8 / 1e9


_ESTIMATES = {
    "ingest": _ingest,
    "ground": _ground,
    "pose": _pose,
    "distill": _distill,
    "train": _train,
    "evaluate": _evaluate,
    "audit": _audit,
    "release": _release,
}


def _parameters(base: str) -> float:
    """Return the base's parameter count, from its weights' size if they are on this disk, else the embedded model's."""
    folders: Mapping[str, Path] = {
        f"embedded:{embedded.SMOLLM2}": cache_dir() / "models" / embedded.SMOLLM2,
        "tiny:0": cache_dir() / "models" / "tiny-0",
    }
    folder = folders.get(base, Path(base.partition(":")[2]))
    files = list(folder.glob("*.safetensors")) if folder.is_dir() else []
    if base.startswith("tiny:") and not files:
        return tiny.PARAMETERS
    if not files:
        return RATED_PARAMETERS
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    width = 4 if config.get("dtype", config.get("torch_dtype")) == "float32" else 2
    return sum(file.stat().st_size for file in files) / width
