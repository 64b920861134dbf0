"""Reporters as reporters-db lists them: editions with their years, other spellings, and the one court of some."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from .sources import reporters_source
from .states import STATES

PLACEHOLDER = 1750  # the year reporters-db writes where a beginning is not known
_COURT = re.compile(r"us:(?P<state>[a-z]{2});(?P<court>[a-z.]+)")
_TITLES = {"court.supreme": "Supreme Court", "appeals.court": "Court of Appeals", "civil.appeals.court":
           "Court of Civil Appeals", "criminal.appeals.court": "Court of Criminal Appeals"}  # fmt: skip


@dataclass(frozen=True)
class Edition:
    """A series of a reporter; ``start`` is None where the year is not known, ``end`` where it is still published."""

    abbreviation: str
    start: int | None
    end: int | None


@dataclass(frozen=True)
class Reporter:
    """A reporter. ``court`` is set where it reports one state court only."""

    name: str
    editions: tuple[Edition, ...]
    variants: tuple[tuple[str, str], ...]  # other spelling, edition
    court: str = ""

    @property
    def curie(self) -> str:
        """Return the node of the reporter, which is the anchor of every problem about it."""
        return f"reporter:{self.editions[0].abbreviation}"


@cache
def load_reporters() -> tuple[Reporter, ...]:
    """Return the reporters whose abbreviations and spellings stand for nothing else, in the package's order."""
    reporters_source()
    from reporters_db import JOURNALS, REPORTERS

    rows = [row for rows in REPORTERS.values() for row in rows]
    meanings = Counter(text for row in rows for text in {*row["editions"], *row["variations"]})
    meanings.update(list(JOURNALS))
    names = Counter(row["name"] for row in rows)
    found = (_reporter(row, meanings) for row in rows if names[row["name"]] == 1)
    return tuple(reporter for reporter in found if reporter.editions)


def court_curie(court: str) -> str:
    """Return the node of a court that is known by its name alone."""
    return f"statecourt:{court}"


def _reporter(row: Mapping[str, Any], meanings: Mapping[str, int]) -> Reporter:
    editions = tuple(_edition(text, dates) for text, dates in row["editions"].items() if meanings[text] == 1)
    known = {edition.abbreviation for edition in editions}
    variants = ((text, edition) for text, edition in row["variations"].items() if edition in known)
    plain = tuple((text, edition) for text, edition in variants if meanings[text] == 1 and _is_plain(text))
    courts = row["mlz_jurisdiction"]
    return Reporter(" ".join(row["name"].split()), editions, plain, _court(courts[0]) if len(courts) == 1 else "")


def _edition(text: str, dates: Mapping[str, Any]) -> Edition:
    start, end = dates["start"], dates["end"]
    known = start is not None and start.year != PLACEHOLDER
    return Edition(text, start.year if known else None, end.year if end else None)


def _is_plain(text: str) -> bool:
    return text.isascii() and not re.search(r"[\"\\$]", text)


def _court(code: str) -> str:
    match = _COURT.fullmatch(code)
    state = STATES.get(match["state"]) if match else None
    return f"{state} {_title(match['court'])}" if match and state else ""


def _title(court: str) -> str:
    if court in _TITLES:
        return _TITLES[court]
    first, _, rest = court.partition(".")
    words = rest.replace(".", " ").title()
    return f"Court of {words}" if first == "court" and rest else f"{first.title()} {words}".strip()
