"""Write a new pack or plugin: a distribution of its own that works from the first minute."""

from __future__ import annotations

import keyword
import re
import shutil
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from . import __version__
from .discovery import PACKS, PLUGINS, offers
from .errors import ConfigError

_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_MARK = re.compile(r"\{\{(name|module|title|version)\}\}")


def new_pack(
    name: str, folder: Path, template: Traversable | None = None, data: Mapping[str, Path] | None = None
) -> Path:
    """Write a pack called ``name`` into ``folder/srm-pack-NAME`` and return that folder.

    ``template`` is a folder in place of the core's own; ``data`` are files or folders copied into the pack's module,
    by their place in it.

    Raises:
        ConfigError: the name is no pack's name or taken, or the folder exists.
    """
    return _write("pack", name, folder, template, data or {})


def new_plugin(name: str, folder: Path) -> Path:
    """Write a plugin called ``name`` into ``folder/srm-plugin-NAME`` and return that folder.

    Raises:
        ConfigError: the name is no plugin's name or taken, or the folder exists.
    """
    return _write("plugin", name, folder, None, {})


def _write(kind: str, name: str, folder: Path, template: Traversable | None, data: Mapping[str, Path]) -> Path:
    _check_name(kind, name)
    target = folder / f"srm-{kind}-{name.replace('_', '-')}"
    if target.exists():
        raise ConfigError(f"{target} exists already; choose another name or folder")
    words = {
        "name": name,
        "module": f"srm_{kind}_{name}",
        "title": name.replace("_", " ").capitalize(),
        "version": __version__,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
        part.chmod(0o755)
        try:
            _copy(template or files("srm_core") / "templates" / kind, part, words)
            for place, origin in data.items():
                _add(origin, part / words["module"] / place)
            part.rename(target)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    except OSError as error:  # shutil.Error of a folder among them
        raise ConfigError(f"{target} cannot be written: {error.strerror or error}") from error
    return target


def _check_name(kind: str, name: str) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ConfigError(f"{name!r} is no name for a {kind}; use 2 to 31 lower-case letters, digits and underscores")
    taken = offers(PACKS if kind == "pack" else PLUGINS) | ({"core": []} if kind == "plugin" else {})
    if name in taken:
        raise ConfigError(f"a {kind} called {name!r} is already installed; choose another name")


def _copy(template: Traversable, target: Path, words: dict[str, str]) -> None:
    target.mkdir(exist_ok=True)
    for item in template.iterdir():
        name = item.name.replace("MODULE", words["module"]).removesuffix(".tmpl")
        if item.is_dir():
            _copy(item, target / name, words)
        else:
            text = _MARK.sub(lambda mark: words[mark.group(1)], item.read_text(encoding="utf-8"))
            (target / name).write_text(text, encoding="utf-8")


def _add(origin: Path, target: Path) -> None:
    """Copy a file, or a folder with all below it; what a link leads to, not the link."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if origin.is_dir():
        shutil.copytree(origin, target)
    else:
        shutil.copyfile(origin, target)
