"""One sandbox a process, started when it is first needed; `--unsafe-code` is settled here once for all verifiers."""

from __future__ import annotations

import atexit
import os
import threading
from dataclasses import dataclass

from .launcher import Sandbox


@dataclass
class _State:
    unsafe: bool = False
    sandbox: Sandbox | None = None
    owner: int = 0  # pid; a forked process starts its own


_state = _State()
_lock = threading.Lock()


def allow_unsafe(allowed: bool) -> None:
    """Say whether code may be run where the machine has no tier. The caller records it in the manifest."""
    with _lock:
        if allowed != _state.unsafe:
            _close()
        _state.unsafe = allowed


def unsafe_allowed() -> bool:
    """Say whether code may be run where the machine has no tier; a process that this one starts is told the same."""
    return _state.unsafe


def shared_sandbox() -> Sandbox:
    """Return the sandbox of this process, started.

    Raises:
        SandboxError: the machine has no tier and unsafe code was not allowed.
    """
    with _lock:
        if _state.sandbox is None or _state.owner != os.getpid():
            _state.sandbox = Sandbox(unsafe=_state.unsafe).__enter__()
            _state.owner = os.getpid()
        return _state.sandbox


def unsafe_in_use() -> bool:
    """Say whether the shared sandbox runs code without any layer."""
    return _state.sandbox is not None and _state.sandbox.mode == "unsafe"


@atexit.register
def _close() -> None:
    if _state.sandbox is not None and _state.owner == os.getpid():
        _state.sandbox.close()
    _state.sandbox = None
