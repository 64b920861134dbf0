"""LoRA inside the layer's own pass: by hand, and against peft."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from srm_core.models.load import load_weights
from srm_core.models.tiny import folder
from srm_core.training.fused_lora import Beside, fused
from srm_core.training.lora import false_alarms_silenced


def peft_model(**settings: Any) -> Any:
    """Return a small model with adapters that say something."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    lora = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", **settings)
    with false_alarms_silenced():
        model = get_peft_model(load_weights(folder(0)), lora)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.1)
    return model


def learned(model: Any, ids: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Return the logits of ``ids`` and what one step of the language model's loss teaches."""
    model.zero_grad()
    made = model.get_base_model()(input_ids=ids, labels=ids)
    made.loss.backward()
    return made.logits.detach(), {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def test_by_hand() -> None:
    # W = [[1, 2], [3, 4]], b = [1, 0], A = [[1, -1]], B = [[2], [0.5]], s = 3, x = [1, 2]
    x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    w, bias = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 0.0])
    a = torch.tensor([[1.0, -1.0]], requires_grad=True)
    b = torch.tensor([[2.0], [0.5]], requires_grad=True)
    y = Beside.apply(x, w, bias, a, b, 3.0)
    # x W^T + b = [6, 11]; A x = -1; 3 B (A x) = [-6, -1.5]
    assert y.tolist() == [[0.0, 9.5]]
    (y * torch.tensor([[1.0, 2.0]])).sum().backward()  # dy = [1, 2]
    # dB = 3 dy (A x) = [-3, -6]; d(A x) = 3 (1 * 2 + 2 * 0.5) = 9; dA = 9 x; dx = dy W + 9 A = [7, 10] + [9, -9]
    assert b.grad is not None
    assert b.grad.tolist() == [[-3.0], [-6.0]]
    assert a.grad is not None
    assert a.grad.tolist() == [[9.0, 18.0]]
    assert x.grad is not None
    assert x.grad.tolist() == [[16.0, 1.0]]


def test_its_gradient_is_its_derivative() -> None:
    torch.manual_seed(1)
    x, a, b = (torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in ((2, 3, 5), (2, 5), (4, 2)))
    w, bias = torch.randn(4, 5, dtype=torch.float64), torch.randn(4, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda *given: Beside.apply(given[0], w, bias, *given[1:], 0.7), (x, a, b))


@pytest.mark.parametrize("settings", [{}, {"use_rslora": True}])
def test_values_and_gradients_are_those_of_peft(settings: dict[str, Any]) -> None:
    ids = torch.randint(0, 100, (2, 9), generator=torch.Generator().manual_seed(2))
    logits, grads = learned(peft_model(**settings), ids)
    ours, found = learned(fused(peft_model(**settings)), ids)
    assert found.keys() == grads.keys()
    assert len(grads) > 10
    assert (ours - logits).abs().max() <= 1e-5
    for name, grad in grads.items():
        assert (found[name] - grad).abs().max() <= 1e-5 * grad.abs().max(), name


def calls_of(model: Any, ids: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many layers compute by `Beside`."""
    seen: list[int] = []
    usual = Beside.apply

    def counted(*args: Any) -> Any:
        seen.append(1)
        return usual(*args)

    with monkeypatch.context() as patched:
        patched.setattr(Beside, "apply", counted)
        model.get_base_model()(input_ids=ids)
    return len(seen)


def test_every_plain_layer_takes_it_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = torch.arange(6)[None]
    model = fused(peft_model())
    layers = sum(name.endswith("lora_A.default") for name, _ in model.named_modules())
    assert layers > 0
    assert calls_of(model, ids, monkeypatch) == layers
    with model.disable_adapter():
        assert calls_of(model, ids, monkeypatch) == 0
        plain = model.get_base_model()(input_ids=ids).logits
    assert (plain - load_weights(folder(0))(input_ids=ids).logits).abs().max() <= 1e-5
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert calls_of(model, ids, monkeypatch) == 0
    assert calls_of(fused(peft_model(use_dora=True)), ids, monkeypatch) == 0
    assert calls_of(fused(peft_model(lora_dropout=0.5)), ids, monkeypatch) == 0
    model.merge_adapter()
    assert calls_of(model, ids, monkeypatch) == 0


def test_what_the_pipeline_trains_computes_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from srm_core.config import TrainConfig
    from srm_core.training.lora import with_new_adapter

    model = with_new_adapter(folder(0), TrainConfig())
    assert calls_of(model, torch.arange(6)[None], monkeypatch) > 0
