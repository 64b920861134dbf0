"""What a verifier card holds."""

from __future__ import annotations

from typing import Literal

from srm_core.records import Record, Text, Value

from .rates import Rate

MAX_FALSE_ACCEPTS = 0.005  # upper 95 % limit
MAX_FALSE_REJECTS = 0.02  # upper 95 % limit
LEAST_NEAR_MISSES = 600
LEAST_GOLDS = 300


class Error(Value):
    """One wrong verdict: ``text`` was judged against what is known, and ``why`` says how it is known."""

    problem: Text  # id
    gold: Text
    family: Text
    text: str
    why: Text
    reason: str  # the verifier's own


class GarbageCheck(Value):
    """What meaningless answers did: ``accepted`` and ``failed`` (abstentions) should be 0; seconds of the slowest."""

    n: int
    accepted: int
    failed: int
    slowest: float


class KindCard(Value):
    """What was measured for one kind. Rates count texts; ``problems`` is how many problems they stand on.

    ``touched`` is the number of problems with at least one false accept: texts of one problem are not independent.
    """

    kind: Text
    verdict: Literal["pass", "fail", "not measured"]
    problems: int
    false_accepts: Rate
    false_rejects: Rate
    abstained: int  # verdicts the verifier could not give; no accept, and a reject of a gold
    touched: int = 0
    by_family: dict[str, Rate] = {}  # false accepts
    by_form: dict[str, Rate] = {}  # false rejects
    arguable: dict[str, Rate] = {}  # acceptance of forms that the contract does not promise
    garbage: GarbageCheck
    blind_spots: tuple[str, ...] = ()
    accepted_wrongly: tuple[Error, ...] = ()
    rejected_wrongly: tuple[Error, ...] = ()


class VerifierCard(Record):
    """How far the verifiers of a pack can be trusted; ``code`` names the code that was measured."""

    identity = ("pack", "code", "seconds_limit")
    untimed = frozenset({"seconds"})
    schema_version: Literal[1] = 1
    pack: Text
    version: Text
    code: Text  # 16 hex digits
    seconds_limit: float | None = None  # of one verdict; None: judged in this process, without a limit
    kinds: tuple[KindCard, ...]
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Say whether no kind that was measured fails."""
        return all(kind.verdict != "fail" for kind in self.kinds)

    def false_accept_limit(self) -> float:
        """Return the largest upper 95 % limit of false accepts among the kinds that were measured; 1.0 if none was."""
        limits = [kind.false_accepts.limit for kind in self.kinds if kind.verdict != "not measured"]
        return max(limits, default=1.0)
