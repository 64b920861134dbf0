"""Training methods by name; each is a file of this room."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from ..config import TrainConfig
from ..host import Host

log = logging.getLogger(__name__)


def run_method(
    method: str, *, pack: str, base: Path, data: Path, config: TrainConfig, out: Path
) -> Mapping[str, float]:
    """Train ``base`` by ``method``; progress goes to the log, a line a step."""

    def tell(step: int, steps: int, shown: str) -> None:
        log.info("%s: step %d of %d%s", method, step, steps, f", {shown}" if shown else "")

    if method == "sft":
        from .sft import train_sft

        return train_sft(base, data, config, out, tell)
    from .grpo import train_grpo
    from .rewards import Judge

    host = Host(pack)
    judge = Judge(verify=host.verify, terms=host.rewards, weights=config.reward_weights)
    return train_grpo(base, data, config, out, judge=judge, system=host.pack().system_prompt, tell=tell)
