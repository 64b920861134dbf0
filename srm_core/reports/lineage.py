"""From any record to everything it was made from, and to everything made from it.

The store is read as it lies on disk: a JSON line that has an ``id`` is a node, and the ids it names are its parents.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ArtifactError

LABEL_CHARS = 88
_REFERENCES = ("document", "problem", "attempt", "probe")  # fields that hold one id
_LISTS = ("parents", "facts", "attempts", "items")  # fields that hold several


@dataclass(frozen=True)
class Node:
    """A record on disk: its id, what it says in a line, its parents, and the source it names, if it does."""

    id: str
    label: str
    parents: tuple[str, ...]
    source: str
    place: str  # file and line, relative to the store


@dataclass(frozen=True)
class Graph:
    """Every record of a store by id, and its children."""

    nodes: Mapping[str, Node]
    children: Mapping[str, tuple[str, ...]]


def read_graph(store: Path) -> Graph:
    """Read every record of finished artifacts under ``store``; raises `ArtifactError` at a line that is no JSON."""
    nodes: dict[str, Node] = {}
    for file in sorted(store.glob("*/*/**/*.jsonl")):
        relative = file.relative_to(store)
        if not any(part.startswith(".") for part in relative.parts):
            for node in _nodes(file, relative.as_posix()):
                nodes.setdefault(node.id, node)
    children: dict[str, dict[str, None]] = {}
    for node in nodes.values():
        for parent in node.parents:
            children.setdefault(parent, {})[node.id] = None
    return Graph(nodes, {parent: tuple(ids) for parent, ids in children.items()})


def find(graph: Graph, text: str) -> Node:
    """Return the record whose id is ``text`` or alone begins with it.

    Raises:
        ArtifactError: no record of the store, or several, are meant.
    """
    if text in graph.nodes:
        return graph.nodes[text]
    near = [name for name in graph.nodes if name.startswith(text)]
    if len(near) == 1:
        return graph.nodes[near[0]]
    if near:
        raise ArtifactError(
            f"{len(near)} records begin with {text!r}, e.g. {', '.join(near[:3])}; write more of the id"
        )
    kinds = ", ".join(sorted({name.split("-")[0] for name in graph.nodes})) or "none"
    raise ArtifactError(
        f"the store has no record {text!r}; ids look like problem-0123456789abcdef; kinds here: {kinds}"
    )


def tree(graph: Graph, start: str, *, forward: bool = False, width: int = 8) -> list[str]:
    """Return the lines of the tree from ``start`` to its sources, or ``forward`` to all that depends on it.

    At most ``width`` branches are drawn at each record, the number of the others is said; a record met again is not
    opened again.
    """
    return [_line(graph, start), *_branches(graph, start, indent="", forward=forward, width=width, seen={start})]


def reach(graph: Graph, start: str, *, forward: bool = False) -> set[str]:
    """Return the ids of all records that ``start`` stands on, or ``forward`` of all that stand on it."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = [name for name in _next(graph, waiting.pop(), forward) if name not in seen]
        seen.update(fresh)
        waiting += fresh
    return seen


def closing(graph: Graph, start: str, *, forward: bool = False) -> str:
    """Return one line: how many records of which kinds were reached, and the sources they come from."""
    found = reach(graph, start, forward=forward)
    kinds: dict[str, int] = {}
    for name in sorted(found):
        kind = name.rsplit("-", 1)[0]
        kinds[kind] = kinds.get(kind, 0) + 1
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "nothing else"
    if forward:
        return f"{counts} stand on it"
    sources = sorted({graph.nodes[name].source for name in {start, *found} if name in graph.nodes} - {""})
    return f"it stands on {counts}; sources: {'; '.join(sources) or 'none named'}"


def _branches(graph: Graph, name: str, *, indent: str, forward: bool, width: int, seen: set[str]) -> Iterator[str]:
    names = _next(graph, name, forward)
    source = "" if forward or name not in graph.nodes else graph.nodes[name].source
    leaves = [f"source: {source}"] if source else []
    leaves += [f"... and {len(names) - width} more"] if len(names) > width else []
    for place, branch in enumerate(names[:width]):
        last = place == len(names[:width]) - 1 and not leaves
        again = branch in seen and bool(_next(graph, branch, forward))
        yield f"{indent}{'└─ ' if last else '├─ '}{_line(graph, branch)}{' (opened above)' if again else ''}"
        if branch not in seen:
            seen.add(branch)
            deeper = indent + ("   " if last else "│  ")
            yield from _branches(graph, branch, indent=deeper, forward=forward, width=width, seen=seen)
    for place, leaf in enumerate(leaves):
        yield f"{indent}{'└─ ' if place == len(leaves) - 1 else '├─ '}{leaf}"


def _next(graph: Graph, name: str, forward: bool) -> tuple[str, ...]:
    if forward:
        return graph.children.get(name, ())
    return graph.nodes[name].parents if name in graph.nodes else ()


def _line(graph: Graph, name: str) -> str:
    node = graph.nodes.get(name)
    return f"{name}  {node.label}  [{node.place}]" if node else f"{name}  (not in this store)"


def _nodes(file: Path, relative: str) -> Iterator[Node]:
    with file.open(encoding="utf-8") as handle:
        for number, line in enumerate(handle, 1):
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                raise ArtifactError(
                    f"{file}, line {number} is no JSON: the artifact is damaged; delete its folder to rebuild it"
                ) from None
            if isinstance(row, dict):
                yield from _unfold(row, f"{relative}:{number}")


def _unfold(row: Mapping[str, Any], place: str) -> Iterator[Node]:
    """Yield the record of a line and the records inside it (wordings of a probe, the problem of a suite)."""
    inner = [variant["problem"] for variant in row.get("variants", ()) if isinstance(variant, dict)]
    inner += [value for value in row.values() if isinstance(value, dict) and isinstance(value.get("id"), str)]
    for record in inner:
        yield from _unfold(record, place)
    if isinstance(row.get("id"), str):
        parents = (*_named(row), *(record["id"] for record in inner))
        unique = tuple(name for name in dict.fromkeys(parents) if name != row["id"])
        yield Node(row["id"], _label(row), unique, _source(row.get("source")), place)


def _named(row: Mapping[str, Any]) -> Iterator[str]:
    for field in _LISTS:
        yield from (name for name in row.get(field) or () if isinstance(name, str))
    for field in _REFERENCES:
        if isinstance(row.get(field), str):
            yield row[field]
    for item in row.get("evidence") or ():
        yield from item.get("cites", ()) if isinstance(item, dict) else ()


def _source(source: Any) -> str:
    if not isinstance(source, dict):
        return ""
    name = " ".join(part for part in (source.get("name", ""), source.get("version", "")) if part)
    return f"{name} ({source.get('licence', 'no licence')})"


def _label(row: Mapping[str, Any]) -> str:
    kind = row["id"].split("-")[0]
    return _short(_SAYS.get(kind, _says_something)(row))


def _says_score(row: Mapping[str, Any]) -> str:
    minus = f" − {row['baseline']}" if row.get("baseline") else ""
    interval = f"[{row['low']:.3f}, {row['high']:.3f}] n {row['n']}"
    return f"{row['metric']} of {row['arm']}{minus} on {row['kind']}: {row['value']:.3f} {interval}"


def _says_attempt(row: Mapping[str, Any]) -> str:
    return f"{row.get('arm', '')} by {row.get('model', '')}: {_mark(row)} {row.get('completion', {}).get('text', '')}"


def _says_finding(row: Mapping[str, Any]) -> str:
    return f"{row['measure']} of {row['attribute']}, {row['role']}: {row['effect']:+.3f}, {row['outcome']}"


def _says_item(row: Mapping[str, Any]) -> str:
    return f"{row['variant']} asked of {row['role']}: {_mark(row)} {row.get('completion', {}).get('text', '')}"


def _says_something(row: Mapping[str, Any]) -> str:
    for field in ("question", "title", "text", "measure", "suite"):
        if row.get(field):
            return str(row[field])
    return f"{len(row['ids'])} tokens" if "ids" in row else ""


_SAYS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "score": _says_score,
    "attempt": _says_attempt,
    "auditfinding": _says_finding,
    "audititem": _says_item,
    "triple": lambda row: f"{row['subject']} {row['predicate']} {row['object']}",
    "problem": lambda row: f"{row['kind']}, {row.get('split', '')}: {row['question']} = {row['answer']}",
}


def _mark(row: Mapping[str, Any]) -> str:
    correct = (row.get("verdict") or {}).get("correct")
    return "no verdict:" if correct is None else "correct:" if correct else "wrong:"


def _short(text: str) -> str:
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= LABEL_CHARS else line[: LABEL_CHARS - 1] + "…"
