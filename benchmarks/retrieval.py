"""Retrieval: dense, lexical and both fused, on the labelled questions of tests/knowledge/retrieval.json.

    python benchmarks/retrieval.py          # under a minute
    python benchmarks/retrieval.py UAT.rdf  # and on the Unified Astronomy Thesaurus: other labels -> definitions

Each way has its own knowledge folder with the packaged embedding model. Beside the means stand paired differences of
hybrid to each part (bootstrap, 95 %) and the time of a question.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

WAYS = ("dense", "lexical", "hybrid")
MOST = 400  # questions asked of the thesaurus
SKOS = "http://www.w3.org/2004/02/skos/core#"


def main() -> None:
    """Measure, print and keep the figures."""
    from record import machine  # its neighbour

    here = Path(__file__).resolve().parent
    kept: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "command": "python benchmarks/retrieval.py" + (" UAT.rdf" if sys.argv[1:] else ""),
        "fixture": measure(*fixture(here.parent / "tests" / "knowledge" / "retrieval.json")),
    }
    if sys.argv[1:]:
        kept["thesaurus"] = measure(*thesaurus(Path(sys.argv[1])))
    (here / "results" / "retrieval.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")
    print(json.dumps(kept, indent=1))


def fixture(file: Path) -> tuple[list[Any], list[tuple[str, dict[str, float]]]]:
    """Return chunks, and questions with grades by chunk id."""
    from srm_core.records import Chunk, Source

    data = json.loads(file.read_text(encoding="utf-8"))
    source = Source(name="fixture", licence="Apache-2.0")
    chunks = {
        row["name"]: Chunk(
            document=row["name"], start=0, end=len(row["text"]), text=row["text"], title=row["title"], source=source
        )
        for row in data["passages"]
    }
    asked = [
        (row["question"], {chunks[name].id: float(grade) for name, grade in row["grades"].items()})
        for row in data["questions"]
    ]
    return list(chunks.values()), asked


def thesaurus(file: Path) -> tuple[list[Any], list[tuple[str, dict[str, float]]]]:
    """Return definitions as chunks, and other labels as questions whose one answer is their concept's definition."""
    from srm_knowledge.readers.apart import read_facts_apart
    from srm_knowledge.readers.parsed import Fact

    from srm_core.records import Chunk, Source

    facts = [item for item in read_facts_apart(file, file.suffix) if isinstance(item, Fact)]
    source = Source(name="UAT", licence="CC-BY-SA-3.0")
    chunks = {
        fact.subject: Chunk(document=fact.subject, start=0, end=len(fact.object), text=fact.object, source=source)
        for fact in facts
        if fact.predicate == SKOS + "definition"
    }
    labels = sorted(
        (fact.object, fact.subject) for fact in facts if fact.predicate == SKOS + "altLabel" and fact.subject in chunks
    )
    step = max(1, len(labels) // MOST)
    return list(chunks.values()), [(label, {chunks[name].id: 1.0}) for label, name in labels[::step]]


def measure(chunks: list[Any], asked: list[tuple[str, dict[str, float]]]) -> dict[str, Any]:
    """Return the means of each way, and the paired differences of hybrid."""
    from srm_knowledge.ranking import ndcg, recall, reciprocal_rank
    from srm_knowledge.store import FolderKnowledge

    from srm_core.reports.intervals import mean

    scores: dict[str, dict[str, list[float]]] = {}
    figures: dict[str, Any] = {"passages": len(chunks), "questions": len(asked)}
    with tempfile.TemporaryDirectory() as scratch:
        for way in WAYS:
            knowledge = FolderKnowledge(Path(scratch) / way, retrieval=way)  # type: ignore[arg-type]
            knowledge.add(chunks, ())
            knowledge.search(asked[0][0], 10)
            rows: dict[str, list[float]] = {"ndcg@10": [], "recall@5": [], "mrr": []}
            times = []
            for question, grades in asked:
                began = time.perf_counter()
                ranked = [piece.cites[0] for piece in knowledge.search(question, 10)]
                times.append(time.perf_counter() - began)
                rows["ndcg@10"].append(ndcg(ranked, grades))
                rows["recall@5"].append(recall(ranked, set(grades), 5))
                rows["mrr"].append(reciprocal_rank(ranked, set(grades)))
            knowledge.close()
            scores[way] = rows
            means = {name: round(statistics.mean(values), 4) for name, values in rows.items()}
            figures[way] = {**means, "ms a question (median)": round(statistics.median(times) * 1e3, 2)}
    for part in ("dense", "lexical"):
        figures[f"hybrid - {part}"] = {
            name: [round(value, 4) for value in (gap.value, gap.low, gap.high)]
            for name in scores["hybrid"]
            for gap in [mean([a - b for a, b in zip(scores["hybrid"][name], scores[part][name], strict=True)])]
        }
    return figures


if __name__ == "__main__":
    main()
