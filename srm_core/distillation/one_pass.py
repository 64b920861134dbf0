"""The plainest distillation: the teacher answers every problem once, with the graph path in its prompt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from srm_core.errors import ModelError
from srm_core.prompts import Shot, conversation
from srm_core.protocols import Model
from srm_core.records import Attempt, Completion, Evidence, Problem, Sampling, Verdict

UNJUDGED = Verdict(correct=None, reason="not judged yet")
ARM = "teacher"


def one_pass(
    problems: Sequence[Problem],
    evidence: Mapping[str, Sequence[Evidence]],
    teacher: Model,
    sampling: Sampling,
    *,
    system: str,
    shots: Sequence[Shot] = (),
    batch: int = 32,
) -> Iterator[Attempt]:
    """Yield ``sampling.n`` unjudged attempts of ``teacher`` at each problem, in order.

    ``evidence`` is what each prompt shows, by problem id; a problem that is not in it is asked without facts.
    The teacher is asked ``batch`` problems at a time, and only when their attempts are wanted.

    Raises:
        ModelError: the teacher gave more or fewer completions than it was asked for.
    """
    rest = iter(problems)
    while asked := list(islice(rest, batch)):
        shown = [tuple(evidence.get(problem.id, ())) for problem in asked]
        talks = [conversation(system, problem, facts, shots) for problem, facts in zip(asked, shown, strict=True)]
        answers = teacher.generate(talks, sampling)
        check_count(answers, conversations=len(talks), n=sampling.n, ref=teacher.ref)
        for problem, facts, completions in zip(asked, shown, answers, strict=True):
            for index, completion in enumerate(completions):
                yield attempt_of(problem, facts, completion, model=teacher.ref, sampling=sampling, index=index)


def attempt_of(
    problem: Problem,
    shown: Sequence[Evidence],
    completion: Completion,
    *,
    model: str,
    sampling: Sampling,
    index: int = 0,
) -> Attempt:
    """Return the unjudged attempt; its parents are the problem and every chunk and triple the prompt showed."""
    cites = (cite for item in shown for cite in item.cites)
    return Attempt(
        problem=problem.id,
        model=model,
        arm=ARM,
        sampling=sampling,
        index=index,
        completion=completion,
        evidence=tuple(shown),
        verdict=UNJUDGED,
        parents=tuple(dict.fromkeys((problem.id, *cites))),
    )


def check_count(answers: Sequence[Sequence[Completion]], *, conversations: int, n: int, ref: str) -> None:
    """Raise a `ModelError` unless there are ``n`` completions for each of the ``conversations``."""
    if len(answers) != conversations or any(len(completions) != n for completions in answers):
        given = [len(completions) for completions in answers]
        raise ModelError(f"{ref} was asked {n} completions for each of {conversations} conversations and gave {given}")
