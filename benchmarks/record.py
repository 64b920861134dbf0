"""Keep a build's figures: ``python benchmarks/record.py WORKSPACE RUN`` writes benchmarks/results/RUN.json.

The README's table is rendered from that file (``--readme``), and a test holds the two together.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
README = HERE.parent / "README.md"
BEGIN, END = "<!-- figures of medical-draft -->", "<!-- end of figures -->"


def figures(workspace: Path, run: str, command: str) -> dict[str, Any]:
    """Return date, machine, command, stage times and every held-out figure of a run."""
    from srm_core.workspace import Workspace

    manifest = Workspace(workspace).run(run).manifest()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "command": command,
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
    """Return the README's table of a kept run: accuracy by kind and arm, greedy, with 95 % intervals."""
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
        f"`{kept['command']}`)."
    )


def _cell(score: dict[str, Any] | None) -> str:
    return "" if score is None else f"{score['value']:.2f} [{score['low']:.2f}, {score['high']:.2f}] n {score['n']}"


def write_readme() -> None:
    """Put the table of the kept draft run between the README's markers."""
    kept = json.loads((RESULTS / "medical-draft.json").read_text(encoding="utf-8"))
    text = README.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    README.write_text(f"{head}{BEGIN}\n{table(kept)}\n{END}{tail}", encoding="utf-8")


def main() -> None:
    """Keep the figures of a run, or render the README's table."""
    if sys.argv[1:] == ["--readme"]:
        write_readme()
        return
    workspace, run = Path(sys.argv[1]), sys.argv[2]
    command = " ".join(sys.argv[3:]) or "srm build --pack medical"
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{run}.json"
    file.write_text(json.dumps(figures(workspace, run, command), indent=1), encoding="utf-8")
    print(file)


if __name__ == "__main__":
    main()
