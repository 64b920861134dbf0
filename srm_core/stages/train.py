"""Stage train: supervised rows from accepted attempts, then each method on the adapter of the one before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from ..config import POLICY_METHODS, PREFERENCE_METHODS, TrainConfig
from ..errors import TrainingError
from ..models.load import load_tokenizer, locate
from ..records import Attempt, Problem
from ..store import Artifact, Result, read_records, read_rows, write_atomically, write_records
from ..verifying.records import VerifierCard
from .carrying import begin, end
from .context import Context
from .lengths import keep_lengths, warn_of_cuts
from .mitigation import mitigated
from .passages import passages
from .reuse import made_from, say_made_from, take_finished
from .selection import reinforced_kinds, training_problems

TRUSTED_ON = 40  # problems of a kind, and near misses of it, on which the verifiers are tried: for RL and for the gate
NEAR_MISSES = 320  # 0 of 300 has an upper 95 % limit of 1 %
SAMPLING = {*POLICY_METHODS, *PREFERENCE_METHODS, "gkd"}  # methods whose student answers in train.rl_max_tokens tokens
VERIFIERS = "verifiers.json"
DONE = "metrics.json"  # written last by a method, so its existence means the method is finished


def train(context: Context, out: Path, *, attempts: Artifact, problems: Artifact, knowledge: Artifact) -> Result:
    """Write ``verifiers.json``, ``data/``, and one folder a method (``adapter/``, ``log.jsonl``).

    A finished method is not repeated after a kill; an unfinished one continues from its verified checkpoint.
    """
    from ..training.rows import make_rows

    config = context.config.train.model_copy(update={"seed": context.config.seed})
    base = locate(context.config.base)
    assert base is not None, "the pipeline opens local bases only"
    posed = {p.id: p for p in read_records(problems.path / "problems.jsonl", Problem)}
    accepted = list(read_records(attempts.path / "attempts.jsonl", Attempt))
    added = mitigated(context, accepted, posed)
    learned, asked = [*accepted, *added.attempts], {**posed, **added.problems}
    rows, dropped = make_rows(
        learned,
        asked,
        system=context.host.pack().system_prompt,
        tokenizer=load_tokenizer(base.folder),
        max_tokens=config.max_tokens,
    )
    data = out / "data"
    data.mkdir(exist_ok=True)
    write_records(data / "rows.jsonl", rows)
    keep_lengths(data, rows, {attempt.id: asked[attempt.problem].kind for attempt in learned})
    drawing = SAMPLING & {*config.methods}
    cut = warn_of_cuts(data, "train.rl_max_tokens", config.rl_max_tokens) if drawing else {}
    added.write(data)
    missed = missed_problems(accepted, attempts) if config.rl_from_rejected else set()
    write_records(data / "problems.jsonl", rl_problems(list(posed.values()), context, first=missed))
    read = passages(knowledge, posed.values(), config.cpt_passages) if "cpt" in config.methods else None
    if read:
        write_records(data / "passages.jsonl", read.chosen)
    write_atomically(data / "build.json", json.dumps({"pack": context.config.pack, "base": context.config.base}))
    metrics: dict[str, float] = {}
    if not (out / VERIFIERS).exists():
        card = _require_trust(context, list(posed.values()))
        write_atomically(out / VERIFIERS, card.model_dump_json(indent=1, exclude={"seconds"}))
    for method in config.methods:
        metrics |= _method(context, method, base.folder, data, config, out / method)
        shutil.copytree(out / method / "adapter", data / "adapter", dirs_exist_ok=True)
        _tidy(data / "adapter", str(base.folder))  # one taken from another build names the base by its reference
    for adapter in out.glob("*/adapter"):  # only now: peft asks the hub about a base it cannot find
        _tidy(adapter, context.config.base)
    tokens = sum(len(row.ids) for row in rows)
    trained = sum(sum(row.mask) for row in rows)
    counts = {"rows": len(rows), "tokens": tokens, "trained_tokens": trained, **added.counts}
    counts |= {"passages left out: evidence of held-out problems": read.left_out} if read else {}
    return Result({**counts, **cut, **{f"dropped: {why}": n for why, n in dropped.items()}}, metrics)


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


def missed_problems(accepted: Iterable[Attempt], distilled: Artifact) -> set[str]:
    """Return the ids of the problems that the teacher was asked and of which no attempt was accepted."""
    rejected = {row["problem"] for row in read_rows(distilled.path / "rejected.jsonl")}
    return rejected - {attempt.problem for attempt in accepted}


def rl_problems(problems: Sequence[Problem], context: Context, first: Collection[str] = ()) -> list[Problem]:
    """Return the prompts of reinforcement learning: training problems not used by supervised rows, kinds in turn.

    Those whose id is in ``first`` come before the others.
    """
    settings = context.config.train
    wanted = settings.rl_steps * settings.rl_prompts * settings.rl_candidates
    skip = context.config.distill.per_kind
    if named := reinforced_kinds(settings.rl_kinds, context.host.pack(), {problem.kind for problem in problems}):
        problems = [problem for problem in problems if problem.kind in named]
    before = training_problems([problem for problem in problems if problem.id in first], wanted)
    fresh = training_problems(problems, wanted, skip)
    if len(before) + len(fresh) < min(wanted, settings.rl_prompts):  # one step takes that many different prompts
        fresh = training_problems(problems, wanted)
    return [*_in_turn(before), *_in_turn([problem for problem in fresh if problem.id not in first])][:wanted]


def _in_turn(problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems with their kinds taking turns."""
    kinds: dict[str, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault(problem.kind, []).append(problem)
    queues = list(kinds.values())
    return [queue[i] for i in range(max(map(len, queues), default=0)) for queue in queues if i < len(queue)]


def _method(context: Context, method: str, base: Path, data: Path, config: TrainConfig, out: Path) -> dict[str, float]:
    finished = out / DONE
    key, begun = made_from(method, base, data, config, context)
    if finished.exists() or take_finished(method, key, out):
        return dict(json.loads(finished.read_text(encoding="utf-8")))
    out.mkdir(exist_ok=True)
    shutil.rmtree(out / "adapter", ignore_errors=True)  # of a run that was killed while it wrote it
    begin(method, begun, out)
    metrics = context.host.train(method, base, data, config, out)
    end(out)
    for leftover in [*out.glob("checkpoint-*"), *out.glob("damaged-*")]:
        shutil.rmtree(leftover)
    (out / "README.md").unlink(missing_ok=True)
    say_made_from(key, out)
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
