"""The generalized Jensen-Shannon divergence against numbers worked out by hand."""

from __future__ import annotations

from math import log
from typing import Any

import pytest
import torch

from srm_core.training.objectives.divergences import generalized_jsd, kl

TEACHER = torch.tensor([[1 / 2, 1 / 2], [1 / 4, 3 / 4]])
STUDENT = torch.tensor([[1 / 4, 3 / 4], [1 / 4, 3 / 4]])


def _jsd(beta: float, teacher: torch.Tensor = TEACHER, student: torch.Tensor = STUDENT) -> list[float]:
    return [float(each) for each in generalized_jsd(student.log(), teacher.log(), beta)]


def test_the_middle_is_jensen_and_shannon_s_and_equal_distributions_are_nothing_apart() -> None:
    mixed = (3 / 8, 5 / 8)
    teacher = 1 / 2 * log((1 / 2) / mixed[0]) + 1 / 2 * log((1 / 2) / mixed[1])
    student = 1 / 4 * log((1 / 4) / mixed[0]) + 3 / 4 * log((3 / 4) / mixed[1])
    assert _jsd(0.5) == pytest.approx([teacher / 2 + student / 2, 0.0], abs=1e-7)


def test_beta_weighs_the_teacher_in_the_mixture_and_in_the_sum() -> None:
    mixed = (0.1 * 1 / 2 + 0.9 * 1 / 4, 0.1 * 1 / 2 + 0.9 * 3 / 4)
    teacher = 1 / 2 * log((1 / 2) / mixed[0]) + 1 / 2 * log((1 / 2) / mixed[1])
    student = 1 / 4 * log((1 / 4) / mixed[0]) + 3 / 4 * log((3 / 4) / mixed[1])
    assert _jsd(0.1)[0] == pytest.approx(0.1 * teacher + 0.9 * student, abs=1e-7)
    assert _jsd(0.1)[0] != pytest.approx(_jsd(0.9)[0], rel=1e-2)


def test_the_ends_are_forward_and_reverse_kl_to_which_it_tends() -> None:
    forward = 1 / 2 * log((1 / 2) / (1 / 4)) + 1 / 2 * log((1 / 2) / (3 / 4))
    reverse = 1 / 4 * log((1 / 4) / (1 / 2)) + 3 / 4 * log((3 / 4) / (1 / 2))
    assert _jsd(0.0)[0] == pytest.approx(forward, abs=1e-7)
    assert _jsd(1.0)[0] == pytest.approx(reverse, abs=1e-7)
    near = generalized_jsd(STUDENT.double().log(), TEACHER.double().log(), 1e-5)
    assert float(near[0]) / 1e-5 == pytest.approx(forward, rel=1e-3)
    near = generalized_jsd(STUDENT.double().log(), TEACHER.double().log(), 1 - 1e-5)
    assert float(near[0]) / 1e-5 == pytest.approx(reverse, rel=1e-3)


def test_the_gradient_of_forward_kl_is_student_less_teacher_and_none_reaches_the_teacher() -> None:
    logits = STUDENT.log().requires_grad_()
    teacher = TEACHER.log().requires_grad_()
    loss: Any = generalized_jsd(logits.log_softmax(-1), teacher, 0.0).sum()
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[0].tolist() == pytest.approx([1 / 4 - 1 / 2, 3 / 4 - 1 / 2], abs=1e-6)
    assert logits.grad[1].abs().max() < 1e-6
    assert teacher.grad is None


def test_a_token_that_the_first_never_says_adds_nothing_and_a_wrong_beta_is_refused() -> None:
    never = torch.tensor([[0.0, 1.0]]).log()
    assert float(kl(never, TEACHER[:1].log())) == pytest.approx(log(2))
    with pytest.raises(ValueError, match=r"beta = 1.5 is no weight of a mixture"):
        _jsd(1.5)
