"""What must not appear: scheduled chemical weapons, explosives and scheduled drugs.

Names and numbers follow the schedules of the Chemical Weapons Convention (Annex on Chemicals, 1993) and common lists of
military explosives. The patterns catch relatives that the lists do not name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .structures import matches

CAS = frozenset({
    # Annex on Chemicals: schedules 1 to 3
    "107-44-8", "96-64-0", "77-81-6", "50782-69-9", "329-99-7", "505-60-2", "541-25-3", "40334-69-8", "40334-70-1",
    "538-07-8", "51-75-2", "555-77-1", "35523-89-8", "9009-86-3", "676-99-3", "57856-11-8", "1445-76-7", "7040-57-5",
    "78-53-5", "382-21-8", "6581-06-2", "676-97-1", "756-79-6", "7784-34-1", "76-93-7", "1619-34-7", "111-48-8",
    "464-07-3", "75-44-5", "506-77-4", "74-90-8", "76-06-2", "10025-87-3", "7719-12-2", "10026-13-8", "121-45-9",
    "122-52-1", "868-85-9", "762-04-9", "10025-67-9", "10545-99-0", "7719-09-7", "139-87-7", "105-59-9", "102-71-6",
    # explosives and primary explosives
    "118-96-7", "88-89-1", "55-63-0", "78-11-5", "121-82-4", "2691-41-0", "479-45-8", "628-96-6", "9004-70-0",
    "13424-46-9", "628-86-4", "20820-45-5", "5610-59-3", "82-71-3", "15245-44-0", "17088-37-8", "3058-38-6",
    "135285-90-4", "6484-52-2", "7790-98-9", "693-21-0", "87-31-0", "99-35-4", "14696-82-3", "10294-33-4",
    "7783-54-2", "10025-85-1", "14014-86-9", "592-85-8", "75-52-5", "556-88-7", "26628-22-8",
    # drugs under international control
    "561-27-3", "50-36-2", "50-37-3", "537-46-2", "300-62-9", "42542-10-0", "437-38-7", "77-10-1", "57-27-2",
    "76-57-3", "76-42-6", "1972-08-3", "4764-17-4", "54-04-6", "52-85-7", "103-79-7",
})  # fmt: skip
NAMES = frozenset({
    "sarin", "soman", "tabun", "cyclosarin", "novichok", "sulfur mustard", "mustard gas", "yperite", "lewisite",
    "nitrogen mustard", "mechlorethamine", "phosgene", "cyanogen chloride", "hydrogen cyanide", "chloropicrin", "vx",
    "trinitrotoluene", "tnt", "picric acid", "nitroglycerin", "nitroglycerine", "petn", "rdx", "cyclonite", "hmx",
    "octogen", "tetryl", "nitrocellulose", "lead azide", "lead styphnate", "mercury fulminate", "silver fulminate",
    "triacetone triperoxide", "acetone peroxide", "tatp", "hmtd", "ammonium nitrate", "ammonium perchlorate",
    "nitrogen triiodide", "sodium azide", "heroin", "diacetylmorphine", "cocaine", "methamphetamine", "amphetamine",
    "lysergide", "lsd", "mdma", "ecstasy", "fentanyl", "phencyclidine", "mescaline", "ricin", "saxitoxin",
})  # fmt: skip
PATTERNS = (
    "[PX4](=O)F", "[PX4](=O)C#N", "[PX4](=[O,S])([#6])[O,S]CCN", "ClCC[S,N]CCCl", "[As]([Cl])C=C",  # warfare agents
    "[CX4]O[N+](=O)[O-]", "[NX3][N+](=O)[O-]", "N=[N+]=[N-]", "[C-]#[N+][O-]", "OOC(C)(C)OO",
    "[N+](=O)([O-])C[N+](=O)[O-]",
    "c1(N(~O)~O)cc(N(~O)~O)cc(N(~O)~O)c1", "c1(N(~O)~O)c(*)c(N(~O)~O)cc(N(~O)~O)c1", "C([N+](=O)[O-])([N+](=O)[O-])",
)  # fmt: skip
_MAKING = re.compile(
    r"\b(?:synthes\w*|prepar\w*|mak(?:e|ing)|manufactur\w*|produc(?:e|ing|tion)|cook\w*|build\w*|weaponi[sz]\w*|brew\w*"
    r"|assembl\w*)\b",
    re.IGNORECASE,
)
_HARMFUL = re.compile(
    r"\b(?:nerve agents?|chemical weapons?|nerve gas|poison gas|explosives?|bombs?"
    r"|detonators?|illicit drugs?|toxic gas)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z0-9]+")
_LISTED = re.compile(rf"\b(?:{'|'.join(sorted(NAMES))})\b")


def blocked(names: Iterable[str], cas: str = "", smiles: str = "") -> bool:
    """Say whether a compound is listed by number or by one of its names, or is built like one that is."""
    if cas in CAS or any(plain(name) in NAMES for name in names):
        return True
    return bool(smiles) and any(matches(smiles, one) for one in PATTERNS)


def named(text: str) -> bool:
    """Say whether a listed name stands among the words of a text."""
    return _LISTED.search(plain(text)) is not None


def plain(text: str) -> str:
    """Return the words of a text in lower case, single blanks between them."""
    return " ".join(_WORD.findall(text.casefold()))


def out_of_scope(question: str) -> bool:
    """Say whether a question names a listed substance, or asks how to make a weapon, an explosive or such a drug."""
    text = question[:4000]
    return named(text) or (_HARMFUL.search(text) is not None and _MAKING.search(text) is not None)
