"""Training methods by name; each is a file of this room."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from ..config import PREFERENCE_METHODS, TrainConfig
from ..errors import ConfigError
from ..host import Host
from ..records import Problem
from ..store import read_records
from .guard import Tell
from .refused import refusal

WITHOUT_VERDICTS = ("cpt", "sft", "esft")  # that learn from the folder of data alone
Train = Callable[[Path, Path, TrainConfig, Path, Tell], Mapping[str, float]]
log = logging.getLogger(__name__)


def run_method(
    method: str, *, pack: str, base: Path, data: Path, config: TrainConfig, out: Path
) -> Mapping[str, float]:
    """Train ``base`` by ``method``; progress goes to the log, a line a step.

    Raises:
        ConfigError: the base cannot be trained so, or ``train.reward_weights`` names a term that no plugin gives; both
            are found before the first method.
        TrainingError: going on would be silently wrong.
    """
    _check_rewards(pack, data, config)
    if reason := refusal(config, json.loads((base / "config.json").read_text(encoding="utf-8"))):
        raise ConfigError(reason)  # preflight could not know a base that was fetched since
    if "gkd" in config.methods:  # before the first method, whichever it is
        from .teachers import require_same_tokenizer

        require_same_tokenizer(base, config.gkd_teacher)

    def tell(step: int, steps: int, shown: str) -> None:
        log.info("%s: step %d of %d%s", method, step, steps, f", {shown}" if shown else "")

    if config.launch != "none":
        from .launch import train_together

        return train_together(method, base, data, config, out, tell)
    if method in WITHOUT_VERDICTS:
        return _trainer_of(method)(base, data, config, out, tell)
    from ..verifying.worker import TimedVerifier
    from .preference import train_dpo, train_kto
    from .reinforcement import train_policy
    from .rewards import Judge

    host = Host(pack)
    system = host.pack().system_prompt
    if method == "gkd":
        from .gkd import train_gkd

        return train_gkd(base, data, config, out, system=system, tell=tell)
    with TimedVerifier(pack, config.verify_seconds) as timed:
        judge = Judge(verify=timed.verify, terms=host.rewards, weights=config.reward_weights)
        if method in PREFERENCE_METHODS:
            prefer = train_dpo if method == "dpo" else train_kto
            return prefer(base, data, config, out, judge=judge, system=system, tell=tell)
        return train_policy(method, base, data, config, out, judge=judge, system=system, tell=tell)


def _trainer_of(method: str) -> Train:
    """Return the function of a method of `WITHOUT_VERDICTS`; only its own file is imported."""
    if method == "cpt":
        from .cpt import train_cpt as train
    elif method == "sft":
        from .sft import train_sft as train
    else:
        from .esft import train_esft as train
    return train


def _check_rewards(pack: str, data: Path, config: TrainConfig) -> None:
    """Refuse a weight for a term that the gold answer of no kind is given.

    The weights that are set by default are let through: not every pack has every one of these terms.
    """
    added = {name: weight for name, weight in config.reward_weights.items() if name not in TrainConfig().reward_weights}
    if not added:
        return
    from .rewards import check_weights

    host = Host(pack)
    kinds = {problem.kind: problem for problem in read_records(data / "problems.jsonl", Problem)}
    offered: set[str] = set()
    for problem in kinds.values():
        text = problem.solution or f"Answer: {problem.answer}"
        verdict = host.verify(problem, text, problem.evidence)
        terms, _ = host.rewards(problem, text, problem.evidence, verdict)
        offered |= {term.name for term in terms}
    check_weights(added, sorted(offered))
