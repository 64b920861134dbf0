"""The page of a proof: one HTML file with a table, the frontier as a picture, and what it does not show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from srm_core.records import AuditFinding
from srm_core.reports.frontier import Place, frontier_plot
from srm_core.reports.summary import percent
from srm_core.store import write_atomically

from ..measures import DROP, FLIP
from .comparing import EITHER, Mitigated, Point
from .proving import Proof

AXES = {
    FLIP: "answers that change with the group, beyond the placebo's, %",
    EITHER: "right for one group only, prompt noise included, %",
    DROP: "accuracy lost under a wrong suggestion, points",
}


@dataclass(frozen=True)
class Row:
    """One finding in words: before, after, the paired difference, and how it was judged before and after."""

    finding: str
    before: str
    after: str
    change: str
    outcomes: tuple[str, str]

    @property
    def cells(self) -> list[str]:
        """Return the row for a table of text."""
        return [self.finding, self.before, self.after, self.change, " → ".join(self.outcomes)]


def write_page(proof: Proof, out: Path) -> Path:
    """Write the page to ``out`` and return it; everything in it is escaped, and it loads nothing."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent}
    page = environment.get_template("page.html").render(
        proof=proof,
        rows={each.mitigation: finding_rows(each) for each in proof.mitigated},
        pictures=[Markup(svg) for svg in pictures(proof.points)],  # noqa: S704 - matplotlib escapes the text in it
    )
    write_atomically(out, page)
    return out


def pictures(points: tuple[Point, ...]) -> list[str]:
    """Return one frontier for each measure: every student's task accuracy against its bias, with intervals."""
    measures = dict.fromkeys(point.measure for point in points)
    return [
        frontier_plot(
            [Place(p.arm, p.accuracy, p.bias) for p in points if p.measure == measure],
            xlabel="task accuracy on held-out problems, mean over kinds, %",
            ylabel=AXES[measure],
            salt=measure,
        )
        for measure in measures
    ]


def finding_rows(mitigated: Mitigated) -> list[Row]:
    """Return the judged findings of one mitigation, one row each."""
    return [
        Row(
            f"{each.before.measure} · {each.before.attribute} ({' / '.join(each.before.groups)})",
            shown(each.before),
            shown(each.after),
            shown(each.change),
            (each.before.outcome, each.after.outcome),
        )
        for each in mitigated.changes
    ]


def shown(finding: AuditFinding) -> str:
    """Return a finding's effect in points with its 95 % interval and n."""
    return f"{100 * finding.effect:+.1f} [{100 * finding.low:+.1f}, {100 * finding.high:+.1f}] n {finding.n}"
