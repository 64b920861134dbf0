"""Drug names, identifiers and MeSH classes as a frozen table, read once from drug-named-entity-recognition."""

from __future__ import annotations

import bz2
import io
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from srm_core.errors import ArtifactError, MissingExtra

from .scope import SMOKE_CHAPTERS, Scope

_FILE = "drug_ner_dictionary.pkl.bz2"
_SMOKE_STEP = 4  # a smoke build takes every fourth drug


@dataclass(frozen=True)
class Drug:
    """A drug or a MeSH class. ``aliases`` are names of no other drug; ``parents`` are CURIEs of MeSH classes."""

    curie: str
    name: str
    aliases: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    mesh: str = ""
    trees: tuple[str, ...] = ()
    drugbank: str = ""
    medicine: bool = False  # has a DrugBank or MedlinePlus entry; the rest are MeSH substances


class _Closed(pickle.Unpickler):  # the one way pickle lets a reader refuse code
    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"the table holds {module}.{name}, not only plain values")


@cache
def load_drugs(scope: Scope) -> dict[str, Drug]:
    """Return the drugs in ``scope`` by CURIE, in the table's order; every parent is in it too.

    Raises:
        MissingExtra: drug-named-entity-recognition is not installed.
        ArtifactError: its table is not the plain table it should be.
    """
    table = _read(_table_file())
    rows: Mapping[str, Mapping[str, Any]] = table["drug_canonical_to_data"]
    curies = _curies(rows)
    by_tree = {number: key for key, row in rows.items() for number in row.get("mesh_tree", ())}
    aliases: dict[str, list[str]] = {}
    for alias, owners in table["drug_variant_to_canonical"].items():
        if len(owners) == 1 and alias != owners[0]:
            aliases.setdefault(owners[0], []).append(alias)
    drugs = {
        curies[key]: _drug(curies, key, row, aliases.get(key, []), by_tree)
        for key, row in rows.items()
        if row.get("name")
    }
    return _in_scope(drugs, scope)


def _table_file() -> Path:
    found = find_spec("drug_named_entity_recognition")  # its import would look into the home folder
    if found is None or found.origin is None:
        raise MissingExtra(
            "the medical pack needs drug-named-entity-recognition: pip install 'srm-sdk[medical]'"
        ) from None
    return Path(found.origin).with_name(_FILE)


def _read(file: Path) -> Mapping[str, Any]:
    try:
        table = _Closed(io.BytesIO(bz2.decompress(file.read_bytes()))).load()
        table["drug_canonical_to_data"], table["drug_variant_to_canonical"]
    except (OSError, EOFError, KeyError, TypeError, pickle.UnpicklingError) as error:
        raise ArtifactError(
            f"{file} is not the table of drug names it should be ({error}); reinstall its package"
        ) from None
    return table  # type: ignore[no-any-return]


def _curies(rows: Mapping[str, Any]) -> dict[str, str]:
    taken: dict[str, str] = {}
    for key in rows:
        slug = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-") or "drug"
        curie, number = f"drug:{slug}", 2
        while curie in taken:
            curie, number = f"drug:{slug}-{number}", number + 1
        taken[curie] = key
    return {key: curie for curie, key in taken.items()}


def _drug(
    curies: Mapping[str, str], key: str, row: Mapping[str, Any], aliases: list[str], by_tree: Mapping[str, str]
) -> Drug:
    trees = tuple(sorted(row.get("mesh_tree", ())))
    above = [by_tree.get(number.rpartition(".")[0], "") for number in trees]
    return Drug(
        curie=curies[key],
        name=row["name"],
        aliases=tuple(dict.fromkeys(alias.strip() for alias in aliases if alias.strip())),
        parents=tuple(dict.fromkeys(curies[up] for up in above if up and up != key)),
        mesh=row.get("mesh_id", ""),
        trees=trees,
        drugbank=row.get("drugbank_id", ""),
        medicine="drugbank_id" in row or "medline_plus_id" in row,
    )


def _in_scope(drugs: dict[str, Drug], scope: Scope) -> dict[str, Drug]:
    if scope.substances:
        return drugs
    step = _SMOKE_STEP if scope.chapters == SMOKE_CHAPTERS else 1
    # Investigational entries without a class or a second name carry no fact to ask about.
    wanted = [d for d in drugs.values() if d.medicine and d.aliases and (d.parents or not d.drugbank or d.mesh)]
    kept = {drug.curie for drug in wanted[::step]}
    waiting = list(kept)
    while waiting:
        for parent in drugs[waiting.pop()].parents:
            if parent in drugs and parent not in kept:
                kept.add(parent)
                waiting.append(parent)
    return {
        curie: replace(drug, parents=tuple(up for up in drug.parents if up in kept))
        for curie, drug in drugs.items()
        if curie in kept
    }
