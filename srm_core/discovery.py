"""Which plugins and packs are installed, read from their metadata, and whether their hooks are well formed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple

from . import hookspecs
from .config import hint
from .errors import PluginError

PLUGINS, PACKS = "srm.plugins", "srm.packs"
ARGUMENTS: dict[str, tuple[str, ...]] = {
    name: tuple(inspect.signature(spec).parameters)
    for name, spec in vars(hookspecs).items()
    if name.startswith("srm_") and inspect.isfunction(spec)
}
HOOKS = tuple(ARGUMENTS)


class InstalledPack(NamedTuple):
    """Where a pack comes from; ``distribution`` joins the names if several offer it (loading it is then refused)."""

    value: str
    distribution: str
    version: str


@dataclass(frozen=True)
class PluginInfo:
    """One plugin as ``srm plugins`` lists it. ``broken`` is the reason it could not be loaded, in one sentence."""

    name: str
    module: str
    distribution: str = ""  # empty: registered by hand
    version: str = ""
    hooks: tuple[str, ...] = ()
    broken: str = ""
    blocked: bool = False
    is_pack: bool = False


def offers(group: str) -> dict[str, list[EntryPoint]]:
    """Return the entry points of ``group`` by name, in alphabetical order, whatever the order of ``sys.path``."""
    result: dict[str, list[EntryPoint]] = {}
    for entry in sorted(entry_points(group=group), key=lambda entry: (entry.name, distribution_of(entry), entry.value)):
        result.setdefault(entry.name, []).append(entry)
    return result


def distribution_of(entry: EntryPoint) -> str:
    """Return the name of the distribution that declares ``entry``."""
    return entry.dist.name if entry.dist else ""


def module_of(entry: EntryPoint) -> str:
    """Return the dotted name of the module ``entry`` points into."""
    return entry.value.partition(":")[0].strip()


def version_of(entry: EntryPoint) -> str:
    """Return the version of the distribution that declares ``entry``."""
    return entry.dist.version if entry.dist else ""


def installed_packs() -> dict[str, InstalledPack]:
    """Return every installed pack by name, without importing any."""
    return {
        name: InstalledPack(
            entries[0].value, ", ".join(distribution_of(entry) for entry in entries), version_of(entries[0])
        )
        for name, entries in offers(PACKS).items()
    }


def rivals(group: str, name: str, entries: Sequence[EntryPoint]) -> str:
    """Return the sentence that refuses a name which several distributions offer."""
    owners = " and ".join(f"{distribution_of(entry)} {version_of(entry)}" for entry in entries)
    kind = "plugin" if group == PLUGINS else "pack"
    mend = f", or block both with SRM_BLOCK={name}" if group == PLUGINS else ""
    return f"the {kind} {name!r} is offered by {owners}; uninstall one of them{mend}"


def check_hooks(plugin: object, name: str) -> None:
    """Refuse hooks that would never be called, or not as their author thinks.

    Raises:
        PluginError: an unknown hook or argument, a missing ``@hookimpl``, ``specname``, a wrapper.
    """
    for attribute, function, options in _candidates(plugin):
        where = f"{attribute} of plugin {name!r}"
        if options is None:
            raise PluginError(f"{where} is not marked; write @hookimpl (from srm_core) above it")
        if options["specname"]:
            raise PluginError(f"{where} uses specname, which is not supported; name the function {options['specname']}")
        if options["wrapper"] or options["hookwrapper"]:
            raise PluginError(f"{where} is a wrapper; hooks of srm answer, they do not wrap each other")
        if attribute not in ARGUMENTS:
            raise PluginError(f"{where} is no hook of srm.{hint(attribute, HOOKS)}")
        _check_arguments(where, function, ARGUMENTS[attribute])


def _candidates(plugin: object) -> Iterator[tuple[str, Callable[..., Any], dict[str, Any] | None]]:
    """Yield what is marked as a hook, and what is named like one and defined in the plugin itself."""
    home = getattr(plugin, "__name__", None)
    for attribute in dir(plugin):
        function = getattr(plugin, attribute)
        if not inspect.isroutine(function):
            continue
        options = getattr(function, "srm_impl", None)
        if options is not None or (attribute.startswith("srm_") and getattr(function, "__module__", None) == home):
            yield attribute, function, options


def _check_arguments(where: str, function: Callable[..., Any], known: tuple[str, ...]) -> None:
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise PluginError(f"{where} takes {parameter}; name the arguments it needs, of: {', '.join(known)}")
        if parameter.name not in known:
            raise PluginError(
                f"{where} asks for {parameter.name!r}, which it is never given.{hint(parameter.name, known)}"
            )
