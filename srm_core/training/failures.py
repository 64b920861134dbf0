"""Which of several failures is the cause, said in one sentence: when one process fails, its fellows fail after it."""

from __future__ import annotations

import builtins
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import errors
from ..errors import SrmError, TrainingError

AGAIN = "The same command goes on from the newest checkpoint"


@dataclass(frozen=True)
class Failure:
    """A process that failed: what it said of it (``failed``, ``message``, ...), or the exit code it ended with."""

    name: str
    said: Mapping[str, Any] = field(default_factory=dict)
    code: int = 0
    printed: str = ""  # its last line on standard error


def cause(failures: Sequence[Failure]) -> Exception:
    """Return the error to raise for ``failures``, which stand in the order they were noticed in.

    An error of ours first, then one of the file system (a full disk is told as such), then a process that ended without
    a word, which is why the connections of the others broke; at last whatever a library raised.
    """
    told = [each for each in failures if each.said]
    for each in told:
        kind = getattr(errors, each.said["failed"], None)
        if isinstance(kind, type) and issubclass(kind, SrmError):
            return kind(each.said["message"])
    for each in told:
        kind = getattr(builtins, each.said["failed"], None)
        if each.said.get("errno") and not (isinstance(kind, type) and issubclass(kind, ConnectionError)):
            return OSError(each.said["errno"], each.said["message"], each.said["file"] or None)
    speaking = {each.name for each in told}
    for each in failures:
        if each.name not in speaking:
            last = f" ({each.printed[:200]})" if each.printed and each.code > 0 else ""
            return TrainingError(f"{each.name} {_how(each.code)}{last}, and all were ended. {AGAIN}")
    first = (str(told[0].said["message"]).strip().splitlines() or [""])[0]
    return TrainingError(f"{told[0].name} failed: {told[0].said['failed']}: {first}. All were ended. {AGAIN}")


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was ended by {name}" + (", as the system does where memory runs out" if name == "SIGKILL" else "")
