"""Reinforcement methods as data: what each takes as advantage, ratio, clip, sum and KL term; `policy` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from ...records import Text, Unit, Value

Epsilon = Annotated[float, Field(ge=0, lt=1)]


class PolicyMethod(Value):
    """One row of the table. ``clip`` is (low, high); None: the policy gradient without ratio and clip.

    ``overlong`` is the share of the longest answer in which the soft penalty grows (0: no penalty), ``refill`` says
    that groups of equal reward are replaced by others before a step is made.
    """

    paper: Text
    advantage: Literal["group-relative", "centred", "leave-one-out", "global", "critic"]
    ratio: Literal["token", "sequence"] = "token"
    clip: tuple[Epsilon, Epsilon] | None = (0.2, 0.2)
    aggregation: Literal["sequence-mean", "token-mean", "constant-length", "sequence-sum"]
    kl: Literal["none", "loss", "reward"] = "none"
    overlong: Unit = 0.0
    refill: bool = False


METHODS: Mapping[str, PolicyMethod] = {  # those without a critic
    "grpo": PolicyMethod(
        paper="Shao et al. 2024 (DeepSeekMath), eq. 3 and 4",
        advantage="group-relative",
        aggregation="sequence-mean",
        kl="loss",
    ),
    "dr-grpo": PolicyMethod(
        paper="Liu et al. 2025 (Understanding R1-Zero-like training), section 3.2",
        advantage="centred",
        aggregation="constant-length",
    ),
    "dapo": PolicyMethod(
        paper="Yu et al. 2025 (DAPO), eq. 8 to 13",
        advantage="group-relative",
        clip=(0.2, 0.28),
        aggregation="token-mean",
        overlong=0.2,  # 4,096 of 20,480 tokens in the paper
        refill=True,
    ),
    "rloo": PolicyMethod(
        paper="Ahmadian et al. 2024 (Back to basics), REINFORCE leave-one-out",
        advantage="leave-one-out",
        clip=None,
        aggregation="sequence-sum",
        kl="reward",
    ),
    "reinforce++": PolicyMethod(
        paper="Hu et al. 2025 (REINFORCE++)",
        advantage="global",
        aggregation="token-mean",
        kl="reward",
    ),
    "gspo": PolicyMethod(
        paper="Zheng et al. 2025 (GSPO), eq. 5 to 7",
        advantage="group-relative",
        ratio="sequence",
        clip=(3e-4, 4e-4),
        aggregation="sequence-mean",
    ),
}

PPO = PolicyMethod(  # its advantages need values: `training.ppo`
    paper="Schulman et al. 2017 (PPO), eq. 7, 9 and 11",
    advantage="critic",
    aggregation="token-mean",
    kl="reward",
)
POLICIES: Mapping[str, PolicyMethod] = {**METHODS, "ppo": PPO}  # the names are `config.POLICY_METHODS`
