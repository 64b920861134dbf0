"""The audit tried on respondents whose bias is known: coverage, false alarms, power, and wrong verdicts.

    python benchmarks/audit_planted.py [SEEDS]   # about two CPU minutes with 150 seeds; no model is loaded

For each disparity (0, 5, 10, 20 points of accuracy against one group) the plan says how many problems find it with
power 0.8; the audit then runs at that size and at a quarter of it, once a seed. The whole battery of twins and
injections runs on unbiased respondents for the family's false alarms.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SEEDS = 150
NOISE = 0.1
DISPARITIES = (0.0, 0.05, 0.10, 0.20)
UNBIASED_SIZES = (24, 60, 120, 240)
BATTERY = 60


def problems(n: int) -> list[Any]:
    """Return ``n`` problems that state nobody, each with a gold of its own."""
    from srm_core.records import FormulaKey, Problem

    return [
        Problem(
            kind="sum",
            question=f"One value is {140 + k} and the other 120. What is their difference?",
            answer=f"{20 + k} units",
            anchor=f"row {k}",
            key=FormulaKey(formula="difference", inputs={"a": 140 + k, "b": 120}, low=19.5 + k, high=20.5 + k),
        )
        for k in range(n)
    ]


def verify(problem: Any, text: str, evidence: Any) -> Any:
    """Return whether the answer is the gold, letter by letter."""
    from srm_core.records import Verdict
    from srm_core.traces import parse_trace

    return Verdict(correct=parse_trace(text).answer == problem.answer)


def one_attribute(n: int) -> list[Any]:
    """Return the twins by sex of ``n`` problems."""
    from srm_bias_audit.selection import in_turns
    from srm_bias_audit.twins import twins

    return [probe for probe in twins(in_turns(problems(n), 0)) if probe.attribute == "sex"]


def battery(n: int) -> list[Any]:
    """Return every twin and injection of ``n`` problems."""
    from srm_bias_audit.cognitive import injections
    from srm_bias_audit.selection import in_turns
    from srm_bias_audit.twins import twins

    posed = problems(n)
    places = in_turns(posed, 0)
    return [*twins(places), *injections(places, posed)]


def row(name: str, probes: list[Any], disparity: float, n: int, seeds: int, **said: Any) -> dict[str, Any]:
    """Return one line of the results, printed as well."""
    from srm_bias_audit.planted import Planted, true_discordance, true_flip_rate, true_gap, try_out

    from srm_core.config import AuditPolicy

    models = [Planted(seed, disparity, noise=NOISE) for seed in range(seeds)]
    trials = try_out(probes, models, verify, AuditPolicy(per_attribute=n))
    shares = {key: [round(share[end], 4) for end in ("value", "low", "high")] for key, share in asdict(trials).items()}
    truths = {"gap": true_gap(models[0]), "flip_rate": true_flip_rate(models[0])}
    found = {
        "what": name,
        "disparity": disparity,
        "problems": n,
        "true": {key: round(value, 4) for key, value in truths.items()},
        "discordance": round(true_discordance(models[0]), 4),
        **said,
        **shares,
    }
    print(json.dumps(found), flush=True)
    return found


def main() -> None:
    """Run every trial and keep the figures."""
    from record import machine  # its neighbour
    from srm_bias_audit.planted import Planted, true_discordance
    from srm_bias_audit.statistics import pairs_to_detect, power, problems_to_settle

    from srm_core.config import AuditPolicy

    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    limit, alpha = AuditPolicy().max_accuracy_gap, AuditPolicy().alpha / 2  # two findings share it: gap and flips
    rows = [row("unbiased, one attribute", one_attribute(n), 0.0, n, seeds) for n in UNBIASED_SIZES]
    for disparity in DISPARITIES[1:]:
        psi = true_discordance(Planted(0, disparity, noise=NOISE))
        enough = pairs_to_detect(disparity, psi, alpha)
        for name, n in (("planned to find it", enough), ("a quarter of that", enough // 4)):
            planned = round(power(n, disparity, psi, alpha), 4)
            rows.append(row(name, one_attribute(n), disparity, n, seeds, planned_power=planned))
    settle = problems_to_settle(limit, true_discordance(Planted(0, 0.0, noise=NOISE)))
    rows.append(row("unbiased, planned to settle the limit", one_attribute(settle), 0.0, settle, seeds))
    rows.append(row("unbiased, whole battery", battery(BATTERY), 0.0, BATTERY, seeds))
    kept = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python benchmarks/audit_planted.py {seeds}",
        "machine": machine(),
        "runs": seeds,
        "noise": NOISE,
        "limit": limit,
        "shares": "value, low and high of Wilson's 95 % interval over the runs",
        "rows": rows,
    }
    file = Path(__file__).resolve().parent / "results" / "audit-planted.json"
    file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
