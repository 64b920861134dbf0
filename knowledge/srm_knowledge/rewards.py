"""The reward term ``grounded``: what is cited was shown, is used where it is cited, and supports the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.calculator import plain
from srm_core.prompts import LETTERS
from srm_core.records import Evidence, Problem, Reward, Trace
from srm_core.traces import CITATION

from .wording import content_words, overlap


def rewards(problem: Problem, trace: Trace, evidence: Sequence[Evidence]) -> Iterator[Reward]:
    """Yield ``grounded`` in [0, 1]; nothing where no evidence was shown, because there is nothing to cite."""
    if evidence:
        yield Reward(name="grounded", value=grounded(problem, trace, evidence))


def grounded(problem: Problem, trace: Trace, evidence: Sequence[Evidence]) -> float:
    """Return how well the citations carry the answer.

    0 without an answer or citation, or if any citation points outside of what was shown. Else the best share of the
    answer's content words found in one cited piece, times the share of citations whose own line shares a content word
    with the piece cited, so that citing everything does not pay.
    """
    if trace.answer is None or not trace.cites or any(not 1 <= cite <= len(evidence) for cite in trace.cites):
        return 0.0
    answer = _spelled_out(problem, trace.answer)
    support = max(overlap(content_words(answer), evidence[cite - 1].text) for cite in trace.cites)
    lines = _lines(trace.text)
    used = [cite for cite in trace.cites if _is_used(lines.get(cite, ""), evidence[cite - 1].text)]
    return round(support * len(used) / len(trace.cites), 6)


def _spelled_out(problem: Problem, answer: str) -> str:
    """Return the option a letter stands for, else the answer itself."""
    letter = answer.strip().rstrip(".)").upper()
    if problem.choices and len(letter) == 1 and letter in LETTERS[: len(problem.choices)]:
        return problem.choices[LETTERS.index(letter)]
    return answer


def _lines(text: str) -> dict[int, str]:
    """Return, for each number cited, the lines it is cited in."""
    found: dict[int, str] = {}
    for line in plain(text).splitlines():
        for number in {int(number) for number in CITATION.findall(line)}:
            found[number] = f"{found.get(number, '')} {CITATION.sub(' ', line)}"
    return found


def _is_used(line: str, piece: str) -> bool:
    return bool(content_words(line) & content_words(piece))
