"""A clean interpreter that has imported what solutions use, and forks once for each run.

It is started by exec, so nothing of the trainer is in its memory, and it never reads a request: the descriptors of each
run are passed on to the child, which reads its code itself. Its only talk with the launcher is the control socket:
``b"r"`` and two descriptors start a run, the child's pid goes back, then its exit status, then ``b"."`` reaps it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable

from . import child, kernel

# Imported before the first fork, because a locked child can open no file.
_MODULES = """
    abc array ast base64 binascii bisect builtins calendar cmath codecs collections collections.abc
    colorsys contextlib copy csv dataclasses datetime decimal difflib dis enum fnmatch fractions
    functools gc hashlib heapq hmac html inspect io itertools json keyword locale math numbers operator
    os pprint queue random re reprlib sched secrets statistics string stringprep struct sys textwrap
    threading time timeit token tokenize traceback types typing unicodedata urllib.parse uuid warnings
    weakref zlib zoneinfo _strptime encodings.ascii encodings.latin_1 encodings.utf_8 encodings.utf_16
    encodings.utf_32 encodings.cp1252 encodings.rot_13 encodings.hex_codec encodings.idna
    encodings.punycode encodings.unicode_escape encodings.raw_unicode_escape
"""


def main(control_fd: int, mode: str) -> None:
    """Serve runs until the launcher goes away; ``mode`` is "strong", "sealed" or "unsafe"."""
    os.environ.clear()
    for name in _MODULES.split():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    lock, ruleset, separated = _lock(mode)
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=control_fd) as control:
        control.send(json.dumps({"separated": separated}).encode())
        while _one_run(control, lock, ruleset):
            pass


def _lock(mode: str) -> tuple[Callable[[], None], int, bool]:
    if mode == "unsafe":
        return _nothing, -1, False
    separated = kernel.separate()
    made = kernel.Lock(kernel.probe(), landlock=mode == "strong")
    return made.put_on, made.ruleset, separated


def _nothing() -> None:
    return None


def _one_run(control: socket.socket, lock: Callable[[], None], ruleset: int) -> bool:
    word, fds, _, _ = socket.recv_fds(control, 1, 2)
    if word != b"r" or len(fds) != 2:
        return False
    pid = os.fork()
    if pid == 0:
        control.detach()
        _close_others({*fds, ruleset})
        child.serve(fds[0], fds[1], lock)
    for fd in fds:
        os.close(fd)
    control.send(str(pid).encode())
    gone = _launcher_gone_before_child(control, pid)
    if not gone:
        status = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert status is not None
        control.send(f"{status.si_code} {status.si_status}".encode())
        gone = control.recv(1) != b"."
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return not gone


def _launcher_gone_before_child(control: socket.socket, pid: int) -> bool:
    """Wait until the child has ended (False) or the launcher has hung up (True)."""
    if sys.platform == "linux":
        watched = os.pidfd_open(pid)
        try:
            ready, _, _ = select.select([control.fileno(), watched], [], [])
        finally:
            os.close(watched)
        return watched not in ready
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if select.select([control], [], [], 0)[0]:
            return True
        time.sleep(0.002)
    return False


def _close_others(kept: set[int]) -> None:
    low = 3
    for fd in sorted(fd for fd in kept if fd >= low):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, 256)
