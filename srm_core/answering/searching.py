"""The strategy ``search``: the student searches while it reasons, and reads what was found condensed.

After: Li et al. 2025, Search-o1, sections 3.3 (a query between marks stops decoding, the engine searches, decoding goes
on) and 3.4 (Reason-in-Documents: apart from the reasoning, the documents are condensed to what bears on it). There the
result is put into the same text; here it is the next turn of the user, for that is how every model here is asked. Of a
condensed text only lines that cite a document that was shown come back.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..records import Completion, Evidence, Message
from ..traces import CITATION, parse_trace
from .answers import NOTHING, Draft, Failed, Retrieve, Step, ids
from .talking import Talk

OPEN, CLOSE = "<search>", "</search>"
HOW = (
    f"Reason step by step. Where a fact is missing write {OPEN}what to look up{CLOSE} and stop; you are then shown "
    'what was found. Cite what you use by its number, as [1]. End with one line "Answer: ...".'
)
NO_MORE = 'There are no more searches. End with one line "Answer: ...".'
NOT_FOUND = "Nothing was found."
CONDENSE = (
    "Write what of these facts bears on the reasoning, one line each, ending in the number of its fact, as [1]. "
    "If nothing does, write: none"
)


def search(talk: Talk, question: str, retrieve: Retrieve) -> Draft:
    """Return the draft of a text in which the student searched at most ``hops`` times.

    A text without any search cannot be read, for nothing was shown to it that it could cite.
    """
    turns = talk.turns(question, then=HOW)
    evidence: list[Evidence] = []
    steps: list[Step] = []
    written: list[str] = []
    seen: set[str] = set()
    while len(written) < talk.settings.hops:
        said = talk.step([[*turns]], stop=(CLOSE,), citing=len(evidence))
        if said is None:
            break
        reasoning, query = _parted(said[0])
        if query is None:
            if not written:
                raise Failed([*steps, Step("reasoning", said[0].text)], "it answered without a search")
            return _read([*written, reasoning], evidence, steps)
        if not query:
            raise Failed([*steps, Step("reasoning", said[0].text)], f"a query that is empty or not closed by {CLOSE}")
        found = tuple(piece for piece in retrieve(query) if seen.isdisjoint(piece.cites))
        seen |= set(ids(found))
        note = "" if found else "nothing new was retrieved"
        steps.append(Step("reasoning", said[0].text, query, ids(found), note=note))
        lines: list[str] = []
        if found:
            condensed = talk.step([_condensing(talk, query, found, [*written, reasoning])])
            if condensed is None and not evidence:
                raise Failed(steps, "the tokens do not suffice to condense what was found")
            if condensed is None:
                break
            read = _kept(condensed[0].text, found, evidence, talk.settings.passages)
            if read is None:
                steps.append(Step("condensed", condensed[0].text, query))
                raise Failed(steps, "a condensed text that cites nothing")
            lines = read
            kept = ids(piece for piece in evidence if piece in found)
            steps.append(Step("condensed", condensed[0].text, query, ids(found), kept))
        written.append(reasoning)
        turns += [
            Message(role="assistant", content=f"{reasoning}{OPEN}{query}{CLOSE}"),
            Message(role="user", content="\n".join(lines) or NOT_FOUND),
        ]
    if not evidence:
        return Draft("\n".join(written), None, (), (), tuple(steps), NOTHING)
    turns[-1] = Message(role="user", content=f"{turns[-1].content}\n\n{NO_MORE}")
    last = talk.last(turns, len(evidence))
    if OPEN in last.text:
        raise Failed([*steps, Step("reasoning", last.text)], "a search after the last")
    return _read([*written, last.text], evidence, steps)


def _parted(said: Completion) -> tuple[str, str | None]:
    """Return what stands before a query, and the query: None without one, "" if it is empty or was cut."""
    before, mark, rest = said.text.partition(OPEN)
    if not mark:
        return said.text, None
    query, closed, _ = rest.partition(CLOSE)  # a mark that ended the text is not in it
    return before, " ".join(query.split()) if closed or said.finished else ""


def _condensing(talk: Talk, query: str, found: Sequence[Evidence], written: Sequence[str]) -> list[Message]:
    reasoning = "\n".join(part.strip() for part in written if part.strip())
    return talk.turns(query, found, then=f"Reasoning so far:\n{reasoning}\n\n{CONDENSE}" if reasoning else CONDENSE)


def _kept(said: str, found: Sequence[Evidence], evidence: list[Evidence], most: int) -> list[str] | None:
    """Return the lines that cite, their numbers those of ``evidence``, to which what they cite is added; None if none.

    A line that cites what was not shown, or more than ``most`` pieces in all, is left out.
    """
    if said.strip().casefold().rstrip(".") == "none":
        return []
    lines: list[str] = []
    readable = False
    for line in said.splitlines():
        numbers = [int(number) for number in CITATION.findall(line)]
        readable = readable or bool(numbers)
        if not numbers or not all(1 <= number <= len(found) for number in numbers):
            continue
        new = [piece for piece in dict.fromkeys(found[n - 1] for n in numbers) if piece not in evidence]
        if len(evidence) + len(new) > most:
            continue
        evidence += new
        lines.append(_renumbered(line.strip(), found, evidence))
    return lines if readable else None


def _renumbered(line: str, found: Sequence[Evidence], evidence: Sequence[Evidence]) -> str:
    """Return ``line`` with its numbers among ``found`` as those among ``evidence``, which holds what it cites."""
    return CITATION.sub(lambda match: f"[{evidence.index(found[int(match.group(1)) - 1]) + 1}]", line)


def _read(written: Sequence[str], evidence: Sequence[Evidence], steps: Sequence[Step]) -> Draft:
    trace = parse_trace("\n".join(part.strip() for part in written))
    why = "" if evidence else NOTHING
    return Draft(trace.text, trace.answer if evidence else None, trace.cites, tuple(evidence), tuple(steps), why)
