"""A strategy's talk with the student: steps within a budget of tokens, then the answer."""

from __future__ import annotations

from collections.abc import Sequence

from ..config import AskConfig
from ..inference.asking import Asker
from ..prompts import conversation
from ..protocols import Conversation
from ..records import ChoiceKey, Completion, Evidence, Message, Problem
from ..traces import parse_trace
from .answers import NOTHING, Draft, Step
from .constrained import citing_only


class Talk:
    """Who is asked, and how many tokens the steps before the answer may still take."""

    def __init__(self, asker: Asker, settings: AskConfig, *, constrained: bool = False) -> None:
        self.asker = asker
        self.settings = settings
        self.constrained = constrained
        self._left = settings.tokens

    def turns(self, question: str, shown: Sequence[Evidence] = (), then: str = "") -> list[Message]:
        """Return the conversation that shows evidence and a question as in training, ``then`` what is wanted."""
        system, user = conversation(self.asker.system, as_problem(question), shown)
        return [system, Message(role="user", content=f"{user.content}\n\n{then}" if then else user.content)]

    def step(
        self, asked: Sequence[Conversation], stop: tuple[str, ...] = (), citing: int | None = None
    ) -> list[Completion] | None:
        """Return one completion for each conversation, or None if the tokens are used up.

        ``citing`` is how many pieces the text may cite, if it is to be a part of the answer.
        """
        each = min(self.settings.step_tokens, self._left // len(asked))
        if each < 1:
            return None
        grammar = citing_only(citing) if self.constrained and citing is not None else None
        changes = {"n": 1, "max_tokens": each, "stop": stop, "grammar": grammar}
        sampling = self.asker.sampling.model_copy(update=changes)
        said = [completions[0] for completions in self.asker.model.generate(asked, sampling)]
        self._left -= sum(completion.tokens for completion in said)
        return said

    def last(self, turns: Conversation, shown: int) -> Completion:
        """Return what is said at the end; it is not of the steps' tokens, so an answer is always possible."""
        grammar = citing_only(shown) if self.constrained else None
        sampling = self.asker.sampling.model_copy(update={"n": 1, "grammar": grammar})
        return self.asker.model.generate([turns], sampling)[0][0]

    def answer(self, question: str, shown: Sequence[Evidence], steps: Sequence[Step], before: str = "") -> Draft:
        """Return the draft that answers from ``shown``; ``before`` is what the steps found, in words."""
        if not shown:
            return Draft("", None, (), (), tuple(steps), NOTHING)
        system, user = self.turns(question, shown)
        content = f"Found so far:\n{before}\n\n{user.content}" if before else user.content
        trace = parse_trace(self.last([system, Message(role="user", content=content)], len(shown)).text)
        return Draft(trace.text, trace.answer, trace.cites, tuple(shown), tuple(steps))


def as_problem(question: str) -> Problem:
    """Return a question of the user's, or one of a strategy's, as retrieval and prompts take it."""
    return Problem(kind="ask", question=question, answer="?", anchor=question, key=ChoiceKey(index=0))
