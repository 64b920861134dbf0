"""The strategy ``self-reasoning``: which passages bear on the question, which sentences, and what follows from them.

After: Xia et al. 2024, Improving Retrieval Augmented Language Model with Self-Reasoning, its three processes:
relevance-aware (RAP), evidence-aware selective (EAP), trajectory analysis (TAP). There one text holds all three, made
by a model trained on 2,000 of them; here each is a step of its own, relevance is judged passage by passage, and a
chosen sentence counts only if it stands in the passage it names. Where no passage bears on the question the paper's
model answers from what it knows; here it abstains.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..records import Evidence
from .answers import NOTHING, Draft, Failed, Retrieve, Step, ids
from .talking import Talk

RELEVANT = 'Does this fact help to answer the question? Write one line, "Relevant: yes" or "Relevant: no", then why.'
CHOOSE = (
    "Do not answer yet. Copy the sentences that an answer rests on, one a line, each behind the number of its fact and "
    "followed by | and why it matters, as: [1] the sentence | the reason\nIf there is none, write: none"
)
WORDS = 3  # of a sentence that is chosen, at least
_JUDGED = re.compile(r"^[ \t]*relevant[ \t]*:[ \t]*(yes|no)\b[ \t,;:.-]*(.*)$", re.IGNORECASE | re.MULTILINE)
_CHOSEN = re.compile(r"^[ \t]*\[(\d{1,3})\][ \t]*([^|\n]*?)[ \t]*(?:\|[ \t]*(.*?)[ \t]*)?$", re.MULTILINE)


def self_reasoning(talk: Talk, question: str, retrieve: Retrieve) -> Draft:
    """Return the draft that answers from the sentences chosen of the relevant passages."""
    found = tuple(retrieve(question))[: talk.settings.passages]
    if not found:
        return Draft("", None, (), (), (), NOTHING)
    said = talk.step([talk.turns(question, [piece], then=RELEVANT) for piece in found])
    if said is None:
        raise Failed((), "the tokens do not suffice to judge the passages", count=len(found))
    judged = [_JUDGED.search(completion.text) for completion in said]
    steps = [
        Step("relevance", completion.text, question, piece.cites, piece.cites if _is_yes(match) else ())
        for completion, piece, match in zip(said, found, judged, strict=True)
    ]
    if unreadable := sum(match is None for match in judged):
        raise Failed(steps, 'a judgement without a line "Relevant: yes" or "Relevant: no"', count=unreadable)
    relevant = tuple(piece for piece, match in zip(found, judged, strict=True) if _is_yes(match))
    if not relevant:
        return Draft("", None, (), found, tuple(steps), "no passage was judged relevant")
    chosen = talk.step([talk.turns(question, relevant, then=CHOOSE)])
    if chosen is None:
        raise Failed(steps, "the tokens do not suffice to choose sentences")
    sentences = chosen_sentences(chosen[0].text, relevant)
    if sentences is None:
        step = Step("sentences", chosen[0].text, question, ids(relevant))
        raise Failed([*steps, step], "a choice of sentences without numbers")
    kept = tuple(piece for piece in relevant if piece.cites in sentences)
    note = "" if kept else "no sentence was chosen that stands in the passage it names"
    steps.append(Step("sentences", chosen[0].text, question, ids(relevant), ids(kept), note))
    if not kept:
        return Draft("", None, (), relevant, tuple(steps), note)
    shown = [piece.model_copy(update={"text": " ".join(sentences[piece.cites])}) for piece in kept]
    reasons = [match.group(2).strip() for match in judged if match is not None and _is_yes(match)]
    why = dict(zip((piece.cites for piece in relevant), reasons, strict=True))
    lines = [f"- [{n}] {why[piece.cites]}" for n, piece in enumerate(kept, 1) if why[piece.cites]]
    return talk.answer(question, shown, steps, before="\n".join(lines))


def chosen_sentences(said: str, shown: Sequence[Evidence]) -> Mapping[tuple[str, ...], list[str]] | None:
    """Return the sentences that stand in the piece they name, by what it cites; None if no line names a piece.

    Case, white space, quotes around a sentence and the full stop behind it make no difference.
    """
    if said.strip().casefold().rstrip(".") == "none":
        return {}
    found: dict[tuple[str, ...], list[str]] = {}
    matches = list(_CHOSEN.finditer(said))
    for match in matches:
        number, sentence = int(match.group(1)), " ".join(match.group(2).strip(" \"'“”").removesuffix(".").split())
        if not 1 <= number <= len(shown) or len(sentence.split()) < WORDS:
            continue
        piece = shown[number - 1]
        if _plain(sentence) in _plain(piece.text) and f"{sentence}." not in found.setdefault(piece.cites, []):
            found[piece.cites].append(f"{sentence}.")
    return {cites: lines for cites, lines in found.items() if lines} if matches else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _is_yes(match: re.Match[str] | None) -> bool:
    return match is not None and match.group(1).casefold() == "yes"
