"""The settings of a mixture of unequal experts: Mixtral's, and the inner width of each expert."""

from __future__ import annotations

from typing import Any

from transformers import MixtralConfig

from . import HETEROGENEOUS


class HeterogeneousConfig(MixtralConfig):  # type: ignore[misc]
    """Mixtral's settings and ``expert_sizes``: the inner widths of the experts, the same in every layer.

    ``intermediate_size`` is the inner width of the dense model it was made from; without ``expert_sizes`` every expert
    is as wide.

    Raises:
        ValueError: there are not as many sizes as experts, a size is no whole number above 0, or a token would go to
            more experts than there are.
    """

    model_type = HETEROGENEOUS
    base_model_tp_plan = None  # Mixtral's plans name its fused experts
    base_model_ep_plan = None

    expert_sizes: list[int] | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        """Fill in the sizes, and refuse what no model can be made of."""
        experts = self.num_local_experts
        sizes = [self.intermediate_size] * experts if self.expert_sizes is None else list(self.expert_sizes)
        if any(not isinstance(size, int) or size < 1 for size in sizes):
            raise ValueError(f"expert_sizes = {sizes}: a size is a whole number of neurons, 1 or more")
        if len(sizes) != experts or not 1 <= self.num_experts_per_tok <= experts:
            raise ValueError(
                f"{len(sizes)} expert_sizes for {experts} experts, {self.num_experts_per_tok} of them a token: "
                "these do not fit"
            )
        self.expert_sizes = sizes
        super().__post_init__(**kwargs)
