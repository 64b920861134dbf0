"""Project only the positions that carry a label through the language model's head.

TRL's fused head tiles the projection, but on a CPU it scores every position, prompts included. With a vocabulary of
49,152 and prompts three times as long as answers that is most of the head's work, for numbers that are then masked.
"""

# B sequences, T tokens, V vocabulary, N labelled positions

from __future__ import annotations

import types
from typing import Any

import torch

from .shared_prefix import last_hidden_state

_READ = {"input_ids", "attention_mask", "use_cache", "return_dict"}  # or of no effect here
_REFUSED = ("final_logit_softcapping", "logit_scale", "output_multiplier", "lm_head_multiplier", "logits_scaling")


def project_labels_only(model: Any, temperature: float = 1.0) -> bool:
    """Replace TRL's fused forward of ``model``; returns False (nothing changed) for heads that scale their logits.

    The values equal TRL's: log-probability, entropy and top-1 of each label, 0 where the label is -100.
    """
    if not has_plain_head(model) or getattr(model.config.get_text_config(), "num_experts", None):
        return False
    usual = model.forward

    def forward(
        self: Any,
        *args: Any,
        fused_lm_head: bool = False,
        labels: Any = None,
        num_items_in_batch: Any = None,
        **kwargs: Any,
    ) -> Any:
        if not fused_lm_head or labels is None:
            told = {"labels": labels, "num_items_in_batch": num_items_in_batch}
            return usual(*args, **{name: value for name, value in told.items() if value is not None}, **kwargs)
        unread = sorted(name for name, value in kwargs.items() if value is not None and name not in _READ)
        if args or unread:
            raise TypeError(f"this head reads input_ids and attention_mask by name; it was also given {args}, {unread}")
        hidden = last_hidden_state(self.base_model, kwargs["input_ids"], kwargs.get("attention_mask"))[:, :-1]
        return _fused(hidden, labels[:, 1:], self.get_output_embeddings(), temperature, num_items_in_batch)

    model.forward = types.MethodType(forward, model)
    return True


def has_plain_head(model: Any) -> bool:
    """Say whether logits are the output embeddings times the last hidden states, and nothing else."""
    config = model.config.get_text_config()
    return all(getattr(config, name, None) in (None, 1.0) for name in _REFUSED)


def logits_of(model: Any, ids_BT: torch.Tensor, seen_BT: torch.Tensor | None, mask_BT: torch.Tensor) -> torch.Tensor:
    """Return the logits (N, V), float32, that predict the tokens at which ``mask_BT`` is true, row by row.

    ``seen_BT`` is 1 where a token counts and 0 for padding. The first token of a row is predicted from nothing, so its
    mask is not looked at.
    """
    if not has_plain_head(model):
        whole: torch.Tensor = model(input_ids=ids_BT, attention_mask=seen_BT, use_cache=False).logits[:, :-1]
        return whole[mask_BT[:, 1:]].float()
    hidden_BTD = last_hidden_state(model.base_model, ids_BT, seen_BT)[:, :-1]
    logits: torch.Tensor = model.get_output_embeddings()(hidden_BTD[mask_BT[:, 1:]])
    return logits.float()


def _fused(hidden_BTD: torch.Tensor, labels_BT: torch.Tensor, head: Any, temperature: float, counted: Any) -> Any:
    from trl.trainer.utils import FusedCausalLMOutput

    mask_BT = labels_BT != -100
    logits_NV = head(hidden_BTD[mask_BT]).float() / temperature
    logprobs_NV = torch.log_softmax(logits_NV, dim=-1)
    labels_N = labels_BT[mask_BT]
    picked_N = logprobs_NV.gather(1, labels_N[:, None])[:, 0]
    with torch.no_grad():
        entropy_N = -(logprobs_NV.exp() * logprobs_NV).sum(dim=-1)
        top_N = logprobs_NV.argmax(dim=-1) == labels_N

    def spread(values_N: torch.Tensor) -> torch.Tensor:
        return values_N.new_zeros(mask_BT.shape).masked_scatter(mask_BT, values_N)

    total = -picked_N.sum() / (mask_BT.sum().clamp(min=1) if counted is None else counted)
    return FusedCausalLMOutput(
        loss=total,
        log_probs=spread(picked_N),
        entropy=spread(entropy_N),
        is_top1=spread(top_N),
        label_mask=mask_BT,
    )
