"""Keep a build's figures: ``python benchmarks/record.py WORKSPACE RUN [--note TEXT] [--command TEXT]``.

They go to benchmarks/results/RUN.json. ``--tables`` renders every ``<!-- figures of RUN -->`` and
``<!-- means of RUN RUN -->`` in the README and the pages from these files, and a test holds them together.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
MARKED = re.compile(r"(<!-- (?P<what>figures|means) of (?P<runs>[^>]+) -->\n).*?(?=<!-- end of figures -->)", re.DOTALL)


def figures(workspace: Path, run: str, command: str, note: str) -> dict[str, Any]:
    """Return date, machine, command, stage times and every held-out figure of a run."""
    from srm_core.workspace import Workspace

    manifest = Workspace(workspace).run(run).manifest()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "command": command,
        **({"note": note} if note else {}),
        "environment": manifest.environment,
        "seed": manifest.seed,
        "verdict": manifest.verdict,
        "seconds": {record.stage: record.seconds for record in manifest.stages},
        "counts": {record.stage: record.counts for record in manifest.stages},
        "metrics": {record.stage: record.metrics for record in manifest.stages if record.metrics},
        "leak": {name: level["leaks"] for name, level in manifest.leak["levels"].items()},
        "objections": [objection.model_dump() for objection in manifest.objections],
        "scores": [
            {
                key: getattr(score, key)
                for key in ("suite", "kind", "arm", "decoding", "metric", "baseline", "value", "low", "high", "n")
            }
            for score in manifest.scores
        ],
    }


def machine() -> str:
    """Return the processor, its cores and the system of this machine."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    name = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "unknown processor")
    return f"{name}, {os.cpu_count()} cores, {platform.system()}"


def table(kept: dict[str, Any]) -> str:
    """Return the table of a kept run: accuracy by kind and arm, greedy, with 95 % intervals."""
    wanted = [s for s in kept["scores"] if s["suite"] == "held-out" and s["decoding"] == "greedy"]
    levels = [s for s in wanted if s["metric"] == "accuracy" and not s["baseline"]]
    arms = [arm for arm in ("base-few", "sft", "rl", "shuffled", "none") if any(s["arm"] == arm for s in levels)]
    names = {
        "base-few": "base, 3 examples",
        "sft": "SFT",
        "rl": "SFT + RL",
        "shuffled": "wrong facts",
        "none": "no facts",
    }
    kinds = [kind for kind in dict.fromkeys(s["kind"] for s in levels) if ":" not in kind and kind != "all"]
    unseen = [kind for kind in dict.fromkeys(s["kind"] for s in levels) if kind.endswith("=unseen")]
    rows = ["| | " + " | ".join(names[arm] for arm in arms) + " |", "|---|" + "---|" * len(arms)]
    for kind in [*kinds, "all", *unseen]:
        cells = [next((s for s in levels if s["kind"] == kind and s["arm"] == arm), None) for arm in arms]
        title = (
            "**mean over kinds**" if kind == "all" else kind.replace(":formula=unseen", ", formulas never trained on")
        )
        rows.append(f"| {title} | " + " | ".join(_cell(cell) for cell in cells) + " |")
    gain = next((s for s in wanted if s["kind"] == "all" and s["baseline"].startswith("base-")), None)
    total = sum(kept["seconds"].values())
    said = (
        f"Gain over the base, paired: {gain['value']:+.2f} [{gain['low']:+.2f}, {gain['high']:+.2f}], n {gain['n']}. "
        if gain
        else ""
    )
    return (
        "\n".join(rows)
        + f"\n\n{said}Verdict: {kept['verdict']}. {total / 60:.0f} minutes on {kept['machine']} ({kept['date']}, "
        f"`{kept['command']}`{'; ' + kept['note'] if 'note' in kept else ''})."
    )


def _cell(score: dict[str, Any] | None) -> str:
    return "" if score is None else f"{score['value']:.2f} [{score['low']:.2f}, {score['high']:.2f}] n {score['n']}"


def means(kept: dict[str, dict[str, Any]]) -> str:
    """Return a table of the mean over kinds of some runs: base, student, and the gain in pairs."""
    rows = ["| build | base, 3 examples | student | gain, paired |", "|---|---|---|---|"]
    for run, each in kept.items():
        over = [s for s in each["scores"] if (s["suite"], s["kind"], s["decoding"]) == ("held-out", "all", "greedy")]
        right = [s for s in over if s["metric"] == "accuracy"]
        gain = next(s for s in right if s["baseline"].startswith("base-"))
        base, student = (
            next(s for s in right if s["arm"] == arm and not s["baseline"]) for arm in (gain["baseline"], gain["arm"])
        )
        difference = f"{gain['value']:+.2f} [{gain['low']:+.2f}, {gain['high']:+.2f}]"
        rows.append(f"| {run} | {_cell(base)} | {_cell(student)} | {difference} |")
    return "\n".join(rows)


def with_tables(text: str) -> str:
    """Return ``text`` with the table of each run that it marks, from the kept files."""

    def filled(match: re.Match[str]) -> str:
        kept = {run: json.loads((RESULTS / f"{run}.json").read_text(encoding="utf-8")) for run in match["runs"].split()}
        made = means(kept) if match["what"] == "means" else "\n".join(map(table, kept.values()))
        return f"{match[1]}{made}\n"

    return MARKED.sub(filled, text)


def pages() -> list[Path]:
    """Return the README and the pages of the docs."""
    return [HERE.parent / "README.md", *sorted((HERE.parent / "docs").glob("*.md"))]


def main() -> None:
    """Keep the figures of a run, or render the tables."""
    parser = argparse.ArgumentParser(description="Keep a build's figures, or render the tables of kept ones.")
    parser.add_argument("--tables", action="store_true")
    parser.add_argument("workspace", type=Path, nargs="?")
    parser.add_argument("run", nargs="?")
    parser.add_argument("--note", default="", help="what the times are worth")
    parser.add_argument("--command", default="srm build --pack medical")
    told = parser.parse_args()
    if told.tables:
        for page in pages():
            page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
        return
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{told.run}.json"
    kept = figures(told.workspace, told.run, told.command, told.note)
    file.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    print(file)


if __name__ == "__main__":
    main()
