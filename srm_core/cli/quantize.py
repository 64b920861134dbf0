"""``srm quantize RUN``: what a lower precision of the weights costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import weights_option, workspace_option

if TYPE_CHECKING:
    from ..records import Weights
    from ..reports.precision import Figure, QuantizationReport


@click.command("quantize")
@click.argument("run")
@weights_option(default="int8")
@click.option(
    "--per-kind", default=10, show_default=True, type=click.IntRange(1), help="Held-out problems of each kind."
)
@workspace_option
def command(run: str, weights: Weights, per_kind: int, workspace: Path | None) -> None:
    """Measure what rounding a student's weights changes.

    The student answers the same held-out problems in float32 and rounded: logits, log-probabilities, answers, accuracy.
    `srm ask` and `srm serve` take the same --weights; `srm audit RUN --set audit.weights=int8` audits the rounded one.
    """
    from ..quantizing import quantize, report_file
    from ..workspace import open_workspace
    from .progress import terminal_progress

    place = open_workspace(workspace)
    with terminal_progress() as progress:
        report = quantize(place.run(run), place, weights, per_kind=per_kind, tell=progress)
    _show(report)
    click.echo(f"Kept in {report_file(place.run(run), report.weights)}")


def _show(report: QuantizationReport) -> None:
    from .tables import print_table

    small, large = (f"{size / 2**20:,.0f} MiB" for size in reversed(report.bytes_of_matrices))
    rows = [
        ("matrices", large, small),
        ("tokens a second", *(f"{rate:,.0f}" for rate in report.tokens_per_second)),
        ("correct, mean over kinds", _said(report.before), _said(report.after)),
        *((f"  {kind}", _said(one), _said(two)) for kind, (one, two) in report.kinds.items()),
    ]
    print_table(["", "float32", report.weights], rows, title=f"{report.run}: what {report.weights} weights cost")
    click.echo(f"paired difference: {_said(report.difference)}")
    click.echo(f"the same answer to the last character: {_said(report.same_answer)}")
    click.echo(
        f"logits off by {report.logit_rms:.3f} (root mean square) and {report.logit_max:.3f} (most) of their spread, "
        f"by rounding the activations alone {report.logit_rms_activations:.3f}; "
        f"log-probabilities by {report.logprob_mean:.4f} and {report.logprob_max:.3f} nats a token"
    )


def _said(figure: Figure) -> str:
    return f"{100 * figure.value:+.1f} %".replace("+", "") + (
        f" [{100 * figure.low:.1f}, {100 * figure.high:.1f}] n {figure.n}"
    )
