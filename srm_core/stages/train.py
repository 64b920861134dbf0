"""Stage train: supervised rows from accepted attempts, then each method on the adapter of the one before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from ..config import POLICY_METHODS, PREFERENCE_METHODS, TrainConfig
from ..errors import TrainingError
from ..host import Host
from ..models.load import load_tokenizer, locate
from ..records import Attempt, Problem
from ..store import Artifact, Result, read_records, write_atomically, write_records
from ..verifying.records import VerifierCard
from .context import Context
from .selection import training_problems

TRUSTED_ON = 40  # problems of a kind, and near misses of it, on which the verifiers are tried: for RL and for the gate
NEAR_MISSES = 320  # 0 of 300 has an upper 95 % limit of 1 %
VERIFIERS = "verifiers.json"
DONE = "metrics.json"  # written last by a method, so its existence means the method is finished


def train(context: Context, out: Path, *, attempts: Artifact, problems: Artifact) -> Result:
    """Write ``verifiers.json``, ``rows.jsonl``, and one folder a method (``adapter/``, ``log.jsonl``).

    A finished method is not repeated after a kill; an unfinished one continues from its verified checkpoint.
    """
    from ..training.rows import make_rows

    config = context.config.train.model_copy(update={"seed": context.config.seed})
    base = locate(context.config.base)
    assert base is not None, "the pipeline opens local bases only"
    posed = {p.id: p for p in read_records(problems.path / "problems.jsonl", Problem)}
    accepted = read_records(attempts.path / "attempts.jsonl", Attempt)
    rows, dropped = make_rows(
        accepted,
        posed,
        system=context.host.pack().system_prompt,
        tokenizer=load_tokenizer(base.folder),
        max_tokens=config.max_tokens,
    )
    data = out / "data"
    data.mkdir(exist_ok=True)
    write_records(data / "rows.jsonl", rows)
    write_records(data / "problems.jsonl", rl_problems(list(posed.values()), context))
    write_atomically(data / "build.json", json.dumps({"pack": context.config.pack, "base": context.config.base}))
    metrics: dict[str, float] = {}
    if not (out / VERIFIERS).exists():
        card = _require_trust(context, list(posed.values()))
        write_atomically(out / VERIFIERS, card.model_dump_json(indent=1, exclude={"seconds"}))
    for method in config.methods:
        metrics |= _method(context.host, method, base.folder, data, config, out / method)
        shutil.copytree(out / method / "adapter", data / "adapter", dirs_exist_ok=True)
    for adapter in out.glob("*/adapter"):  # only now: peft asks the hub about a base it cannot find
        _tidy(adapter, context.config.base)
    tokens = sum(len(row.ids) for row in rows)
    trained = sum(sum(row.mask) for row in rows)
    counts = {"rows": len(rows), "tokens": tokens, "trained_tokens": trained}
    return Result({**counts, **{f"dropped: {why}": n for why, n in dropped.items()}}, metrics)


def _require_trust(context: Context, posed: Sequence[Problem]) -> VerifierCard:
    """Return how often the verifiers accept near misses; refuse to reinforce what they let through by mistake.

    Without a method that learns from verdicts nothing is refused here: the gate reads the card.

    Raises:
        TrainingError: such a method is wanted, and a verifier accepts more near misses than is allowed.
    """
    from ..verifying.card import refusal
    from ..verifying.trust import trust_card

    sample = training_problems(posed, TRUSTED_ON)
    context.progress(f"train: trying the verifiers on near misses of {len(sample)} problems", 0, 0)
    card = trust_card(context.host, sample, NEAR_MISSES)
    settings = context.config.train
    judged = [name for name in settings.methods if name in (*POLICY_METHODS, *PREFERENCE_METHODS)]
    if judged and (reason := refusal(card, settings.max_false_accepts)):
        raise TrainingError(f"{reason} Or leave {', '.join(judged)} out of train.methods.")
    return card


def rl_problems(problems: Sequence[Problem], context: Context) -> list[Problem]:
    """Return the prompts of reinforcement learning: training problems not used by supervised rows, kinds in turn."""
    settings = context.config.train
    wanted = settings.rl_steps * settings.rl_prompts * settings.rl_candidates
    skip = context.config.distill.per_kind
    if settings.rl_kinds:
        problems = [problem for problem in problems if problem.kind in settings.rl_kinds]
    fresh = training_problems(problems, wanted, skip)
    if len(fresh) < min(wanted, settings.rl_prompts):  # one step takes that many different prompts
        fresh = training_problems(problems, wanted)
    kinds: dict[str, list[Problem]] = {}
    for problem in fresh:
        kinds.setdefault(problem.kind, []).append(problem)
    queues = list(kinds.values())
    turn = [queue[i] for i in range(max(map(len, queues), default=0)) for queue in queues if i < len(queue)]
    return turn[:wanted]


def _method(host: Host, method: str, base: Path, data: Path, config: TrainConfig, out: Path) -> dict[str, float]:
    finished = out / DONE
    if finished.exists():
        return dict(json.loads(finished.read_text(encoding="utf-8")))
    out.mkdir(exist_ok=True)
    shutil.rmtree(out / "adapter", ignore_errors=True)  # of a run that was killed while it wrote it
    metrics = host.train(method, base, data, config, out)
    for leftover in [*out.glob("checkpoint-*"), *out.glob("damaged-*")]:
        shutil.rmtree(leftover)
    (out / "README.md").unlink(missing_ok=True)
    write_atomically(finished, json.dumps(metrics))
    return metrics


def _tidy(adapter: Path, base: str) -> None:
    """Make what peft writes the same everywhere: the base's reference for its folder, sets in order, no empty card."""
    (adapter / "README.md").unlink(missing_ok=True)
    file = adapter / "adapter_config.json"
    if file.exists():
        settings = json.loads(file.read_text(encoding="utf-8"))
        settings |= {"base_model_name_or_path": base, "target_modules": sorted(settings["target_modules"])}
        if settings.get("target_parameters"):
            settings["target_parameters"] = sorted(settings["target_parameters"])
        write_atomically(file, json.dumps(settings, indent=2, sort_keys=True))
