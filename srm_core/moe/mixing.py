"""One model of several students: mixed, its routers trained, compared with the students and two controls, published."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from ..inference.local import TransformersModel
from ..inference.padded import PaddedEngine
from ..models.load import load_tokenizer, load_weights
from ..records import TrainingRow, Value
from ..reports.intervals import Interval, mean_over_groups, paired_interval, rate
from ..reports.summary import Figure
from ..store import hashes, write_atomically, write_rows
from ..training.experts.rows import loss_on
from .domains import DomainRouting, random_routing, routing_by_domain, verdicts
from .mix import differing, merged_uniformly, mixed, mixture_config
from .publishing import published, require_new, write_checkpoint
from .router import RouterSettings, train_routers
from .students import Student, check_students, held_out_rows
from .upcycle import config_in, parameter_counts

REPORT, LOG = "mix.json", "routers.jsonl"
MIX, MERGE, RANDOM = "mix", "uniform merge", "random routing"
Tell = Callable[[str, int, int], None]


class DomainReport(Value):
    """One student's held-out problems, answered by every arm: the students by name, the mixture, the controls."""

    student: str
    pack: str
    accuracy: dict[str, Figure]
    gains: dict[str, Figure]  # mixture - arm, paired by problem
    loss: dict[str, float]  # nats a token of the worked solutions
    routing: DomainRouting


class MixReport(Value):
    """What was mixed, and what it is worth."""

    students: tuple[str, ...]  # expert e is student e
    base: str
    top_k: int
    routers: RouterSettings
    domains: tuple[DomainReport, ...]
    accuracy: dict[str, Figure]  # unweighted mean over domains
    gains: dict[str, Figure]  # mixture - arm: mean over domains, items resampled inside their domain
    parameters: int
    active: int
    files: dict[str, str]  # sha256 by name


def mix(students: Sequence[Student], out: Path, *, top_k: int, routers: RouterSettings, tell: Tell) -> MixReport:
    """Write the mixture of ``students`` with its report into the new folder ``out``, and return the report.

    Raises:
        ConfigError: ``out`` exists, the students are of different bases, or ``top_k`` is not 2 to their number.
        ModelError: the base's architecture has no MoE class.
        TrainingError: the routers' loss is not finite.
    """
    require_new(out)
    check_students(students)
    folder = students[0].folder
    config = config_in(folder)
    mixture_config(config, len(students), top_k)  # refused before any weight is read
    tokenizer = load_tokenizer(folder)
    rows = {student.name: held_out_rows(student, tokenizer) for student in students}
    with published(out) as part:
        states = [student.weights().to("cpu").state_dict() for student in students]
        start = part / "start.tmp"  # its files stay mapped into memory until the model is gone
        write_checkpoint(mixed(config, states, top_k=top_k, seed=routers.seed), folder, start)
        arms: dict[str, _Arm] = {}
        arms[MERGE] = _judged(MERGE, merged_uniformly(load_weights(folder), states), students, rows, tell)
        averaged = differing(states)  # of these, the experts have other names in the mixture
        del states
        model = load_weights(start)
        log = train_routers(
            model,
            {student.name: student.rows for student in students},
            routers,
            lambda step, steps, shown: tell(f"mix: routers, {shown}" if step == steps else "mix: routers", step, steps),
            averaged,
        )
        write_checkpoint(model, folder, part)
        arms[MIX] = _judged(MIX, model, students, rows, tell)
        arms[RANDOM] = _judged(RANDOM, model, students, rows, tell, drawn=routers.seed)
        seen = routing_by_domain(model, rows)
        total, active = parameter_counts(model)
        del model
        shutil.rmtree(start)
        for student in students:
            gc.collect()
            arms[student.name] = _judged(student.name, student.weights(), students, rows, tell)
        write_rows(part / LOG, [step.model_dump() for step in log])
        right = {name: arm.right for name, arm in arms.items()}
        report = MixReport(
            students=tuple(student.name for student in students),
            base=students[0].base,
            top_k=top_k,
            routers=routers,
            domains=tuple(_domain(student, arms, routing) for student, routing in zip(students, seen, strict=True)),
            accuracy={name: _figure(mean_over_groups(values)) for name, values in right.items()},
            gains={name: _figure(_gain(right[MIX], values)) for name, values in right.items() if name != MIX},
            parameters=total,
            active=active,
            files=hashes(part),
        )
        write_atomically(part / REPORT, report.model_dump_json(indent=1) + "\n")
    return report


class _Arm(Value):
    right: dict[str, tuple[float, ...]]  # by student whose problems they are
    loss: dict[str, float]


def _judged(
    name: str,
    model: Any,
    students: Sequence[Student],
    rows: Mapping[str, Sequence[TrainingRow]],
    tell: Tell,
    drawn: int | None = None,
) -> _Arm:
    """Return what one arm does on the held-out problems of every student; ``drawn`` seeds random routing."""
    asked = TransformersModel(name, model, load_tokenizer(students[0].folder))
    if drawn is not None:
        asked.engine = PaddedEngine(model, asked.tokenizer)  # only transformers' own routers can be replaced
    right: dict[str, tuple[float, ...]] = {}
    with nullcontext() if drawn is None else random_routing(model, drawn):
        for done, each in enumerate(students):
            tell(f"mix: asking {name}", done, len(students))
            right[each.name] = tuple(verdicts(asked, each.problems, each.system, each.verify, each.max_tokens))
        tell(f"mix: asking {name}", len(students), len(students))
        return _Arm(right=right, loss={each.name: loss_on(model, rows[each.name]) for each in students})


def _domain(student: Student, arms: Mapping[str, _Arm], routing: DomainRouting) -> DomainReport:
    right = {name: arm.right[student.name] for name, arm in arms.items()}
    return DomainReport(
        student=student.name,
        pack=student.pack,
        accuracy={name: _figure(rate(int(sum(values)), len(values))) for name, values in right.items()},
        gains={
            name: _figure(paired_interval([a - b for a, b in zip(right[MIX], values, strict=True)]))
            for name, values in right.items()
            if name != MIX
        },
        loss={name: arm.loss[student.name] for name, arm in arms.items()},
        routing=routing,
    )


def _gain(mixture: Mapping[str, Sequence[float]], other: Mapping[str, Sequence[float]]) -> Interval:
    groups = {name: [a - b for a, b in zip(mixture[name], other[name], strict=True)] for name in mixture}
    found = mean_over_groups(groups)
    if found.low == found.high:  # every item agrees: a bootstrap has no width, which would claim certainty
        return paired_interval([value for values in groups.values() for value in values])
    return found


def _figure(interval: Interval) -> Figure:
    return Figure(value=interval.value, low=interval.low, high=interval.high, n=interval.n)
