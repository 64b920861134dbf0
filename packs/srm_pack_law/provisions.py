"""What the pack states in its own words: the rule of time, citation forms, laws of licence expressions, policies."""

from __future__ import annotations

from dataclasses import dataclass

from srm_core.composing import Fact
from srm_core.records import Triple

from . import facts


@dataclass(frozen=True)
class Provision:
    """One sentence of the pack's own, by the name of its node."""

    name: str
    text: str
    rule: bool = False  # of the Federal Rules of Civil Procedure

    @property
    def triple(self) -> Triple:
        """Return the fact that states it."""
        return (facts.rule if self.rule else facts.stated)(self.name, self.text)

    @property
    def fact(self) -> Fact:
        """Return it as a line of evidence."""
        return Fact(self.text, (self.triple,))


FORWARD = Provision(
    "frcp-6a1",
    "Rule 6(a)(1): leave out the day of the event, count every day; a last day that is a Saturday, Sunday or legal "
    "holiday moves to the next day that is none.",
    rule=True,
)
BACKWARD = Provision(
    "frcp-6a5",
    "Rule 6(a)(5): in a period counted back from an event, a last day that is a Saturday, Sunday or legal holiday "
    "moves to the day before that is none.",
    rule=True,
)
HOURS = Provision(
    "frcp-6a2",
    "Rule 6(a)(2): a period stated in hours begins at once and counts every hour.",
    rule=True,
)
MAIL = Provision("frcp-6d", "Rule 6(d): after service by mail 3 days are added.", rule=True)
USC_FORM = Provision(
    "usc-form", "In a U.S.C. citation the title stands before U.S.C., the section after §, the subsection in brackets."
)
CFR_FORM = Provision(
    "cfr-form", "In a C.F.R. citation the title stands before C.F.R., the section after §, the paragraph in brackets."
)
ORDER = Provision("spdx-order", "The order of the licences around AND, and around OR, does not matter.")
REPEAT = Provision("spdx-repeat", "A licence that is repeated around AND, or around OR, counts once.")
ABSORB = Provision("spdx-absorb", "A AND (A OR B) is A, and A OR (A AND B) is A.")
SPREAD = Provision("spdx-spread", "A AND (B OR C) is (A AND B) OR (A AND C).")
DIFFERENT = Provision("spdx-different", "AND needs both licences, OR needs one: they are not the same.")
OTHER = Provision("spdx-other", "Expressions that hold different licences are not the same.")
OPEN_POLICY = Provision(
    "policy-open",
    "Policy Open: parts under Permissive, Public Domain or Copyleft Limited licences may ship; others not.",
)
STRICT_POLICY = Provision(
    "policy-strict", "Policy Strict: parts under Permissive or Public Domain licences may ship; others not."
)
SHARE_POLICY = Provision(
    "policy-share", "Policy Share: parts under Permissive, Copyleft Limited or Copyleft licences may ship; others not."
)
POLICIES: dict[Provision, tuple[str, ...]] = {
    OPEN_POLICY: ("Permissive", "Public Domain", "Copyleft Limited"),
    STRICT_POLICY: ("Permissive", "Public Domain"),
    SHARE_POLICY: ("Permissive", "Copyleft Limited", "Copyleft"),
}
ALL = (
    FORWARD, BACKWARD, HOURS, MAIL, USC_FORM, CFR_FORM, ORDER, REPEAT, ABSORB, SPREAD, DIFFERENT, OTHER,
    *POLICIES,
)  # fmt: skip
