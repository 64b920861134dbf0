"""Ask every variant once, and keep what was answered with its verdict."""

from __future__ import annotations

from collections.abc import Sequence

from srm_core.errors import ModelError
from srm_core.protocols import Respondent, Verify
from srm_core.records import AuditItem, Probe, Problem


def variant_problems(probes: Sequence[Probe]) -> list[Problem]:
    """Return the problems to ask, each once: probes of one problem share their reference and placebo wordings."""
    return list({variant.problem.id: variant.problem for probe in probes for variant in probe.variants}.values())


def ask(role: str, respondent: Respondent, probes: Sequence[Probe], verify: Verify) -> list[AuditItem]:
    """Return one item for each variant of each probe; the respondent is called once, with every distinct problem.

    Raises:
        ModelError: the respondent gave another number of answers or log-probabilities than it was asked for.
    """
    problems = variant_problems(probes)
    completions = respondent.answer(problems) if problems else []
    logprobs = respondent.gold_logprobs(problems) if problems else None
    for given, what in ((completions, "answers"), (logprobs, "log-probabilities")):
        if given is not None and len(given) != len(problems):
            raise ModelError(f"the model {respondent.ref} gave {len(given)} {what} for {len(problems)} audit problems")
    place = {problem.id: n for n, problem in enumerate(problems)}
    verdicts = [verify(p, c.text, p.evidence) for p, c in zip(problems, completions, strict=True)]
    items = []
    for probe in probes:
        for variant in probe.variants:
            n = place[variant.problem.id]
            items.append(
                AuditItem(
                    probe=probe.id,
                    variant=variant.name,
                    role=role,
                    completion=completions[n],
                    verdict=verdicts[n],
                    logprob=None if logprobs is None else logprobs[n],
                    parents=(probe.id,),
                )
            )
    return items
