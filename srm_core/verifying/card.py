"""A verifier card as rows for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .rates import Rate
from .records import MAX_FALSE_ACCEPTS, MAX_FALSE_REJECTS, Error, KindCard, VerifierCard

HEAD = ("kind", "verdict", "problems", "false accepts", "limit", "false rejects", "limit", "abstained", "garbage")
BRIEF = ("kind", "verdict", "problems", "false accepts", "false rejects", "no verdict", "garbage", "slowest")
SHOWN = 2  # errors of a family that are spelled out
_LONGEST = 120  # characters of a text that is shown


def rows(card: VerifierCard) -> list[tuple[str, ...]]:
    """Return one row a kind under `HEAD`; a limit is the one-sided upper 95 % limit."""
    return [
        (
            kind.kind,
            kind.verdict,
            str(kind.problems),
            _rate(kind.false_accepts),
            _limit(kind.false_accepts),
            _rate(kind.false_rejects),
            _limit(kind.false_rejects),
            str(kind.abstained),
            f"{kind.garbage.accepted + kind.garbage.failed}/{kind.garbage.n}, {kind.garbage.slowest:.1f} s",
        )
        for kind in card.kinds
    ]


def brief_rows(card: VerifierCard) -> list[tuple[str, ...]]:
    """Return one row a kind under `BRIEF`: counts, and the upper 95 % limits that decide."""
    return [
        (
            kind.kind,
            kind.verdict,
            str(kind.problems),
            _below(kind.false_accepts),
            _below(kind.false_rejects),
            str(kind.abstained),
            f"{kind.garbage.accepted + kind.garbage.failed}/{kind.garbage.n}",
            f"{kind.garbage.slowest:.1f} s",
        )
        for kind in card.kinds
    ]


def refusal(card: VerifierCard, limit: float) -> str:
    """Return why reinforcement learning must not start on these verifiers, or "" if it may.

    ``limit`` in [0, 1] bounds the measured rate of false accepts of every kind. Whether the card passes is decided by
    the upper limit of its interval, which needs 600 near misses; a build measures fewer.
    """
    high = [
        f"{kind.kind} {kind.false_accepts.count} of {kind.false_accepts.n}"
        for kind in card.kinds
        if kind.false_accepts.value > limit
    ]
    if not high:
        return ""
    return (
        f"the verifiers accept wrong answers: {', '.join(high)} near misses (allowed are {percent(limit)}). "
        f"See: srm verifier card {card.pack}"
    )


def heading(card: VerifierCard) -> str:
    """Return who was measured, in one line."""
    return f"verifiers of pack {card.pack} {card.version}, code {card.code}"


def blind_spot_lines(card: VerifierCard) -> list[str]:
    """Return the known blind spots of all kinds; one that several kinds share is said once."""
    spots: dict[str, list[str]] = {}
    for kind in card.kinds:
        for spot in kind.blind_spots:
            spots.setdefault(spot, []).append(kind.kind)
    return [f"{', '.join(kinds)}: {spot}" for spot, kinds in spots.items()]


def error_lines(kind: KindCard) -> Iterator[str]:
    """Yield the first `SHOWN` errors of each family of ``kind``, and how many more there are."""
    for name, errors in (("accepted", kind.accepted_wrongly), ("refused", kind.rejected_wrongly)):
        families: dict[str, list[Error]] = {}
        for each in errors:
            families.setdefault(each.family, []).append(each)
        for family, found in families.items():
            for each in found[:SHOWN]:
                yield f"{name} {shown(each.text)} where the gold is {shown(each.gold)}: {each.why} ({each.problem})"
            if len(found) > SHOWN:
                yield f"{name}: {len(found) - SHOWN} more of the family {family!r}; the JSON has them all"


def markdown(card: VerifierCard) -> str:
    """Return the card as Markdown: the table, what decides, rates by family, errors, blind spots."""
    parts = [f"# Verifier card: {card.pack}", f"{heading(card)}.", _meaning(card), _table(HEAD, rows(card))]
    for kind in card.kinds:
        if kind.verdict == "not measured":
            continue
        families = [("near miss", name, _rate(rate), _limit(rate)) for name, rate in kind.by_family.items()]
        families += [("form of the gold", name, _rate(rate), _limit(rate)) for name, rate in kind.by_form.items()]
        parts += [f"## {kind.kind}", _table(("what", "family", "wrong verdicts", "limit"), families)]
        if errors := list(error_lines(kind)):
            parts.append("\n".join(f"- {_safe(line)}" for line in errors))
    parts += ["## Known blind spots", "\n".join(f"- {_safe(line)}" for line in blind_spot_lines(card)) or "None."]
    return "\n\n".join(parts) + "\n"


def percent(value: float) -> str:
    """Return a share as a percentage with two decimals."""
    return f"{100 * value:.2f} %"


def shown(text: str) -> str:
    """Return ``text`` as one quoted line with escapes, shortened in the middle if it is long."""
    line = ascii(text) if any(not sign.isprintable() for sign in text) else repr(text)
    return (
        line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]}…{line[-_LONGEST // 3 :]} ({len(text)} characters)"
    )


def _rate(rate: Rate) -> str:
    return f"{rate.count}/{rate.n} [{100 * rate.low:.2f}, {100 * rate.high:.2f}] %" if rate.n else "not measured"


def _below(rate: Rate) -> str:
    return f"{rate.count}/{rate.n}, up to {percent(rate.limit)}" if rate.n else ""


def _limit(rate: Rate) -> str:
    return percent(rate.limit) if rate.n else ""


def _meaning(card: VerifierCard) -> str:
    judged = f"each within {card.seconds_limit:g} s in a worker" if card.seconds_limit else "in one process"
    return (
        f"Texts whose verdict is known beforehand were judged, {judged}. Rates have exact 95 % intervals (Clopper and "
        f"Pearson); the limit is the one-sided upper 95 % limit. A kind passes with at most "
        f"{percent(MAX_FALSE_ACCEPTS)} false accepts and {percent(MAX_FALSE_REJECTS)} false rejects by that limit. "
        "Several texts come from one problem, so the intervals are narrower than those of as many problems."
    )


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    cells = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(_safe(cell) for cell in line) + " |" for line in cells)


def _safe(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
