"""A vocabulary loaded and asked: a knowledge folder of ours beside plain rdflib in memory, in one run.

    python benchmarks/graph.py NAME FILE_OR_FOLDER   # nothing else may compute meanwhile

Loading is one time each (ours: parsed apart, named, written to ledger and store on disk; opened: from disk, as every
later use does). Queries are the median of their rounds, arms interleaved; both arms must give equally many rows. The
figures of each NAME are kept in results/graph.json.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROUNDS = 5
PREFIXES = """PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""
UP = {"skos:broader": "skos:broader", "rdfs:subClassOf": "rdfs:subClassOf"}


def main() -> None:
    """Measure, print and keep the figures of one vocabulary."""
    from record import machine  # its neighbour

    name, path = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as scratch:
        figures = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": machine(),
            "command": f"python benchmarks/graph.py {name} {path.name}",
            "rounds": ROUNDS,
            **measure(path, Path(scratch) / "kg"),
        }
    file = Path(__file__).resolve().parent / "results" / "graph.json"
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    file.write_text(json.dumps({**kept, name: figures}, indent=1), encoding="utf-8")
    print(json.dumps(figures, indent=1))


def measure(path: Path, folder: Path) -> dict[str, Any]:
    """Return seconds and rows of loading and of each query, and the ratios rdflib / ours."""

    plain, rdflib_load = timed(lambda: plain_graph(path))
    skipped, load = timed(lambda: load_folder(path, folder))
    knowledge, opened = timed(lambda: open_folder(folder))
    up = max(UP, key=lambda predicate: knowledge.statistics()["predicates"].get(predicate, 0))
    asked = {
        "path of two": f"SELECT ?a ?c {{ ?a {up} ?b . ?b {up} ?c }}",
        "count anchored": f"SELECT (COUNT(?a) AS ?n) {{ ?a {up} <{anchor(plain, up)}> }}",
    }
    queries = {}
    for title, sparql in asked.items():
        arms: dict[str, Callable[[], int]] = {
            "rdflib": lambda sparql=sparql: len(list(plain.query(PREFIXES + sparql))),  # type: ignore[misc]
            "ours": lambda sparql=sparql: len(knowledge.query(sparql, {})),  # type: ignore[misc]
        }
        queries[title] = compare(arms)
    counts = knowledge.counts()
    knowledge.close()
    return {
        "facts": {"rdflib": len(plain), "ours": counts["triples"], "skipped files": skipped},
        "relation": up,
        "load s": {"rdflib": rdflib_load, "ours": load, "ours, opened": opened},
        "queries s": queries,
        "ratios": {
            "load": round(rdflib_load / load, 2),
            "open": round(rdflib_load / opened, 1),
            **{title: round(row["rdflib"] / row["ours"], 1) for title, row in queries.items()},
        },
    }


def plain_graph(path: Path) -> Any:
    """Return rdflib's graph of the files, as a script would load them."""
    import rdflib

    graph = rdflib.Graph()
    for file in sorted(path.rglob("*.rdf")) if path.is_dir() else [path]:
        graph.parse(file)
    return graph


def load_folder(path: Path, folder: Path) -> int:
    """Import the files into a new knowledge folder; return how many gave nothing."""
    from srm_knowledge.importing import Skipped, path_facts
    from srm_knowledge.store import FolderKnowledge

    from srm_core.records import Source, Triple

    knowledge = FolderKnowledge(folder)
    skipped = []

    def facts() -> Any:
        for item in path_facts(path, Source(name=path.name, licence="unknown"), knowledge.naming()):
            if isinstance(item, Triple):
                yield item
            elif isinstance(item, Skipped):
                skipped.append(item)

    knowledge.add((), facts())
    knowledge.close()
    return len(skipped)


def open_folder(folder: Path) -> Any:
    """Open a folder and ask it something, so that its files are read."""
    from srm_knowledge.store import FolderKnowledge

    knowledge = FolderKnowledge(folder)
    knowledge.query("SELECT ?s { ?s ?p ?o } LIMIT 1", {})
    return knowledge


def anchor(plain: Any, up: str) -> str:
    """Return the IRI that most others stand directly below."""
    rows = plain.query(f"{PREFIXES}SELECT ?b (COUNT(?a) AS ?n) {{ ?a {up} ?b }} GROUP BY ?b ORDER BY DESC(?n) ?b")
    return next(str(row[0]) for row in rows if str(row[0]).startswith("http"))


def compare(arms: dict[str, Callable[[], int]]) -> dict[str, Any]:
    """Return the median seconds of each arm over interleaved rounds after one to warm up, and the rows they gave."""
    times: dict[str, list[float]] = {name: [] for name in arms}
    rows: dict[str, int] = {}
    for turn in range(ROUNDS + 1):
        for name, arm in arms.items():
            rows[name], seconds = timed(arm)
            if turn:
                times[name].append(seconds)
    if len(set(rows.values())) > 1:
        raise SystemExit(f"the arms disagree: {rows}")
    return {**{name: round(statistics.median(values), 5) for name, values in times.items()}, "rows": rows["ours"]}


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what ``work`` returns, and its seconds."""
    began = time.perf_counter()
    result = work()
    return result, round(time.perf_counter() - began, 4)


if __name__ == "__main__":
    main()
