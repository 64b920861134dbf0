"""``srm mix --students RUN,RUN --out DIR``: several students as the experts of one model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import workspace_option

if TYPE_CHECKING:
    from ..moe.mixing import MixReport


@click.command("mix")
@click.option("--students", required=True, metavar="RUN,RUN,...", help="Finished runs of one base, two or more.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="New folder of the mixture.")
@click.option("--top-k", default=2, show_default=True, help="Experts that a token is sent to.")
@click.option(
    "--steps", default=100, show_default=True, type=click.IntRange(0), help="Steps in which the routers learn."
)
@click.option("--per-kind", default=10, show_default=True, type=click.IntRange(1), help="Held-out problems of a kind.")
@click.option(
    "--averaged-rate",
    default=1e-4,
    show_default=True,
    type=click.FloatRange(0),
    help="Learning rate of the weights that were averaged; 0 leaves them.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of the routers, their batches, and random routing.")
@workspace_option
def command(
    students: str,
    out: Path,
    top_k: int,
    steps: int,
    per_kind: int,
    averaged_rate: float,
    seed: int,
    workspace: Path | None,
) -> None:
    """Make one model of several students.

    Their feed-forward layers become its experts, the rest is averaged; routers and averaged weights learn on the rows
    of all. Every student, uniform merging and random routing answer the same held-out problems; see OUT/mix.json.
    """
    from ..moe.mixing import REPORT, mix
    from ..moe.publishing import require_new
    from ..moe.router import RouterSettings
    from ..moe.students import student_of
    from ..workspace import open_workspace
    from .progress import terminal_progress

    require_new(out)
    place = open_workspace(workspace)
    found = [student_of(name.strip(), place, per_kind) for name in students.split(",") if name.strip()]
    routers = RouterSettings(steps=steps, averaged_learning_rate=averaged_rate, seed=seed)
    with terminal_progress() as progress:
        report = mix(found, out, top_k=top_k, routers=routers, tell=progress)
    _show(report)
    click.echo(f"{out}: {report.parameters:,} parameters, {report.active:,} active a token; report in {out / REPORT}")


def _show(report: MixReport) -> None:
    from ..reports.summary import percent
    from .tables import print_table

    arms = list(report.accuracy)
    rows = [
        *([each.student, *(percent(each.accuracy[arm]) for arm in arms)] for each in report.domains),
        ["mean", *(percent(report.accuracy[arm]) for arm in arms)],
    ]
    print_table(["held-out problems of", *arms], rows, title="correct: value [95 % interval] n")
    gains = [[f"mix − {arm}", percent(figure, sign=True)] for arm, figure in report.gains.items()]
    print_table(["compared", "difference"], gains, title="paired difference over all domains, in points")
    routed = [
        [
            each.student,
            *(f"{100 * share:.0f} %" for share in each.routing.shares),
            f"{sum(layer.variation for layer in each.routing.layers) / len(each.routing.layers):.2f}",
            f"{100 * max(layer.dropped for layer in each.routing.layers):.0f} %",
        ]
        for each in report.domains
    ]
    head = ["tokens of", *(f"to {name}" for name in report.students), "load variation", "dropped"]
    print_table(head, routed, title="routing (dropless: every choice is computed)")
