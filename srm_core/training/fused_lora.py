"""LoRA's part of a linear layer inside its own pass: y = x W^T + s (x A^T) B^T without whole tensors in between.

peft adds what the adapter says as a tensor of its own, scaled and then added: three more passes over the layer's
output, and as many backward. Here it is multiplied onto the output in place, and what the inputs get from both comes
from one tensor too. Values and gradients are those of peft up to rounding (Hu et al. 2021, eq. 3, and its derivatives).
"""

# N tokens, I inputs, O outputs, R rank

from __future__ import annotations

import types
from typing import Any

import torch


class Beside(torch.autograd.Function):
    """The product of a frozen layer and its adapter, and what A, B and the inputs learn from it."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        w_OI: torch.Tensor,
        bias_O: torch.Tensor | None,
        a_RI: torch.Tensor,
        b_OR: torch.Tensor,
        scale: float,
    ) -> torch.Tensor:
        """Return y (..., O) of x (..., I)."""
        x_NI = x.reshape(-1, x.shape[-1])
        narrow_NR = x_NI @ a_RI.T
        y_NO = torch.nn.functional.linear(x_NI, w_OI, bias_O)
        y_NO.addmm_(narrow_NR, b_OR.T, alpha=scale)
        ctx.save_for_backward(x_NI, w_OI, a_RI, b_OR, narrow_NR)
        ctx.scale, ctx.shape = scale, x.shape
        return y_NO.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Return the gradients of x, A and B from that of y."""
        x_NI, w_OI, a_RI, b_OR, narrow_NR = ctx.saved_tensors
        dy_NO = grads[0].reshape(-1, grads[0].shape[-1])
        dnarrow_NR = (dy_NO @ b_OR).mul_(ctx.scale)
        db_OR = (dy_NO.T @ narrow_NR).mul_(ctx.scale)
        dx = (dy_NO @ w_OI).addmm_(dnarrow_NR, a_RI).view(ctx.shape) if ctx.needs_input_grad[0] else None
        return dx, None, None, dnarrow_NR.T @ x_NI, db_OR, None


def fused(model: Any) -> Any:
    """Let every plain LoRA layer of peft's ``model`` compute by `Beside`; return the model.

    Left as they are: layers of other kinds (DoRA, AdaLoRA, experts), and in use whatever `_plain` does not cover.
    """
    from peft.tuners.lora import Linear

    for module in model.modules():
        if type(module) is Linear and not module.lora_variant:
            module.forward = types.MethodType(_forward, module)
    return model


def _forward(self: Any, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    adapter = _plain(self, x)
    if adapter is None or args or kwargs:
        usual: torch.Tensor = type(self).forward(self, x, *args, **kwargs)
        return usual
    base, a, b = self.base_layer, self.lora_A[adapter].weight, self.lora_B[adapter].weight
    made: torch.Tensor = Beside.apply(x, base.weight, base.bias, a, b, self.scaling[adapter])  # type: ignore[no-untyped-call]
    return made


def _plain(module: Any, x: torch.Tensor) -> str | None:
    """Return the adapter, if one alone is on, without dropout or biases, beside frozen weights of the inputs' type."""
    if module.disable_adapters or module.merged or len(module.active_adapters) != 1:
        return None
    adapter: str = module.active_adapters[0]
    if adapter not in module.lora_A or not isinstance(module.lora_dropout[adapter], torch.nn.Identity):
        return None
    base, b = module.base_layer, module.lora_B[adapter]
    frozen = not base.weight.requires_grad and (base.bias is None or not base.bias.requires_grad)
    alike = x.dtype == base.weight.dtype == module.lora_A[adapter].weight.dtype == b.weight.dtype
    apart = module.fan_in_fan_out or b.bias is not None or torch.is_autocast_enabled(x.device.type)
    return adapter if frozen and alike and not apart and type(base) is torch.nn.Linear else None
