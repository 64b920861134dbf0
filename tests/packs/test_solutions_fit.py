"""Every kind's worked solutions are no longer than what a student may answer: else what is taught would be cut off."""

from __future__ import annotations

import pytest

from srm_core.config import AuditPolicy, EvaluateConfig, TrainConfig
from srm_core.host import Host
from srm_core.inference.tokens import encode_completion
from srm_core.models.embedded import base_folder
from srm_core.models.load import load_tokenizer
from srm_core.verifying.posing import posed

LIMIT = min(EvaluateConfig().max_tokens, AuditPolicy().max_tokens, TrainConfig().rl_max_tokens)


@pytest.mark.parametrize("pack", ["astronomy", "chemistry", "code", "finance", "law", "medical"])
def test_worked_solutions_fit_the_default_limits_on_answers(pack: str) -> None:
    tokenizer = load_tokenizer(base_folder())
    with posed(Host(pack=pack), per_kind=12) as made:
        solved = [problem for problem in made.problems if problem.solution]
        long = {p.kind: n for p in solved if (n := len(encode_completion(tokenizer, p.solution)[0])) > LIMIT}
    assert len(solved) >= 100
    assert not long
