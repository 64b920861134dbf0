"""Find, check and load plugins; the one user of pluggy's manager. Others talk to the `Host` in front of it."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.metadata import EntryPoint
from typing import Any

import click
import pluggy

from . import __version__, hookspecs
from .calls import Implementation, answer_of
from .codehash import code_digest, path_digest
from .config import hint
from .discovery import (
    HOOKS,
    PACKS,
    PLUGINS,
    PluginInfo,
    check_hooks,
    distribution_of,
    module_of,
    offers,
    rivals,
    version_of,
)
from .errors import PackNotFound, PluginError, SrmError, boundary
from .records import Pack, digest

CORE = "core"


class Registry:
    """The plugins of one build in order of registration: the core, plugins by name, the pack.

    Attributes:
        infos: every plugin by name, the blocked and broken ones included.
        table: the implementations of each hook, in order of registration.
        broken: why a plugin is left out, by its name, one sentence each.
    """

    def __init__(self, blocked: Collection[str]) -> None:
        self._manager = pluggy.PluginManager("srm")
        self._manager.add_hookspecs(hookspecs)
        self.infos: dict[str, PluginInfo] = {}
        self.table: dict[str, list[Implementation]] = {}
        self.broken: dict[str, str] = {}
        core = import_module(".builtin", __package__)
        self.add(core, PluginInfo(CORE, core.__name__, "srm-sdk", __version__))
        for name, entries in offers(PLUGINS).items():
            self._load_plugin(name, entries, blocked=name in blocked)

    def add(self, plugin: object, info: PluginInfo) -> None:
        """Register ``plugin`` after all others.

        Raises:
            PluginError: a hook is not well formed, or the plugin is registered already.
        """
        check_hooks(plugin, info.name)
        twin = self._manager.get_name(plugin)
        if twin is not None:
            raise PluginError(f"{info.module} is already registered as {twin!r}")
        self._manager.register(plugin, info.name)
        self.table = {hook: list(self._implementations(hook)) for hook in HOOKS}
        hooks = tuple(hook for hook in HOOKS if any(each.plugin == info.name for each in self.table[hook]))
        self.infos[info.name] = replace(info, hooks=hooks)

    def load_pack(self, name: str) -> Pack:
        """Register the installed pack called ``name`` after all plugins and return who it is."""
        found = offers(PACKS)
        if name not in found:
            raise PackNotFound(
                f"no installed pack is called {name!r}.{hint(name, list(found)) or ' None is installed.'}"
            )
        if len(found[name]) > 1:
            raise PluginError(rivals(PACKS, name, found[name]))
        if name in self.infos and not self.infos[name].blocked:
            raise PluginError(f"the pack {name!r} has the name of a plugin; rename one, or set SRM_BLOCK={name}")
        info = _info(name, found[name][0], is_pack=True)
        with boundary(f"the import of pack {name!r} ({info.module}, {info.distribution} {info.version})"):
            plugin = found[name][0].load()
        self.add(plugin, info)
        return self._described(name)

    def mark_broken(self, info: PluginInfo, reason: str) -> None:
        """Keep ``reason`` for `broken`; the plugin that owns the name keeps its entry."""
        self.broken[info.name] = reason
        if self.infos.get(info.name, info).module == info.module:
            self.infos[info.name] = replace(self.infos.get(info.name, info), broken=reason)

    def served(self, constant: str) -> list[str]:
        """Return what plugins say they serve: the names in their module's ``SCHEMES``, ``METHODS`` or ``TARGETS``."""
        plugins = self._manager.get_plugins()
        return sorted({str(name).rstrip(":") for plugin in plugins for name in getattr(plugin, constant, ())})

    def code_of(self, hooks: Collection[str]) -> str:
        """Return 16 hex digits over the versions and files of every plugin that implements one of ``hooks``."""
        unknown = sorted(set(hooks) - set(HOOKS))
        if unknown:
            raise PluginError(f"{unknown[0]} is no hook of srm.{hint(unknown[0], HOOKS)}")
        used = {each.plugin: each for hook in HOOKS if hook in hooks for each in self.table[hook]}
        return digest([self._code_of(self.infos[name], each) for name, each in used.items()])[:16]

    def _code_of(self, info: PluginInfo, each: Implementation) -> list[str]:
        if info.name == CORE:
            code = code_digest([info.module])
        elif info.distribution:
            code = code_digest([info.module.partition(".")[0]])
        else:  # registered by hand
            code = path_digest(inspect.getfile(inspect.unwrap(each.function)))
        return [info.name, info.distribution, info.version, code]

    def _implementations(self, hook: str) -> Iterator[Implementation]:
        """Yield them in order of registration; pluggy has put ``trylast`` first and ``tryfirst`` last."""
        for each in getattr(self._manager.hook, hook).get_hookimpls():
            arguments = tuple(inspect.signature(each.function).parameters)
            yield Implementation(hook, each.plugin_name, each.function, arguments)

    def _load_plugin(self, name: str, entries: Sequence[EntryPoint], *, blocked: bool) -> None:
        info = _info(name, entries[0])
        if blocked:
            self.infos.setdefault(name, replace(info, blocked=True))
            return
        if len(entries) > 1:
            self.mark_broken(info, rivals(PLUGINS, name, entries))
            return
        try:
            if name in self.infos:
                raise PluginError(f"the name {name!r} is taken by {self.infos[name].distribution}")
            with boundary(f"the import of {info.module}"):
                plugin = entries[0].load()
            self.add(plugin, info)
        except SrmError as error:
            owner = f"plugin {name!r} of {info.distribution} {info.version}"
            mend = f"mend it, uninstall {info.distribution}, or set SRM_BLOCK={name}"
            self.mark_broken(info, f"{owner} is left out: {str(error).rstrip('.')}; {mend}")

    def _described(self, name: str) -> Pack:
        own = [each for each in self.table["srm_describe_pack"] if each.plugin == name]
        pack = answer_of(own[0], {}, Pack) if own else None
        if pack is None:
            raise PluginError(f"the pack {name!r} does not say who it is; implement srm_describe_pack")
        if pack.name != name:
            raise PluginError(f"the pack installed as {name!r} calls itself {pack.name!r}; make both names the same")
        if "srm_commands" in self.infos[name].hooks:
            raise PluginError(f"the pack {name!r} implements srm_commands, which only plugins may; move it to a plugin")
        return pack


def add_commands(each: Implementation, cli: click.Group) -> None:
    """Let one plugin add its commands; if it fails or takes a name that exists, none of them stays."""
    before: Mapping[str, click.Command] = dict(cli.commands)
    taken = set(cli.list_commands(click.Context(cli)))
    try:
        each.ask({"cli": cli})
        for name, command in cli.commands.items():
            if name in taken and before.get(name) is not command:
                raise PluginError(f"{each.what} adds the command {name!r}, which exists already")
    except SrmError:
        cli.commands.clear()
        cli.commands.update(before)
        raise


def _info(name: str, entry: EntryPoint, **more: Any) -> PluginInfo:
    return PluginInfo(name, module_of(entry), distribution_of(entry), version_of(entry), **more)
