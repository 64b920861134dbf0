"""ICD-10-CM as a frozen table: codes, their place, terms and notes, read once from simple-icd-10-cm."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from srm_core.errors import MissingExtra

from .notes import Ranges, codes_in
from .scope import Scope

CHAPTER = "chapter-"  # chapters are "chapter-4", so that they never read as numbers


@dataclass(frozen=True)
class Code:
    """One node of the classification. ``level`` is chapter, block, category, subcategory or extension."""

    name: str
    label: str
    level: str
    parent: str  # empty for chapters
    terms: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    excludes1: tuple[str, ...] = ()  # codes never used together with this one
    excludes2: tuple[str, ...] = ()  # codes that may be used together with this one
    code_first: tuple[str, ...] = ()  # codes of which one goes before this one
    notes1: tuple[str, ...] = ()  # the Excludes1 notes as printed
    notes2: tuple[str, ...] = ()


@dataclass(frozen=True)
class Icd:
    """The classification in printed order, and how many notes name a code that could not be resolved."""

    codes: dict[str, Code]
    children: dict[str, tuple[str, ...]] = field(repr=False)
    unresolved: int = 0  # notes that name no code, or a condition on characters ("with fifth character 1-4")

    def ancestors(self, name: str) -> Iterator[str]:
        """Yield ``name`` and every group above it, nearest first."""
        while name:
            yield name
            name = self.codes[name].parent

    def block(self, name: str) -> str:
        """Return the block (or, where a chapter has none, the chapter) above the category of ``name``."""
        return self.codes[name[:3]].parent

    def barred(self, one: str, other: str) -> bool:
        """Say whether an Excludes1 note at either code, or above it, names the other or a group above it."""
        ones, others = list(self.ancestors(one)), list(self.ancestors(other))
        return any(target in others for up in ones for target in self.codes[up].excludes1) or any(
            target in ones for up in others for target in self.codes[up].excludes1
        )

    def of_level(self, *levels: str) -> list[Code]:
        """Return the codes of the given levels in printed order."""
        return [code for code in self.codes.values() if code.level in levels]


def icd_package() -> Any:
    """Import simple-icd-10-cm (2 s, 190 MB), or raise a `MissingExtra` that says how to install it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it reads its data by a deprecated call
            import simple_icd_10_cm
    except ImportError:
        raise MissingExtra("the medical pack needs simple-icd-10-cm: pip install 'srm-sdk[medical]'") from None
    return simple_icd_10_cm


@cache
def load_icd(scope: Scope) -> Icd:
    """Return the table of the codes in ``scope``; notes that point outside it are left out of it."""
    package = icd_package()
    names = _names(package, scope)
    bare = {name: _bare(package, name) for name in names}
    codes = {code.name: code for code in bare.values()}
    ranges = Ranges({code.name: code.label for code in codes.values() if code.level in ("chapter", "block")}, codes)
    missed = 0
    for name in names:
        code = bare[name]
        one, unread1 = codes_in(code.notes1, ranges)
        two, unread2 = codes_in(code.notes2, ranges)
        first, unread3 = codes_in(package.get_code_first(name).split("\n"), ranges)
        missed += unread1 + unread2 + unread3
        if one or two or first:
            codes[code.name] = _with_notes(code, one, two, first)
    children: dict[str, list[str]] = {}
    for code in codes.values():
        children.setdefault(code.parent, []).append(code.name)
    return Icd(codes, {name: tuple(below) for name, below in children.items()}, missed)


def _names(package: Any, scope: Scope) -> list[str]:
    chapters = {str(n) for n in range(1, 23)} if not scope.chapters else scope.chapters
    names = [name for name in package.get_all_codes() if (package.get_ancestors(name) or [name])[-1] in chapters]
    names = list(dict.fromkeys(names))  # a block of one category bears the category's name: one node here
    return names if scope.extensions else [name for name in names if not package.is_extended_subcategory(name)]


def _bare(package: Any, name: str) -> Code:
    above = [up for up in package.get_ancestors(name) if up != name]
    parent = above[0] if above else ""
    return Code(
        name=name if above else CHAPTER + name,
        label=package.get_description(name).strip(),
        level=_level(package, name, above),
        parent=CHAPTER + parent if parent.isdigit() else parent,
        terms=tuple(term.strip() for term in package.get_inclusion_term(name)),
        includes=tuple(term.strip() for term in package.get_includes(name)),
        notes1=tuple(package.get_excludes1(name)),
        notes2=tuple(package.get_excludes2(name)),
    )


def _level(package: Any, name: str, above: list[str]) -> str:
    if not above:
        return "chapter"
    if package.is_category(name):
        return "category"
    if package.is_extended_subcategory(name):
        return "extension"
    return "subcategory" if package.is_subcategory(name) else "block"


def _with_notes(code: Code, one: tuple[str, ...], two: tuple[str, ...], first: tuple[str, ...]) -> Code:
    def others(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name != code.name)

    return replace(code, excludes1=others(one), excludes2=others(two), code_first=others(first))
