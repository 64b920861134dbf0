"""Processes of training in forks of one that has the heavy libraries loaded: seconds each, not the time to load them.

``serve SOCKET`` is that one. ``ask SOCKET CODE`` stands for ``python -m srm_core.training.worker``: it hands over its
pipes, environment and folder, lets a fork run CODE and then the worker, and ends as the fork ended.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path


def serve(path: str) -> None:
    import datasets  # noqa: F401
    import peft  # noqa: F401
    import trl  # noqa: F401

    import srm_core.training.cpt
    import srm_core.training.sft  # noqa: F401

    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        asked, _ = listening.accept()
        data, pipes, _, _ = socket.recv_fds(asked, 1 << 20, 3)
        if os.fork() == 0:
            listening.close()
            _answer(asked, json.loads(data), pipes)
        asked.close()
        for pipe in pipes:
            os.close(pipe)


def _answer(asked: socket.socket, told: dict[str, object], pipes: list[int]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        asked.close()
        for place, pipe in enumerate(pipes):
            os.dup2(pipe, place)
            os.close(pipe)
        os.environ.clear()
        os.environ.update(told["environment"])  # type: ignore[call-overload]
        os.chdir(str(told["folder"]))
        exec(str(told["code"]), {})
        import srm_core.training.worker as worker

        worker.main()
    for place in (*pipes, 0, 1, 2):
        os.close(place)
    asked.sendall(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
    os._exit(0)


def ask(path: str, code: str) -> None:
    asking = socket.socket(socket.AF_UNIX)
    asking.connect(path)
    told = {"environment": dict(os.environ), "folder": str(Path.cwd()), "code": code}
    socket.send_fds(asking, [json.dumps(told).encode()], [0, 1, 2])
    for place in (0, 1):
        os.close(place)
    ended = int(asking.recv(16) or b"1")
    if ended < 0:
        os.kill(os.getpid(), -ended)
    os._exit(ended)


if __name__ == "__main__":
    {"serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])
