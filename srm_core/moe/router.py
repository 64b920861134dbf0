"""The routers of a mixture learn which expert a token needs, beside weights that are named; nothing else moves."""

# B sequences, S tokens, N experts

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import torch
from pydantic import Field

from ..errors import ConfigError, TrainingError
from ..records import TrainingRow, Value
from ..training.experts.balance import switch_loss, z_loss
from ..training.experts.blocks import moe_blocks
from ..training.experts.routing import recorded, stacked
from ..training.experts.rows import labelled_loss, padded
from ..training.guard import Tell

Rate = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]


class RouterSettings(Value):
    """How routers are trained. A batch holds rows of all domains in turn."""

    steps: Annotated[int, Field(ge=0)] = 100
    batch: Count = 6  # rows a step
    learning_rate: Rate = 1e-2
    averaged_learning_rate: Rate = 1e-4  # of the weights that were averaged; 0: they stay as averaged
    balance: Rate = 0.01  # factor of the Switch loss
    z: Rate = 0.001  # factor of the router z-loss
    seed: int = 0


class RouterStep(Value):
    """What one step showed: the loss of the language model (nats a token) and of the routers, before their factors."""

    step: int
    loss: float
    balance: float
    z: float


def train_routers(
    model: Any,
    domains: Mapping[str, Sequence[TrainingRow]],
    settings: RouterSettings,
    tell: Tell,
    averaged: Collection[str] = (),
) -> list[RouterStep]:
    """Train the routers of ``model`` on rows of all ``domains``, and the weights named ``averaged``. Return the log.

    Everything else, the experts first, is frozen.

    The loss is that of the rows' masked tokens, plus the balancing losses averaged over layers.

    Raises:
        ConfigError: a domain has no rows.
        TrainingError: the loss is not finite.
        ModelError: the model is dense.
    """
    routers = freeze_but_routers(model)
    rate = settings.averaged_learning_rate
    shared = [weight.requires_grad_(True) for name, weight in model.named_parameters() if rate and name in averaged]
    groups = [{"params": routers, "lr": settings.learning_rate}, {"params": shared, "lr": rate}]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=0.0)
    log = []
    for step, rows in enumerate(mixed_batches(domains, settings), 1):
        ids_BS, labels_BS, mask_BS = padded(rows, model.device)
        with recorded(model, with_gradients=True) as seen:
            loss = labelled_loss(model, ids_BS, labels_BS, mask_BS)
        layers = stacked(seen, [mask_BS]).values()
        balance = torch.stack([switch_loss(each.logits, each.chosen) for each in layers]).mean()
        large = torch.stack([z_loss(each.logits) for each in layers]).mean()
        total = loss + settings.balance * balance + settings.z * large
        if not math.isfinite(float(total.detach())):
            raise TrainingError(f"the loss is {float(total.detach())} at step {step} of the routers; nothing is kept")
        optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        log.append(
            RouterStep(step=step, loss=float(loss.detach()), balance=float(balance.detach()), z=float(large.detach()))
        )
        tell(step, settings.steps, f"loss {log[-1].loss:.3f}")
    for weight in (*routers, *shared):
        weight.requires_grad_(False)
    return log


def freeze_but_routers(model: Any) -> list[torch.nn.Parameter]:
    """Freeze ``model`` but for its routers, and return those."""
    blocks = moe_blocks(model)
    for tensor in model.parameters():
        tensor.requires_grad_(False)
    return [block.router.weight.requires_grad_(True) for block in blocks]


def mixed_batches(domains: Mapping[str, Sequence[TrainingRow]], settings: RouterSettings) -> list[list[TrainingRow]]:
    """Return the rows of each step: domains in turn, each in an order of its own that depends on the seed alone."""
    if empty := [name for name, rows in domains.items() if not rows]:
        raise ConfigError(f"{empty[0]} has no training rows, so the routers cannot learn its domain")
    wanted = settings.steps * settings.batch
    queues = []
    for number, rows in enumerate(domains.values()):
        draw = random.Random(settings.seed * 1_000_003 + number)
        queue: list[TrainingRow] = []
        while len(queue) * len(domains) < wanted:
            queue += draw.sample(list(rows), len(rows))
        queues.append(queue)
    turn = [queues[i % len(queues)][i // len(queues)] for i in range(wanted)]
    return [turn[start : start + settings.batch] for start in range(0, wanted, settings.batch)]
