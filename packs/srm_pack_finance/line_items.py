"""A small table of line items: in which group of which statement each stands, and on which side it grows.

After IAS 1 (Presentation of Financial Statements) and IAS 7 (Statement of Cash Flows); US names where they are usual.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from srm_core.composing import Fact
from srm_core.records import Triple

from .sources import LINE_ITEMS as SOURCE

STATEMENTS = {  # group -> statement, side on which it grows ("" where accounts are not meant)
    "current assets": ("balance sheet", "debit"),
    "noncurrent assets": ("balance sheet", "debit"),
    "current liabilities": ("balance sheet", "credit"),
    "noncurrent liabilities": ("balance sheet", "credit"),
    "equity items": ("balance sheet", "credit"),
    "income items": ("income statement", "credit"),
    "expenses": ("income statement", "debit"),
    "operating cash flows": ("cash flow statement", ""),
    "investing cash flows": ("cash flow statement", ""),
    "financing cash flows": ("cash flow statement", ""),
}
_ITEMS = {
    "current assets": (
        "cash equivalents; trade receivables; raw materials; finished goods; work in progress; prepaid rent; "
        "prepaid insurance; short-term deposits; supplies on hand; accrued income; notes receivable within a "
        "year; marketable securities; tax refund receivable; advances to suppliers"
    ),
    "noncurrent assets": (
        "land; buildings; machinery; office furniture; delivery trucks; goodwill; patents; trademarks; "
        "copyrights; franchise rights; investment property; right-of-use assets; construction in progress; long- "
        "term notes receivable; deferred tax assets; capitalised development costs; interests in associates"
    ),
    "current liabilities": (
        "trade payables; accrued wages; accrued interest; unearned subscription income; bank overdraft; income "
        "tax payable; sales tax payable; dividends payable; short-term bank loans; customer deposits; current "
        "part of long-term debt; warranty provision within a year; commercial paper issued"
    ),
    "noncurrent liabilities": (
        "bonds payable; mortgage payable; long-term bank loans; deferred tax liabilities; pension obligations; "
        "long-term lease liabilities; decommissioning provision; debentures issued; loans from shareholders after "
        "a year"
    ),
    "equity items": (
        "ordinary share capital; preference share capital; share premium; paid-in surplus; legal reserve; "
        "revaluation surplus; accumulated profits; translation reserve; minority interests"
    ),
    "income items": (
        "sales of goods; service fees earned; interest earned; rent earned; dividends earned; royalties earned; "
        "gain on sale of equipment; commission earned; licence fees earned; subscription fees earned"
    ),
    "expenses": (
        "wages expense; rent expense; advertising costs; insurance expense; depreciation charge; amortisation "
        "charge; bad debt expense; utilities expense; research costs; cost of sales; interest charge; loss on "
        "sale of land; audit fees; repairs and maintenance; freight out; training costs; travel expense; "
        "impairment loss"
    ),
    "operating cash flows": (
        "cash received from customers; cash paid to suppliers; cash paid to employees; income tax paid; cash paid "
        "for rent; insurance premiums paid; cash refunds from suppliers"
    ),
    "investing cash flows": (
        "purchase of machinery; proceeds from sale of buildings; purchase of patents; loans made to others; "
        "collections on loans made; purchase of another business; proceeds from sale of associates"
    ),
    "financing cash flows": (
        "proceeds from issuing shares; repayment of bonds; dividends paid to owners; purchase of own shares; "
        "proceeds from bank borrowing; lease principal paid; proceeds from issuing bonds"
    ),
}
GROUP_OF: Mapping[str, str] = MappingProxyType(
    {item: group for group, items in _ITEMS.items() for item in items.split("; ")}
)


@dataclass(frozen=True)
class Item:
    """One line item."""

    name: str

    @property
    def curie(self) -> str:
        """Return the CURIE of the item."""
        return "lineitem:" + self.name.replace(" ", "-")

    @property
    def group(self) -> str:
        """Return the group the item stands in."""
        return GROUP_OF[self.name]


ITEMS = tuple(Item(name) for name in GROUP_OF)


def group_curie(group: str) -> str:
    """Return the CURIE of a group."""
    return "linegroup:" + group.replace(" ", "-")


def _fact(subject: str, predicate: str, value: str, datatype: str = "") -> Triple:
    return Triple(subject=subject, predicate=predicate, object=value, datatype=datatype, source=SOURCE)


@cache
def stands_in(item: Item) -> Fact:
    """Return "Goodwill stands under noncurrent assets."."""
    triple = _fact(item.curie, "skos:broader", group_curie(item.group))
    return Fact(f"{item.name[:1].upper()}{item.name[1:]} stands under {item.group}.", (triple,))


@cache
def shown_in(group: str) -> Fact:
    """Return "Current assets are on the balance sheet."."""
    triple = _fact(group_curie(group), "srm:onStatement", STATEMENTS[group][0], "xsd:string")
    return Fact(f"{group.capitalize()} are on the {STATEMENTS[group][0]}.", (triple,), shared=True)


@cache
def grows_by(group: str) -> Fact:
    """Return "Current assets grow by a debit."."""
    triple = _fact(group_curie(group), "srm:growsBy", STATEMENTS[group][1], "xsd:string")
    return Fact(f"{group.capitalize()} grow by a {STATEMENTS[group][1]}.", (triple,), shared=True)


def line_item_triples() -> Iterator[Triple]:
    """Yield every fact of the table."""
    for group, (_, side) in STATEMENTS.items():
        yield _fact(group_curie(group), "rdfs:label", group, "xsd:string")
        yield from shown_in(group).triples
        if side:
            yield from grows_by(group).triples
    for item in ITEMS:
        yield _fact(item.curie, "rdfs:label", item.name, "xsd:string")
        yield from stands_in(item).triples
