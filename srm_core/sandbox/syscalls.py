"""Which system calls a locked process may make, as a seccomp program: everything else is refused.

Nothing that opens, names or executes a file, makes a process, thread or socket, or reaches another process is allowed.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Mapping
from dataclasses import dataclass

X32_BIT = 0x40000000
KILL, ALLOW, ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data; low words, both machines are little-endian
PROT_EXEC = 4
F_GETFD, F_GETFL = 1, 3

_X86_64 = {
    "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "munmap": 11, "brk": 12, "rt_sigaction": 13,
    "rt_sigprocmask": 14, "rt_sigreturn": 15, "readv": 19, "writev": 20, "sched_yield": 24, "mremap": 25, "madvise": 28,
    "nanosleep": 35, "getpid": 39, "exit": 60, "gettimeofday": 96, "getrusage": 98, "times": 100, "sigaltstack": 131,
    "gettid": 186, "time": 201, "futex": 202, "restart_syscall": 219, "clock_gettime": 228, "clock_getres": 229,
    "clock_nanosleep": 230, "exit_group": 231, "set_robust_list": 273, "getrandom": 318, "rseq": 334,
    "mmap": 9, "mprotect": 10, "ioctl": 16, "fcntl": 72,
}  # fmt: skip
_AARCH64 = {
    "read": 63, "write": 64, "close": 57, "fstat": 80, "lseek": 62, "munmap": 215, "brk": 214, "rt_sigaction": 134,
    "rt_sigprocmask": 135, "rt_sigreturn": 139, "readv": 65, "writev": 66, "sched_yield": 124, "mremap": 216,
    "madvise": 233, "nanosleep": 101, "getpid": 172, "exit": 93, "gettimeofday": 169, "getrusage": 165, "times": 153,
    "sigaltstack": 132, "gettid": 178, "futex": 98, "restart_syscall": 128, "clock_gettime": 113, "clock_getres": 114,
    "clock_nanosleep": 115, "exit_group": 94, "set_robust_list": 99, "getrandom": 278, "rseq": 293,
    "mmap": 222, "mprotect": 226, "ioctl": 29, "fcntl": 25,
}  # fmt: skip
_CHECKED = ("mmap", "mprotect", "ioctl", "fcntl")


@dataclass(frozen=True)
class Machine:
    """A processor family: its name for the kernel's audit, and the numbers of the calls we allow."""

    audit: int
    calls: Mapping[str, int]
    x32: bool = False


MACHINES = {
    "x86_64": Machine(0xC000003E, _X86_64, x32=True),
    "aarch64": Machine(0xC00000B7, _AARCH64),
}


def program(machine: Machine) -> bytes:
    """Return the seccomp program of ``machine``: an array of struct sock_filter."""
    refuse = ERRNO | errno.EPERM
    code = [
        _step(LOAD, ARCHITECTURE),
        _step(JUMP_EQUAL, machine.audit, 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER),
    ]
    if machine.x32:
        code += [_step(JUMP_AT_LEAST, X32_BIT, 0, 1), _step(RETURN, KILL)]
    for name, number in machine.calls.items():
        if name not in _CHECKED:
            code += [_step(JUMP_EQUAL, number, 0, 1), _step(RETURN, ALLOW)]
    for name in ("mmap", "mprotect"):  # memory that can be executed is refused: argument 2 holds the protection
        code += [
            _step(JUMP_EQUAL, machine.calls[name], 0, 4),
            _step(LOAD, ARGUMENTS + 8 * 2),
            _step(JUMP_BITS, PROT_EXEC, 0, 1),
            _step(RETURN, refuse),
            _step(RETURN, ALLOW),
        ]
    code += [_step(JUMP_EQUAL, machine.calls["ioctl"], 0, 1), _step(RETURN, ERRNO | errno.ENOTTY)]
    code += [  # fcntl may look at a descriptor, not set its owner or signal
        _step(JUMP_EQUAL, machine.calls["fcntl"], 0, 5),
        _step(LOAD, ARGUMENTS + 8),
        _step(JUMP_EQUAL, F_GETFD, 1, 0),
        _step(JUMP_EQUAL, F_GETFL, 0, 1),
        _step(RETURN, ALLOW),
        _step(RETURN, refuse),
    ]
    code.append(_step(RETURN, refuse))
    return b"".join(code)


def _step(operation: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, if_true, if_false, operand)
