"""The worker that parses one file: ``python -m srm_knowledge.readers.worker MEMORY_MB OUTPUT_MB CPU_S SUFFIX PATH``.

It limits itself first, forbids itself network, other processes and foreign files by an audit hook (a second wall:
the readers ask for none of them), and then writes a line of JSON for each part of the file. Python only, no seccomp:
a bug in a compiled library could pass the hook, but not the limits of the kernel.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import sys
from collections.abc import Iterable
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

from .parsed import Fact, Parsed, Rejected, Shorthand, Unreadable

_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.fork", "os.system", "os.remove", "os.rename")
_FORBIDDEN_MORE = ("os.symlink", "os.link", "os.mkdir", "os.rmdir", "webbrowser.", "urllib.")


def main(memory_mb: int, output_mb: int, cpu_s: int, suffix: str, name: str) -> None:
    """Write what the reader of ``suffix`` gives for the file ``name`` to standard output, as lines of JSON.

    The last line is ``{"unreadable": reason}`` when the file as a whole cannot be read.
    """
    _limit(memory_mb, output_mb, cpu_s)
    from .formats import decode, facts_by_suffix, packed_by_suffix, readers_by_suffix

    try:
        data = Path(name).read_bytes()
        facts = facts_by_suffix()
        packed, texts = ({}, {}) if suffix in facts else (packed_by_suffix(), readers_by_suffix())
        _wall(name)
        if suffix in packed:
            _write_parts(packed[suffix](data))
        elif suffix in facts:
            _write_facts(facts[suffix](decode(data)))
        else:
            _write_parts(texts[suffix](decode(data)))
        sys.stdout.flush()
    except Unreadable as error:
        _write({"unreadable": str(error)})
    except RecursionError:
        _write({"unreadable": "nested too deeply"})
    except MemoryError:
        _write({"unreadable": f"needs more than {memory_mb} MB of memory"})
    except OSError as error:
        reason = (
            f"gives more than {output_mb} MB of text"
            if error.errno == errno.EFBIG
            else f"cannot be read: {error.strerror}"
        )
        os.ftruncate(sys.stdout.fileno(), 0)
        os.lseek(sys.stdout.fileno(), 0, os.SEEK_SET)
        os.write(sys.stdout.fileno(), json.dumps({"unreadable": reason}).encode())
        os._exit(0)  # the buffer that could not be written is dropped
    except Exception as error:  # any library's own: the file is set aside, the build goes on
        _write({"unreadable": f"the reader failed: {type(error).__name__}: {error}"[:300]})


def _limit(memory_mb: int, output_mb: int, cpu_s: int) -> None:
    for kind, limit in (
        (resource.RLIMIT_AS, memory_mb << 20),
        (resource.RLIMIT_FSIZE, output_mb << 20),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))


def _wall(name: str) -> None:
    """Refuse, from here on, network, processes, changes of files, and reading of any file but code and ``name``."""
    own = os.path.realpath(name)
    code = tuple({os.path.realpath(path) for path in [sys.prefix, sys.base_prefix, *sys.path] if path and path != "/"})

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_FORBIDDEN) or event.startswith(_FORBIDDEN_MORE):
            raise Unreadable(f"the reader wanted {event}, which is refused")
        if event == "open" and isinstance(arguments[0], str | bytes):
            path, writes = os.path.realpath(os.fsdecode(arguments[0])), _writes(arguments)
            if writes or not (path == own or path.startswith(code)):
                raise Unreadable("the reader wanted to open another file, which is refused")

    sys.addaudithook(hook)


def _writes(arguments: tuple[Any, ...]) -> bool:
    flags = arguments[2] if isinstance(arguments[2], int) else 0
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _write_parts(parts: Iterable[Parsed | Rejected]) -> None:
    for part in parts:
        _write({"place": part.place, "reason": part.reason} if isinstance(part, Rejected) else asdict(part))


def _write_facts(facts: Iterable[Fact | Shorthand]) -> None:
    """Write each fact as a list, each shorthand as an object."""
    for item in facts:
        _write([*astuple(item)] if isinstance(item, Fact) else asdict(item))


def _write(row: dict[str, Any] | list[str]) -> None:
    sys.stdout.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    memory, output, seconds, *rest = sys.argv[1:]
    main(int(memory), int(output), int(seconds), *rest)
