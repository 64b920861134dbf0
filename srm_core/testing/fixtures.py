"""Pytest fixtures, found by pytest through the entry point ``pytest11`` wherever ``srm-sdk`` is installed.

Pytest imports this module at its start, so it imports nothing of the SDK and nothing heavy itself.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from srm_core.host import Host


@pytest.fixture(scope="session")
def srm_host() -> Callable[[str], Host]:
    """Return a function that gives the host of an installed pack, the same one for the whole session."""
    from srm_core.host import Host

    hosts: dict[str, Host] = {}

    def host(pack: str) -> Host:
        if pack not in hosts:
            hosts[pack] = Host(pack)
        return hosts[pack]

    return host


@pytest.fixture
def srm_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Return a function that makes a distribution's folder importable with its entry points, until the test ends.

    It does what ``pip install -e`` would (without dependencies), in a millisecond and in this process only.
    """
    before = set(sys.modules)
    homes: list[str] = []

    def install(folder: Path) -> None:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        site = tmp_path / f"site-{len(homes)}"
        write_metadata(project, site)
        homes.append(str(folder.resolve()))
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.syspath_prepend(str(site))

    yield install
    for name in set(sys.modules) - before:
        if any(str(getattr(sys.modules[name], "__file__", None) or "").startswith(home) for home in homes):
            del sys.modules[name]


@pytest.fixture
def srm_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Block every plugin installed so far, so that a test sees the core and what it installs itself."""
    from srm_core.discovery import PLUGINS, offers

    monkeypatch.setenv("SRM_BLOCK", ",".join(offers(PLUGINS)))


def write_metadata(project: dict[str, Any], site: Path) -> None:
    """Write the ``dist-info`` of a ``[project]`` table into the folder ``site``."""
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    groups = project.get("entry-points", {})
    lines = [f"[{group}]\n" + "".join(f"{n} = {v}\n" for n, v in entries.items()) for group, entries in groups.items()]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
