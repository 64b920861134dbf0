"""Proximal policy optimization: a value head says what an answer is worth before it is finished.

After Schulman et al. 2017 (PPO), with advantages by Schulman et al. 2016 (GAE) and the KL term paid token by token as
in Ouyang et al. 2022 (InstructGPT). Rollouts, accumulation and checkpoints are those of the other methods. What is
added: one linear layer on the last hidden state, several updates on the same answers, and the loss of the values.
"""

# B sequences, T tokens of an answer, D hidden width, N counted tokens, V vocabulary

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from ..config import TrainConfig
from ..errors import TrainingError
from .head import has_plain_head
from .kept_state import KeptState
from .objectives.advantages import globally_normalized
from .objectives.entropy import entropy
from .objectives.gae import generalized_advantages
from .objectives.kl import k1
from .objectives.methods import PPO
from .objectives.policy import token_losses
from .objectives.token_rewards import token_rewards
from .objectives.values import value_loss
from .rollouts import Rollouts
from .shared_prefix import last_hidden_state
from .step_loss import require_agreement

HEAD = "value_head.safetensors"


class Critic:
    """The value head of a model in training: it starts at 0, is kept in checkpoints, and leaves with the trainer.

    Raises:
        TrainingError: the base scales its logits, which this pass would leave out.
    """

    def __init__(self, model: Any, config: TrainConfig) -> None:
        base = model.get_base_model()
        if not has_plain_head(base):
            raise TrainingError("ppo: this base scales its logits, which ppo does not follow; take grpo or rloo")
        self.config = config
        device = next(model.parameters()).device
        self.head = torch.nn.Linear(base.config.get_text_config().hidden_size, 1, device=device)
        torch.nn.init.zeros_(self.head.weight)
        torch.nn.init.zeros_(self.head.bias)
        model.add_module("value_head", self.head)  # so that the trainer finds it; adapters are saved without it

    def load(self, checkpoint: Path) -> None:
        """Take the head that was kept in ``checkpoint``."""
        self.head.load_state_dict(load_file(checkpoint / HEAD))

    def save(self, folder: Path) -> None:
        """Keep the head in a checkpoint."""
        save_file(self.head.state_dict(), folder / HEAD)

    def keeper(self) -> KeptState:
        """Return the callback that keeps the head in every checkpoint; `load` is called before training begins."""
        return KeptState(self.save)

    def of(self, trainer_class: Any, rollouts: Rollouts) -> Any:
        """Return ``trainer_class`` with the advantages, the loss and the optimizer of this method."""
        critic = self

        class WithValues(trainer_class):  # type: ignore[misc]
            """The trainer of the other methods, with a critic."""

            def _generate_and_score_completions(self, inputs: Any) -> Any:
                batch = super(trainer_class, self)._generate_and_score_completions(inputs)
                return critic.weighed(batch, rollouts, self.accelerator.unwrap_model(self.model))

            def _compute_loss(self, model: Any, inputs: Any) -> torch.Tensor:
                loss, shown = critic.loss(self.accelerator.unwrap_model(model), inputs)
                for name, value in shown.items():
                    self._metrics["train"][name].append(value)
                return loss

            def create_optimizer(self, *given: Any, **named: Any) -> Any:
                return critic.add_to(super().create_optimizer(*given, **named))

        return WithValues

    def add_to(self, optimizer: Any) -> Any:
        """Give the head a learning rate of its own: it starts from nothing, the adapter does not."""
        own = {id(tensor) for tensor in self.head.parameters()}
        for group in optimizer.param_groups:
            group["params"] = [tensor for tensor in group["params"] if id(tensor) not in own]
        settings = {"params": list(self.head.parameters()), "lr": self.config.ppo_value_learning_rate}
        optimizer.add_param_group(settings | {"weight_decay": 0.0})
        return optimizer

    def weighed(self, batch: Mapping[str, Any], rollouts: Rollouts, model: Any) -> dict[str, Any]:
        """Return TRL's ``batch`` with advantages, returns, values and weights of tokens, all (B, T).

        The reward of a token is -beta KL, the score comes with the last one; advantages are normalized over the batch.
        A sample nobody could score weighs nothing.
        """
        facts = rollouts.facts(batch)
        scored_BT = facts.counted.bool() & ~facts.paid.isnan()[:, None]
        group = self.config.rl_samples  # their prompt passes once
        rows = range(0, len(facts.paid), group)
        with torch.no_grad():
            values_BT = torch.cat([self._hidden_and_values(model, batch, slice(i, i + group))[1] for i in rows])
        reference_BT = batch.get("ref_per_token_logps")
        kl_BT = torch.zeros_like(values_BT) if reference_BT is None else k1(facts.sampled, reference_BT)
        rewards_BT = token_rewards(facts.paid.nan_to_num(nan=0.0), kl_BT, scored_BT, self.config.rl_beta)
        advantages_BT, returns_BT = generalized_advantages(rewards_BT, values_BT, scored_BT, lam=self.config.ppo_lambda)
        return {
            **batch,
            "advantages": globally_normalized(advantages_BT, scored_BT),
            "returns": returns_BT,
            "values": values_BT,
            "token_weights": facts.weights,
            "sampled": facts.sampled,
        }

    def loss(self, model: Any, inputs: Mapping[str, Any]) -> tuple[torch.Tensor, dict[str, float]]:
        """Return the part that a batch has in the step's loss: clipped policy loss + weight * clipped value loss.

        With it come, for the log, the value loss, the entropy (nats a token) and how far sampler and trainer are apart
        (nats a token) when the answers are new.
        """
        hidden_BTD, values_BT = self._hidden_and_values(model, inputs, slice(None))
        there_BT = inputs["completion_mask"].bool()
        logits_NV = model.get_base_model().get_output_embeddings()(hidden_BTD[there_BT]).float()
        logits_NV = logits_NV / self.config.rl_temperature
        picked_N = logits_NV.log_softmax(-1).gather(1, inputs["completion_ids"][there_BT][:, None])[:, 0]
        logprobs_BT = torch.zeros_like(values_BT).masked_scatter(there_BT, picked_N)
        old_BT = inputs.get("old_per_token_logps")
        old_BT = logprobs_BT.detach() if old_BT is None else old_BT
        weights_BT = inputs["token_weights"]
        counted_BT = weights_BT != 0
        apart = require_agreement(old_BT, inputs["sampled"], counted_BT)
        losses_BT = token_losses(PPO, logprobs_BT, old_BT, None, counted_BT, inputs["advantages"], beta=0.0)
        worth = value_loss(values_BT, inputs["values"], inputs["returns"], counted_BT) * weights_BT.sum()
        with torch.no_grad():
            sure = entropy(logits_NV[counted_BT[there_BT]])
        shown = {"value_loss": float(worth.detach()), "mismatch": apart}
        shown |= {"entropy": float(sure.mean())} if len(sure) else {}
        return (losses_BT * weights_BT).sum() + self.config.ppo_value_weight * worth, shown

    def _hidden_and_values(
        self, model: Any, inputs: Mapping[str, Any], rows: slice
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the states (B, T, D) that each token of the answers is chosen in, and their values (B, T)."""
        ids_BT = torch.cat([inputs["prompt_ids"][rows], inputs["completion_ids"][rows]], dim=1)
        seen_BT = torch.cat([inputs["prompt_mask"][rows], inputs["completion_mask"][rows]], dim=1)
        answer = inputs["completion_ids"].shape[1]
        hidden_BTD = last_hidden_state(model.get_base_model().base_model, ids_BT, seen_BT)[:, -answer - 1 : -1]
        values_BT: torch.Tensor = self.head(hidden_BTD.float())[..., 0]
        return hidden_BTD, values_BT
