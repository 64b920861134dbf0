"""What happens in a forked child: read the request, lock, run, write what the functions returned, end.

Expected values never come here. Whatever the code does to the interpreter, it can only change what is sent back.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import types
from collections.abc import Callable
from typing import Any

from .values import decode, encode

NOT_LOCKED = 77  # exit status: a layer could not be put on, nothing ran
SHOWN_ERROR = 300  # characters


def serve(request_fd: int, result_fd: int, lock: Callable[[], None]) -> None:
    """Do one run and end the process; this function does not return."""
    status = NOT_LOCKED
    try:
        os.setsid()
        request = json.loads(_read_all(request_fd))
        os.close(request_fd)
        calls = [(name, [decode(each) for each in arguments]) for name, arguments in request["calls"]]
        _limit(request["limits"])
        lock()
        status = 0
        answer = _run(request["code"], calls, request["limits"]["output_bytes"])
        write_all(result_fd, answer.encode("utf-8", "surrogatepass"))
    except BaseException as error:
        if status == NOT_LOCKED:
            write_all(result_fd, f"{type(error).__name__}: {error}".encode())
        else:
            status = 1
    finally:
        os._exit(status)


def _limit(limits: dict[str, Any]) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_s"], limits["cpu_s"] + 1))  # first a signal with a name
    for name, value in (
        (resource.RLIMIT_AS, limits["memory_mb"] << 20),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 8),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(name, (value, value))


def _run(code: str, calls: list[tuple[str, list[Any]]], output_bytes: int) -> str:
    printed = io.StringIO()
    sys.stdout = sys.stderr = printed
    module = types.ModuleType("solution")  # dataclasses look their module up
    sys.modules["solution"] = module
    namespace = module.__dict__
    results: list[dict[str, Any]] = []
    error = ""
    try:
        exec(compile(code, "<solution>", "exec"), namespace)  # noqa: S102 the purpose of this process
    except BaseException as raised:
        error = _said(raised)
    else:
        results = [_call(namespace, name, arguments) for name, arguments in calls]
    answer = {"error": error, "results": results, "printed": printed.getvalue()[:output_bytes]}
    return json.dumps(answer)


def _call(namespace: dict[str, Any], name: str, arguments: list[Any]) -> dict[str, Any]:
    try:
        return {"value": encode(namespace[name](*arguments))}
    except KeyError:
        if name not in namespace:
            return {"error": f"NameError: the code defines no {name}"}
        return {"error": "KeyError"}
    except BaseException as raised:
        return {"error": _said(raised)}


def _said(raised: BaseException) -> str:
    try:
        return f"{type(raised).__name__}: {raised}"[:SHOWN_ERROR]
    except BaseException:
        return "an exception that cannot be shown"


def _read_all(fd: int) -> bytes:
    parts = []
    while part := os.read(fd, 1 << 16):
        parts.append(part)
    return b"".join(parts)


def write_all(fd: int, data: bytes) -> None:
    """Write ``data`` to the descriptor, however many calls it takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
