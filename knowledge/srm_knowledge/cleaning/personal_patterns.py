# ruff: noqa: E501 - a pattern stays on one line, so that it can be read and changed as a whole
"""The patterns of personal data. ``it`` is the group that is hidden; a label before it stays readable."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Pattern:
    """A kind of data, how it is written, and the name of the check its match must pass (see `personal.CHECKS`)."""

    kind: str
    regex: re.Pattern[str]
    check: str = ""


_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)\d\d"
_NUMBER = r"(?:\s*(?:number|numbers|num|nr|no|id|identifier|code|\#)\b\.?|\s*\#)?\s*(?:is|was|:|=|\#)?\s*\#?"
_CODE = r"(?P<it>(?=[A-Z0-9/-]*\d)[A-Z0-9](?:[A-Z0-9]|[/-](?=[A-Z0-9])){3,24})(?![\w-])"
_NAME = r"(?:[A-Z]['\u2019])?[A-Z][a-z\u00c0-\u017f]+(?:[-'\u2019][A-Z][a-z\u00c0-\u017f]+)?"
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Way|"
    r"Parkway|Pkwy|Highway|Hwy|Circle|Cir|Crescent)"
)
_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|"
    r"W[AIVY])"
)


def _labelled(labels: str, value: str = _CODE) -> re.Pattern[str]:
    return re.compile(rf"\b(?i:{labels}){_numbered(value)}")


def _numbered(value: str) -> str:
    return rf"(?i:{_NUMBER})\s?{value}"


PATTERNS: tuple[Pattern, ...] = (
    Pattern("email", re.compile(r"(?<![\w.+-])(?P<it>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6})")),
    Pattern("url", re.compile(r"(?P<it>\b(?:https?|ftp)://[^\s<>\"']{3,500}[^\s<>\"'.,;:!?)\]}]|\bwww\.[^\s<>\"')]{3,200}\w)")),
    Pattern("ip", re.compile(r"(?<![\w.])(?<!section )(?<!version )(?P<it>\d{1,3}(?:\.\d{1,3}){3})(?![\w.]*\d)"), "ip"),
    Pattern("ip", re.compile(r"(?<![\w:])(?P<it>(?=[0-9a-f:]*[0-9a-f]:)[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})(?![\w:])"), "ip"),
    Pattern("ssn", re.compile(r"(?<![\w-])(?P<it>(?!000|666|9)\d{3}([- ])(?!00)\d\d\2(?!0000)\d{4})(?![\w-])")),
    Pattern("ssn", _labelled(r"ssn|social security", r"(?P<it>\d{9}|\d{3}[- ]\d\d[- ]\d{4})\b")),
    Pattern("fax", re.compile(r"\b(?i:fax|facsimile)(?i:\s*(?:number|no\.?|\#))?\s*(?:is|:)?\s*(?P<it>\+?[\d(][\d() .-]{6,18}\d)")),
    Pattern("phone", re.compile(r"(?<![\w.+-])(?P<it>(?:\+?1[-. ])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-. ])[2-9]\d\d[-. ]\d{4}(?:\s*(?:x|ext\.?)\s*\d{1,5})?)(?![\w-])")),
    Pattern("phone", re.compile(r"(?<![\w+])(?P<it>\+\d{1,3}[ .-]?(?:\(0\)[ .-]?)?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4})(?![\w-])")),
    Pattern("phone", re.compile(r"\b(?i:phone|tel|telephone|mobile|cell|call|pager|text)(?i:\s*(?:number|no))?\.?\s*(?:at|on|is|:)?\s*(?P<it>\(?\d{3,5}\)?[ .-]?\d{3,4}(?:[ .-]?\d{2,4}){0,2})(?![\w-])")),
    Pattern("iban", re.compile(r"\b(?P<it>[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)\b"), "iban"),
    Pattern("card", re.compile(r"(?<![\w-])(?P<it>[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}|3\d{3}[ -]?\d{6}[ -]?\d{5})(?![\w-])"), "luhn"),
    Pattern("record", _labelled(r"mrn|medical record|med\.? rec\.?|chart|hospital|patient (?:id|identifier|number|no)|pt id|record (?:number|no)")),
    Pattern("plan", _labelled(r"(?:member|subscriber|beneficiary|policy|group|health plan|insurance|medicare|medicaid|hicn|mbi)(?: (?:id|policy|member|plan))?")),
    Pattern("account", _labelled(r"account|acct\.?|bank account|billing account|invoice account", r"(?P<it>\d[\d-]{4,20}\d|[A-Z]{1,4}-?\d{4,16})(?![\w-])")),
    Pattern("licence", _labelled(r"licen[cs]e|driver'?s licen[cs]e|dl|certificate|certification|dea|npi|registration")),
    Pattern("vehicle", re.compile(r"\b(?P<it>[A-HJ-NPR-Z0-9]{8}[0-9X][A-HJ-NPR-Z0-9]{8})\b"), "vin"),
    Pattern("vehicle", _labelled(r"licen[cs]e plate|number plate|plate|registration plate|vin|vehicle id", r"(?P<it>(?=[A-Z0-9 -]*\d)[A-Z0-9]{2,4}(?:[ -]?[A-Z0-9]{1,13}){1,2})(?![\w-])")),
    Pattern("device", _labelled(r"serial|s/n|sn|device|udi|imei|pacemaker|implant(?: serial)?|lot")),
    Pattern("device", re.compile(r"(?P<it>\(01\)\d{14}(?:\(\d\d\)[A-Z0-9-]{1,20}){0,4})")),
    Pattern("biometric", _labelled(r"(?:fingerprint|thumbprint|retinal?(?: scan)?|iris(?: scan)?|voice ?print|face|palm|biometric)(?: (?:template|scan|record|print|hash))?")),
    Pattern("identifier", re.compile(r"\b(?i:nhs)(?i:\s*(?:number|no)\.?)?\s*:?\s*(?P<it>\d{3}[ -]?\d{3}[ -]?\d{4})\b"), "nhs"),
    Pattern("identifier", _labelled(r"passport|case|accession|specimen|sample|study|subject|participant|encounter|visit|order|claim|national id|tax id|tin|ein|employee|student|badge")),
    Pattern("date", re.compile(rf"\b(?P<it>{_MONTH} {_DAY}(?:,? {_YEAR})?|{_DAY} (?:of )?{_MONTH}(?:,? {_YEAR})?|{_MONTH},? {_YEAR})\b")),
    Pattern("date", re.compile(rf"(?<![\w./-])(?P<it>{_YEAR}([-/.])(?:0?[1-9]|1[0-2])\2(?:0?[1-9]|[12]\d|3[01]))(?:T[\d:.Z+-]+)?(?![\w/-])")),
    Pattern("date", re.compile(rf"(?<![\w./-])(?P<it>(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\2(?:{_YEAR}|\d\d))(?![\w/-])")),
    Pattern("date", re.compile(r"\b(?i:on|dob|born|admitted|discharged|seen|date|dated|visit|since)\s*:?\s*(?:on )?(?P<it>(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01]))(?![\w/])")),
    Pattern("age", re.compile(r"\b(?P<it>(?:9\d|1[01]\d))(?=[- ](?:years?|yrs?)[- ]?(?:old|of age)|[- ]?y/?o\b)")),
    Pattern("age", re.compile(r"\b(?i:aged?)(?i: of)?\s*:?\s*(?P<it>9\d|1[01]\d)\b(?!\s*(?:%|mg|ml|days|hours|minutes))")),
    Pattern("zip", re.compile(rf"\b{_STATE},? (?P<it>\d{{5}}(?:-\d{{4}})?)\b")),
    Pattern("zip", re.compile(r"\b(?i:zip|postal|post)(?i:\s*code)?\s*(?:is|:)?\s*(?P<it>\d{5}(?:-\d{4})?)\b")),
    Pattern("zip", re.compile(r"\b(?P<it>[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2})\b")),
    Pattern("address", re.compile(rf"\b(?P<it>\d{{1,6}}[A-Za-z]?(?: [NSEW]\.?)?(?: [A-Z0-9][\w'.-]{{0,30}}){{1,4}} {_STREET}\b\.?(?:,? (?:Apt|Suite|Unit|Ste|Floor|\#)\.? ?\w{{1,6}})?)")),
    Pattern("address", re.compile(r"\b(?P<it>P\.? ?O\.? Box \d{1,7})\b")),
    Pattern("name", re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sr|Sra|Herr|Frau|Mme)\.? (?P<it>(?:[A-Z]\. ?)?{_NAME}(?: (?:[A-Z]\.? )?{_NAME})?)")),
    Pattern("name", re.compile(rf"\b(?i:patient(?: name)?|name|pt|next of kin|guardian|mother's name|father's name|emergency contact|physician|provider|attending|nurse|signed by|dictated by|contact)\s*:\s*(?P<it>{_NAME}(?:,? (?:[A-Z]\.? ?)?{_NAME}){{0,2}})")),
)  # fmt: skip
