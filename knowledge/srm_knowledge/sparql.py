"""Query templates: read before they run, SELECT only, nothing that reaches out of the store.

``$name`` is replaced as a token by the IRI of its CURIE, never inside a string; an IRI we make holds no character
that could end it. Two readers must agree: our own (which tokens there are) and rdflib's grammar.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from srm_core.errors import ConfigError

from .curies import NAMESPACES, to_iri

# The order matters: strings, IRIs and comments first, so that nothing inside them is taken for a word.
_TOKEN = re.compile(
    r"""(?P<string>\"\"\"(?:(?:\"|\"\")?(?:[^\"\\]|\\.))*\"\"\"|'''(?:(?:'|'')?(?:[^'\\]|\\.))*'''
        |\"(?:[^\"\\\n\r]|\\.)*\"|'(?:[^'\\\n\r]|\\.)*')
    |(?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    |(?P<comment>\#[^\n\r]*)
    |(?P<variable>[?$]\w+)
    |(?P<prefixed>[\w.-]*:(?:\\.|[\w.:%-])*)
    |(?P<language>@[A-Za-z-]+)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<rest>.)""",
    re.VERBOSE | re.DOTALL,
)
_KEYWORDS = """
SERVICE FROM LOAD INSERT DELETE CLEAR DROP CREATE COPY MOVE ADD WITH CONSTRUCT DESCRIBE ASK
"""
_REFUSED = frozenset(_KEYWORDS.split())
MAX_TEMPLATE = 20_000  # characters


@dataclass(frozen=True)
class Template:
    """A query that was read and found harmless. ``parts`` alternate between text and the names of variables."""

    parts: tuple[tuple[str, str], ...]  # (text, name of the variable or "")
    variables: frozenset[str]
    ordered: bool  # it says ORDER BY

    def fill(self, bindings: Mapping[str, str], spaces: Mapping[str, str] = NAMESPACES) -> str:
        """Return the query with every bound variable replaced by its IRI. Raises `ConfigError` for an unknown name."""
        unknown = sorted(set(bindings) - self.variables)
        if unknown:
            raise ConfigError(f"the query has no variable ${unknown[0]}; it has: {', '.join(sorted(self.variables))}")
        iris = {name: f"<{to_iri(curie, spaces)}>" for name, curie in bindings.items()}
        return "".join(iris.get(name, text) if name else text for text, name in self.parts)


def read_template(text: str) -> Template:
    """Return ``text`` as a template.

    Raises:
        ConfigError: not SPARQL, not a SELECT, or it holds SERVICE, FROM or anything that changes the graph.
    """
    if len(text) > MAX_TEMPLATE:
        raise ConfigError(f"the query has {len(text)} characters; at most {MAX_TEMPLATE} are read")
    if re.search(r"\\[uU]", text):
        raise ConfigError("the query holds a \\u escape, which could hide a keyword; write the character itself")
    tokens = [(match.lastgroup or "", match.group()) for match in _TOKEN.finditer(text)]
    words = [word.upper() for group, word in tokens if group == "word"]
    refused = [word for word in words if word in _REFUSED]
    if refused:
        raise ConfigError(f"the query holds {refused[0]}; only SELECT over the stored graph is answered")
    _check_grammar(text)
    parts = tuple((token, token[1:] if group == "variable" else "") for group, token in tokens)
    names = frozenset(name for _, name in parts if name)
    return Template(parts=parts, variables=names, ordered="ORDER" in words)


def _check_grammar(text: str) -> None:
    from rdflib.plugins.sparql.parser import parseQuery

    try:
        query = parseQuery(text)[1]
    except Exception as error:  # the grammar's own classes, and RecursionError for a deep nest
        raise ConfigError(f"the query is not SPARQL: {_first_line(error)}") from None
    if query.name != "SelectQuery" or "datasetClause" in query or _reaches_out(query):
        raise ConfigError("the query is no SELECT over the stored graph (SERVICE and FROM are refused)")


def _reaches_out(node: Any) -> bool:
    """Tell whether there is a SERVICE anywhere in the parsed query."""
    if isinstance(node, Mapping):
        return (
            node.get("name") == "ServiceGraphPattern"
            or "service_string" in node
            or any(map(_reaches_out, node.values()))
        )
    if isinstance(node, list | tuple) or type(node).__name__ == "ParseResults":
        return any(map(_reaches_out, node))
    return False


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:200] if lines else type(error).__name__
