"""Verifier-guided search: a teacher that answered wrong thinks again, by one of four strategies, until it is right.

After: Chen et al. 2024 (HuatuoGPT-o1), section 3.1. Here the verifier is the pack's, not a model; a trace that was
right at once stays as it was said; a trail becomes one trace by one call, and is taken only if the verifier accepts
that trace too; and an answer given with the label is verified like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from srm_core.prompts import Shot, conversation
from srm_core.protocols import Conversation, Model, Verify
from srm_core.records import Attempt, Completion, Evidence, Message, Problem, Sampling

from .one_pass import attempt_of, check_count
from .strategies import FIRST, LABEL, REWRITE, asked, drawn
from .trails import Searched, Step, Trail, joined

STRIDE = 100_003  # between the seeds of two starts


@dataclass(frozen=True)
class Budget:
    """How far a search goes: ``starts`` attempts from scratch, ``tries`` refinements of each, then the last resort."""

    tries: int
    starts: int = 1
    label_injection: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Searcher:
    """A teacher, how it is asked, and who judges it. Problems are asked together, round by round."""

    teacher: Model
    sampling: Sampling  # n is 1; every start has a seed of its own
    system: str
    shots: Sequence[Shot]
    verify: Verify
    budget: Budget

    def search(self, problems: Sequence[Problem], evidence: Mapping[str, Sequence[Evidence]]) -> list[Searched]:
        """Return what became of each problem, in order; ``evidence`` is what its prompt shows, by problem id.

        Equal calls have equal answers, so with a teacher that keeps them a search that was stopped goes on.

        Raises:
            ModelError: the teacher gave more or fewer completions than it was asked for.
        """
        trails: dict[str, list[Trail]] = {problem.id: [] for problem in problems}
        left = list(problems)
        for start in range(self.budget.starts):
            for trail in self._from_scratch(left, evidence, start):
                trails[trail.problem.id].append(trail)
            left = [problem for problem in left if trails[problem.id][-1].wrong]
        if self.budget.label_injection:
            for trail in self._ask([trails[problem.id][-1] for problem in left], [LABEL] * len(left)):
                trails[trail.problem.id][-1] = trail
        return self._merged([tuple(trails[problem.id]) for problem in problems])

    def _from_scratch(
        self, problems: Sequence[Problem], evidence: Mapping[str, Sequence[Evidence]], start: int
    ) -> list[Trail]:
        """Return a trail of each problem: its first answer and, while that is wrong, refinements within the budget."""
        fresh = [Trail(problem, tuple(evidence.get(problem.id, ())), start) for problem in problems]
        trails = {trail.problem.id: trail for trail in self._ask(fresh, [FIRST] * len(fresh))}
        for depth in range(self.budget.tries):
            wrong = [trail for trail in trails.values() if trail.wrong]
            trails |= {trail.problem.id: trail for trail in self._ask(wrong, [self._way(t, depth) for t in wrong])}
        return list(trails.values())

    def _way(self, trail: Trail, depth: int) -> str:
        return drawn(trail.problem, seed=self.budget.seed, start=trail.start, tries=depth + 1)[depth]

    def _ask(self, trails: Sequence[Trail], ways: Sequence[str]) -> list[Trail]:
        """Return the trails, each with the teacher's next answer and its verdict."""
        asked_now = [self._talk(trail, way) for trail, way in zip(trails, ways, strict=True)]
        said = self._say(asked_now, [self._drawing(trail) for trail in trails])
        return [
            replace(trail, steps=(*trail.steps, Step(way, text, self.verify(trail.problem, text.text, trail.shown))))
            for trail, way, text in zip(trails, ways, said, strict=True)
        ]

    def _talk(self, trail: Trail, way: str) -> Conversation:
        """Return the problem, every answer so far, and after each what was said to make the teacher think again."""
        turns = list(conversation(self.system, trail.problem, trail.shown, self.shots))
        ways = [*(step.how for step in trail.steps[1:]), way]
        for step, after in zip(trail.steps, ways, strict=False):
            turns.append(Message(role="assistant", content=step.completion.text))
            turns.append(Message(role="user", content=asked(after, trail.problem)))
        return tuple(turns)

    def _drawing(self, trail: Trail) -> Sampling:
        return self.sampling.model_copy(update={"n": 1, "seed": self.sampling.seed + STRIDE * trail.start})

    def _say(self, talks: Sequence[Conversation], samplings: Sequence[Sampling]) -> list[Completion]:
        """Return an answer to each conversation; those with the same sampling are asked together."""
        said: dict[int, Completion] = {}
        for sampling in dict.fromkeys(samplings):
            places = [place for place, each in enumerate(samplings) if each == sampling]
            answers = self.teacher.generate([talks[place] for place in places], sampling)
            check_count(answers, conversations=len(places), n=1, ref=self.teacher.ref)
            said |= {place: answer[0] for place, answer in zip(places, answers, strict=True)}
        return [said[place] for place in range(len(talks))]

    def _merged(self, searched: Sequence[tuple[Trail, ...]]) -> list[Searched]:
        """Return one trace a problem; trails that end right after a wrong answer are written anew by one call each."""
        last = [trails[-1] for trails in searched]
        long = [trail for trail in last if len(trail.steps) > 1 and trail.steps[-1].verdict.correct]
        talks = [self._rewriting(trail) for trail in long]
        anew = dict(
            zip((trail.problem.id for trail in long), self._say(talks, [self._drawing(t) for t in long]), strict=True)
        )
        found = []
        for trails in searched:
            trail = trails[-1]
            completion, form = self._trace(trail, anew.get(trail.problem.id))
            found.append(Searched(trail.problem, trails, self._attempt(trail, completion, form), form))
        return found

    def _rewriting(self, trail: Trail) -> Conversation:
        turns = conversation(self.system, trail.problem, trail.shown, self.shots)
        said = Message(role="assistant", content=joined(trail))
        return (*turns, said, Message(role="user", content=REWRITE))

    def _trace(self, trail: Trail, anew: Completion | None) -> tuple[Completion, str]:
        """Return the trace and how it was made: the first of rewritten, joined and the last answer that is accepted."""
        if anew is None:
            return trail.steps[-1].completion, "said"
        tokens = sum(step.completion.tokens for step in trail.steps)
        whole = Completion(text=joined(trail), finished=trail.steps[-1].completion.finished, tokens=tokens)
        for completion, form in ((anew, "rewritten"), (whole, "joined")):
            if self.verify(trail.problem, completion.text, trail.shown).correct:
                return completion, form
        return trail.steps[-1].completion, "last"

    def _attempt(self, trail: Trail, completion: Completion, form: str) -> Attempt:
        made = attempt_of(
            trail.problem,
            trail.shown,
            completion,
            model=self.teacher.ref,
            sampling=self._drawing(trail),
            index=trail.start,
        )
        ways = [step.how for step in trail.steps[1:]]
        tags = {"search": ",".join(ways), "trace": form} if ways else {}
        return made.revised(tags=tags | ({"label_injected": "yes"} if LABEL in ways else {}))
