"""Which failures of an endpoint are worth another try, and how long to wait before it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import tenacity

from srm_core.errors import ModelError, SrmError

T = TypeVar("T")
FIRST_WAIT_S = 0.5  # doubles with every try
LONGEST_BACKOFF_S = 30.0
LONGEST_WAIT_S = 120.0  # an endpoint that asks for more is a failure, not a pause
_WORTH_A_TRY = frozenset({408, 409, 425, 429})
_HOPELESS = (SrmError, ImportError, NotImplementedError)


def call_with_retries(call: Callable[[], T], *, ref: str, attempts: int, cancelled: threading.Event) -> T:
    """Return what ``call`` returns, tried up to ``attempts`` times.

    A request that was refused (a status of 4xx but 408, 409, 425 and 429) is not tried again; any other failure is,
    garbage in place of an answer included. ``Retry-After`` is obeyed, otherwise the wait doubles from 0.5 s to 30 s.
    Setting ``cancelled`` ends the waiting.

    Raises:
        ModelError: it never worked; the message tells the number of tries and the last failure.
    """
    retrying = tenacity.Retrying(
        stop=tenacity.stop_any(tenacity.stop_after_attempt(attempts), tenacity.stop_when_event_set(cancelled)),
        wait=_wait_s,
        retry=tenacity.retry_if_exception(_worth_a_try),
        sleep=tenacity.sleep_using_event(cancelled),
        reraise=True,
    )
    try:
        return retrying(call)
    except SrmError:
        raise
    except Exception as error:
        tries = retrying.statistics["attempt_number"]
        raise ModelError(
            f"{ref} gave no answer after {tries} of at most {attempts} tries: {type(error).__name__}: "
            f"{' '.join(str(error).split())[:300]}"
        ) from error


def retry_after_s(error: BaseException) -> float | None:
    """Return how many seconds the endpoint asks to wait (its ``Retry-After``, in seconds or as a date), or None."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    text = str(headers.get("retry-after") or "").strip() if headers is not None else ""
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


def _status(error: BaseException) -> int | None:
    # every provider has exceptions of its own; the HTTP status is what they have in common
    for holder in (error, getattr(error, "response", None)):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int):
            return status
    return None


def _worth_a_try(error: BaseException) -> bool:
    if isinstance(error, _HOPELESS) or not isinstance(error, Exception):
        return False
    status = _status(error)
    refused = status is not None and 400 <= status < 500 and status not in _WORTH_A_TRY
    return not refused and (retry_after_s(error) or 0.0) <= LONGEST_WAIT_S


def _wait_s(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = retry_after_s(error) if error else None
    return asked if asked is not None else min(FIRST_WAIT_S * 2 ** (state.attempt_number - 1), LONGEST_BACKOFF_S)
