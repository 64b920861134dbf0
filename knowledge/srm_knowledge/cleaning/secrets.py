"""Find secrets: keys and tokens by the form their issuers give them, passwords by their label, the rest by entropy."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from .spans import Span, without_overlaps

ENTROPY = 4.2  # bits a character from which a long mixed string is no word, path or name
_FORMS = {
    "private_key": (
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,8000}?"
        r"-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    ),
    "aws_key": r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b",
    "github_token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,100})\b",
    "gitlab_token": r"\bgl(?:pat|dt|rt)-[\w-]{20,40}\b",
    "slack_token": r"\bxox[abeoprs]-[\w-]{10,200}\b|https://hooks\.slack\.com/services/[\w/]{20,100}",
    "stripe_key": r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,110}\b",
    "model_key": r"\bsk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{20,200}\b|\bhf_[A-Za-z0-9]{30,40}\b",
    "google_key": r"\bAIza[\w-]{35}(?![\w-])|\bya29\.[\w-]{20,200}",
    "package_token": r"\bnpm_[A-Za-z0-9]{36}\b|\bpypi-AgE[\w-]{50,200}",
    "mail_key": r"\bSG\.[\w-]{16,32}\.[\w-]{16,64}\b|\bkey-[0-9a-z]{32}\b",
    "phone_key": r"\b(?:SK|AC)[0-9a-f]{32}\b",
    "jwt": r"\beyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10,1000}",
}
_BY_FORM = {kind: re.compile(form) for kind, form in _FORMS.items()}
_LABELLED = re.compile(
    r"(?i)(?<![a-z])(?:[a-z0-9]{1,20}[_-]){0,3}(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|"
    r"auth[_-]?key|private[_-]?key|client[_-]?secret|encryption[_-]?key|secret[_-]?key)[\"']?\s{0,3}(?::=|=>|=|:)\s{0,3}"
    r"(?:[\"'](?P<quoted>[^\"'\s]{6,200})[\"']|(?P<bare>[^\s\"',;<>(){}\[\]]{6,200}))"
)
_SAID = re.compile(
    r"(?i)\b(?:password|passphrase|pwd|api key|access token|pin)\s+(?:is|was)\s+"
    r"[\"'`]?(?P<it>[^\s\"'`]{6,100}[^\s\"'`.,;])"
)
_BEARER = re.compile(
    r"(?i)\b(?:authorization:\s{0,3})?(?:bearer|basic|token)\s+(?P<it>[A-Za-z0-9._~+/-]{16,2000}={0,2})"
)
_NETRC = re.compile(r"\blogin\s+\S{1,100}\s+password\s+(?P<it>\S{3,100})")
_IN_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,100}:(?P<it>[^\s/:@]{3,200})@")
_LONG = re.compile(r"(?<![\w/+.=@-])[A-Za-z0-9+/_-]{24,200}={0,2}(?![\w/+=@-])")
_PLACEHOLDER = re.compile(
    r"(?i)^(?:[x*.•_-]+|.*(?:example|placeholder|change_?me|your[_-]|<|\$\{|\$\(|%\(|\{\{).*|(?:none|null|true|false|required|"
    r"optional|string|str|redacted|hidden|undefined|empty|env|todo)\W*|os\.environ.*|process\.env.*|getenv.*|\$[A-Za-z_]+|"
    r"[a-z_]+(?:\.[a-z_]+)+)$"
)


def find_secrets(text: str) -> list[Span]:
    """Return where ``text`` holds keys, tokens and passwords, without overlaps. Placeholders are none."""
    return without_overlaps([*_by_form(text), *_by_label(text), *_by_entropy(text)])


def entropy(text: str) -> float:
    """Return Shannon's entropy of the characters, in bits a character (Shannon 1948, section 6)."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def _by_form(text: str) -> Iterator[Span]:
    for kind, form in _BY_FORM.items():
        yield from (Span(match.start(), match.end(), kind) for match in form.finditer(text))


def _by_label(text: str) -> Iterator[Span]:
    for match in _LABELLED.finditer(text):
        group = "quoted" if match["quoted"] else "bare"
        if not _PLACEHOLDER.match(match[group]) and (group == "quoted" or _is_mixed(match[group])):
            yield Span(match.start(group), match.end(group), "password")
    for pattern, kind in ((_SAID, "password"), (_BEARER, "token"), (_IN_URL, "password"), (_NETRC, "password")):
        for match in pattern.finditer(text):
            if not _PLACEHOLDER.match(match["it"]) and (pattern in (_IN_URL, _NETRC) or _is_mixed(match["it"])):
                yield Span(match.start("it"), match.end("it"), kind)


def _is_mixed(text: str) -> bool:
    """Tell a made-up string from a word: it holds a digit or a sign beside letters."""
    return any(not sign.isalpha() for sign in text) and any(sign.isalnum() for sign in text)


def _by_entropy(text: str) -> Iterator[Span]:
    for match in _LONG.finditer(text):
        found = match.group()
        kinds = (any(map(str.isdigit, found)), any(map(str.isupper, found)), any(map(str.islower, found)))
        if (
            all(kinds)
            and found.count("/") + found.count("-") + found.count("_") <= len(found) // 8
            and entropy(found) >= ENTROPY
        ):
            yield Span(match.start(), match.end(), "key")
