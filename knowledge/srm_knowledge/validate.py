"""SHACL validation of the graph: all of it when small, a stated sample of its subjects when large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from .curies import to_curie, to_iri
from .graph import Graph
from .inference import GRAPH as INFERRED

if TYPE_CHECKING:
    import rdflib

MAX_TRIPLES = 20_000  # of a graph that is validated whole
SAMPLE = 5_000  # triples looked at in a larger one
SHOWN = 10


@dataclass(frozen=True)
class Validation:
    """What was checked, and what is wrong: violations by message, and the first few in words."""

    triples: int  # in the store
    checked: int  # triples looked at: all, or those of the sampled subjects
    subjects: int  # subjects looked at
    violations: dict[str, int]
    first: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """Return the figures for a stage's record."""
        return {
            "shacl_triples": self.triples,
            "shacl_checked": self.checked,
            "shacl_subjects": self.subjects,
            "shacl_violations": sum(self.violations.values()),
        }


def validate(folder: Path, *, limit: int = MAX_TRIPLES) -> Validation:
    """Return the validation of the knowledge in ``folder`` (as written by `srm_knowledge.store`).

    With more than ``limit`` triples the subjects with the smallest hashes are looked at, until `SAMPLE` (at most
    ``limit``) triples are reached. That nothing is broader than itself is asked of the whole graph.
    """
    return validate_graph(Graph(folder / "graph", writable=False), limit=limit)


def validate_graph(graph: Graph, *, limit: int = MAX_TRIPLES) -> Validation:
    """Return the validation of an open graph; nothing is imported from the web and no script runs."""
    import pyshacl
    import rdflib

    data = graph.dataset()
    rows = graph.query("SELECT ?entity (COUNT(*) AS ?facts) WHERE { ?entity ?p ?o } GROUP BY ?entity", {}, limit_s=60)
    sizes = {rdflib.URIRef(to_iri(row["entity"], graph.spaces)): int(row["facts"]) for row in rows}
    sample, subjects = _sample(data, sizes, limit)
    total = sum(sizes.values())
    shapes = rdflib.Graph().parse(
        data=files("srm_knowledge").joinpath("shapes.ttl").read_text("utf-8"), format="turtle"
    )
    _, report, _ = pyshacl.validate(sample, shacl_graph=shapes, do_owl_imports=False, js=False, inference="none")
    loops = graph.query("SELECT ?entity WHERE { ?entity skos:broader ?entity }", {})
    found = sorted([*_violations(report), *(("nothing is broader than itself", row["entity"]) for row in loops)])
    return Validation(
        triples=total,
        checked=len(sample),
        subjects=subjects,
        violations=dict(sorted(Counter(message for message, _ in found).items())),
        first=tuple(f"{focus}: {message}" for message, focus in found[:SHOWN]),
    )


def _sample(data: rdflib.Dataset, sizes: dict[rdflib.URIRef, int], limit: int) -> tuple[rdflib.Graph, int]:
    """Return the facts of the chosen subjects, sources merged, and how many subjects that are."""
    import rdflib

    chosen: set[rdflib.URIRef] = set()
    total, taken = sum(sizes.values()), 0
    for subject in sorted(sizes, key=lambda subject: sha256(str(subject).encode()).digest()):
        if total > limit and taken + sizes[subject] > min(limit, SAMPLE):
            break
        taken += sizes[subject]
        chosen.add(subject)
    sample = rdflib.Graph()
    for graph in data.graphs():
        if str(graph.identifier).startswith(to_iri(INFERRED)):  # only what is stated is asked to have a shape
            continue
        for subject in chosen:
            for triple in graph.triples((subject, None, None)):
                sample.add(triple)
    return sample, len(chosen)


def _violations(report: rdflib.Graph) -> Iterator[tuple[str, str]]:
    """Yield (message, CURIE of what it is about) of each result."""
    from rdflib.namespace import SH

    for result in report.subjects(SH.resultSeverity, None):
        yield str(report.value(result, SH.resultMessage)), to_curie(str(report.value(result, SH.focusNode)))
