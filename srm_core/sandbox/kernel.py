"""What the kernel must do for us, through ctypes: prctl, Landlock, seccomp, namespaces. Linux only; no package."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from dataclasses import dataclass

from .syscalls import MACHINES, program

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
LANDLOCK_CREATE, LANDLOCK_RESTRICT = 444, 446  # the same numbers on every architecture
SECCOMP = {"x86_64": 317, "aarch64": 277}
SECCOMP_SET_FILTER, SECCOMP_ACTION_AVAILABLE = 1, 2
RET_ERRNO = 0x00050000
NEW_USER, NEW_NET, NEW_IPC, NEW_UTS = 0x10000000, 0x40000000, 0x08000000, 0x04000000
FILE_RIGHTS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 5: 0xFFFF}  # of the ABI and the later ones


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_char_p)]


@dataclass(frozen=True)
class Layers:
    """What this kernel offers. ``landlock`` is its ABI, 0 if it has none."""

    machine: str
    landlock: int
    seccomp: bool
    why: str = ""  # why there is no seccomp


def probe() -> Layers:
    """Look at the kernel; nothing is changed."""
    machine = platform.machine()
    if sys.platform != "linux":
        return Layers(machine, 0, seccomp=False, why=f"the platform is {sys.platform}, not Linux")
    if machine not in MACHINES or struct.calcsize("P") != 8:
        return Layers(machine, 0, seccomp=False, why=f"no table of system calls for {machine}")
    libc = _libc()
    abi = max(0, libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(1)))
    action = ctypes.c_uint(RET_ERRNO)
    available = libc.syscall(SECCOMP[machine], SECCOMP_ACTION_AVAILABLE, 0, ctypes.byref(action)) == 0
    return Layers(machine, abi, seccomp=available, why="" if available else "the kernel has no seccomp filters")


def separate() -> bool:
    """Move this process into user, network, IPC and host name namespaces of its own; say whether the kernel let us."""
    return bool(_libc().unshare(NEW_USER | NEW_NET | NEW_IPC | NEW_UTS) == 0)


class Lock:
    """The layers of one machine, prepared once, put on after each fork."""

    def __init__(self, layers: Layers, *, landlock: bool) -> None:
        self._libc = _libc()
        self._seccomp = SECCOMP[layers.machine]
        steps = program(MACHINES[layers.machine])
        self._filter = _Program(len(steps) // 8, steps)
        self._ruleset = self._new_ruleset(layers.landlock) if landlock else -1

    def _new_ruleset(self, abi: int) -> int:
        """Return a ruleset without rules: no file below any folder, no port, no signal to others."""
        rights = FILE_RIGHTS[max(level for level in FILE_RIGHTS if level <= abi)]
        fields = [rights] + [0x3] * (abi >= 4) + [0x3] * (abi >= 6)
        attributes = struct.pack(f"={len(fields)}Q", *fields)
        ruleset = self._libc.syscall(LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0))
        return int(_done(ruleset, "landlock_create_ruleset"))

    def put_on(self) -> None:
        """Lock this process for ever.

        Raises:
            OSError: a layer could not be put on; the process must end without running anything.
        """
        _done(self._libc.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0), "prctl PDEATHSIG")
        _done(self._libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl NO_NEW_PRIVS")
        _done(self._libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl DUMPABLE")
        if self._ruleset >= 0:
            _done(self._libc.syscall(LANDLOCK_RESTRICT, self._ruleset, ctypes.c_uint(0)), "landlock_restrict_self")
            os.close(self._ruleset)
        filtered = self._libc.syscall(self._seccomp, SECCOMP_SET_FILTER, 0, ctypes.byref(self._filter))
        _done(filtered, "seccomp")

    @property
    def ruleset(self) -> int:
        """The descriptor of the ruleset, -1 without Landlock."""
        return self._ruleset


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _done(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result
