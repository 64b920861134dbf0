"""Serve a checkpoint folder on this machine behind an OpenAI-compatible endpoint: ``transformers serve``, offline.

    python benchmarks/loopback_endpoint.py FOLDER --port 8791
    srm build --pack medical --teacher "openai:FOLDER_NAME@http://127.0.0.1:8791/v1?concurrency=1&timeout=600"

The server is transformers' own; it needs fastapi beside what `srm-sdk[langchain-openai]` installs. Two things are
added: the folder is served with sampling switched on (otherwise a temperature above 0 is ignored), and the calculator
computes what follows ``=`` in ``<<expr=value>>`` while the model writes, as it did while the model was trained;
``--no-calculator`` leaves it out. It answers one request at a time; with ``concurrency=1`` a seed gives the same
text twice. The port is part of the ref and so of every record's name: a run that is to be continued keeps its port.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from srm_core.errors import MissingExtra, ModelError
from srm_core.inference.processor import CalculatorProcessor


@contextmanager
def serving(folder: Path, *, port: int = 0, calculator: bool = True, wait_s: float = 300.0) -> Iterator[str]:
    """Serve ``folder`` until the block ends; yields the base URL, e.g. ``http://127.0.0.1:8791/v1``.

    ``port`` 0 takes any free one. The model's name is the folder's.

    Raises:
        MissingExtra: fastapi is not installed.
        ModelError: the server stopped, or was not ready after ``wait_s`` seconds; the message holds its last lines.
    """
    check_installed()
    port = port or free_port()
    with tempfile.TemporaryDirectory() as scratch:
        view = sampling_view(folder.resolve(), Path(scratch))
        log = Path(scratch) / "server.log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                [sys.executable, Path(__file__).resolve(), "--launch", view.name, str(port), str(int(calculator))],
                cwd=scratch,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"},
            )
        try:
            wait_until_ready(server, port, log, wait_s)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            stop(server)


def teacher_ref(folder: Path, base_url: str, *, timeout_s: int = 600) -> str:
    """Return the ref under which ``srm`` opens the served model as a teacher."""
    return f"openai:{folder.resolve().name}@{base_url}?concurrency=1&timeout={timeout_s}"


def check_installed() -> None:
    """Raise `MissingExtra` unless transformers can serve."""
    from transformers.utils.import_utils import is_serve_available

    if not is_serve_available():
        raise MissingExtra("transformers serve needs fastapi, uvicorn and openai: pip install fastapi uvicorn openai")


def free_port() -> int:
    """Return a port of this machine nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sampling_view(folder: Path, scratch: Path) -> Path:
    """Return a folder of links to ``folder`` whose settings sample; a request's temperature of 0 is still greedy."""
    if not (folder / "config.json").exists():
        raise ModelError(f"{folder} is no checkpoint folder: it has no config.json")
    view = scratch / folder.name
    view.mkdir()
    for file in folder.iterdir():
        if file.name != "generation_config.json":
            (view / file.name).symlink_to(file)
    own = folder / "generation_config.json"
    settings = json.loads(own.read_text(encoding="utf-8")) if own.exists() else {}
    settings |= {"do_sample": True, "temperature": 1.0, "top_p": 1.0, "top_k": 0}
    (view / "generation_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return view


def wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path, wait_s: float) -> None:
    """Return when the server is healthy; it loads the model before it listens."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy stands before this machine
    end = time.monotonic() + wait_s
    while time.monotonic() < end and server.poll() is None:
        try:
            with direct.open(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    what = "stopped" if server.poll() is not None else f"was not ready after {wait_s:g} s"
    last = " | ".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
    raise ModelError(f"the server on port {port} {what}; it last said: {last}")


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server, by force after 10 seconds."""
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def launch(name: str, port: int, calculator: bool) -> None:
    """Run ``transformers serve`` in this process for the folder ``name`` below the current one; does not return."""
    from transformers import GenerationMixin
    from transformers.cli.serve import Serve

    if calculator:
        generate = GenerationMixin.generate

        def with_calculator(self: Any, *args: Any, tokenizer: Any = None, **kwargs: Any) -> Any:
            processor = CalculatorProcessor(tokenizer, kwargs["input_ids"].shape[1])
            return generate(self, *args, tokenizer=tokenizer, logits_processor=[processor], **kwargs)

        GenerationMixin.generate = with_calculator
    Serve(force_model=name, host="127.0.0.1", port=port, device="cpu", dtype="float32")


def main() -> None:
    """Serve until interrupted, and print the teacher's ref."""
    if sys.argv[1:2] == ["--launch"]:
        launch(sys.argv[2], int(sys.argv[3]), sys.argv[4] == "1")
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8791)
    parser.add_argument("--no-calculator", action="store_true")
    options = parser.parse_args()
    with serving(options.folder, port=options.port, calculator=not options.no_calculator) as url:
        print(teacher_ref(options.folder, url), flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
