"""What every pack must keep, as plain functions: ``srm check PACK`` and pytest run the same list.

Each check takes a host with the pack loaded, returns nothing, and raises an ``AssertionError`` of one sentence.
"""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from srm_core import hookspecs
from srm_core.discovery import installed_packs
from srm_core.errors import SrmError
from srm_core.host import Host
from srm_core.protocols import Knowledge
from srm_core.records import ChoiceKey, Document, FormulaKey, GraphKey, Problem, Triple
from srm_core.verify import fold, read_number

from .sample import PER_KIND, sample_of, small_config

Check = Callable[[Host], None]
LOOKUPS = 5  # problems of a kind for checks that ask the knowledge base
HEAVY = ("torch", "transformers", "trl", "peft", "datasets", "chromadb", "rdflib", "scipy", "matplotlib")
UNLICENSED = frozenset({"unknown", "none", "n/a", "todo", "tbd", "?"})


@dataclass(frozen=True)
class CheckResult:
    """What one check found; ``message`` is empty if it passed."""

    name: str
    passed: bool
    message: str = ""


def pack_checks() -> tuple[Check, ...]:
    """Return every check, in the order in which their failures make sense."""
    return (
        check_plugins_are_whole,
        check_importing_the_hooks_is_light,
        check_annotations_agree,
        check_a_sample_can_be_made,
        check_kinds_are_declared,
        check_sources_are_licensed,
        check_problems_are_stable,
        check_splits_share_nothing,
        check_gold_answers_verify,
        check_solutions_verify,
        check_other_answers_fail,
        check_hedged_answers_fail,
        check_keys_reproduce_the_gold,
        check_second_graders_agree,
        check_cited_records_exist,
        check_evidence_ignores_the_gold,
        check_probes_cover_the_attributes,
    )


def run_checks(host: Host) -> list[CheckResult]:
    """Run every check on the host's pack and return what each found. Without a sample the rest is left out."""
    results: list[CheckResult] = []
    for check in pack_checks():
        results.append(_run(check, host))
        if check is check_a_sample_can_be_made and not results[-1].passed:
            break
    return results


def _run(check: Check, host: Host) -> CheckResult:
    try:
        check(host)
    except (AssertionError, SrmError) as error:
        return CheckResult(check.__name__, passed=False, message=str(error))
    except Exception as error:  # e.g. a knowledge base that raises: the pack's failure, not the kit's
        return CheckResult(check.__name__, passed=False, message=f"{type(error).__name__}: {error}")
    return CheckResult(check.__name__, passed=True)


def _fail(message: str) -> typing.NoReturn:
    raise AssertionError(message)


def check_plugins_are_whole(host: Host) -> None:
    """No installed plugin is broken. If this fails, a build would stop for the same reason."""
    host.require_whole()


def check_importing_the_hooks_is_light(host: Host) -> None:
    """Importing the hooks module loads nothing heavy. If this fails, import it inside the function that needs it."""
    module = installed_packs()[host.pack().name].value.partition(":")[0]
    code = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        _fail(f"importing {module} in a fresh process fails: {done.stderr.strip().splitlines()[-1]}")
    if done.stdout.strip():
        _fail(f"importing {module} loads {done.stdout.strip()}; import it inside the function that needs it")


def check_annotations_agree(host: Host) -> None:
    """Annotated arguments have the types of the specification. If this fails, the hook expects something else."""
    for hook, plugin, function in host.implementations():
        spec = getattr(hookspecs, hook)
        for name, written in inspect.get_annotations(function).items():
            if name != "return" and not _same_type(function, name, written, spec):
                asked = inspect.get_annotations(spec)[name]
                _fail(f"{hook} of plugin {plugin!r} takes {name} as {written}; the specification says {asked}")


def _same_type(function: Callable[..., object], name: str, written: object, spec: Callable[..., object]) -> bool:
    """Say whether both are written alike (names under ``TYPE_CHECKING`` cannot be looked up) or are the same type."""
    if written == inspect.get_annotations(spec)[name]:
        return True
    try:
        return bool(typing.get_type_hints(function)[name] == typing.get_type_hints(spec)[name])
    except NameError:
        return False


def check_a_sample_can_be_made(host: Host) -> None:
    """The pack yields documents or triples, and problems from them. If this fails, nothing can be built."""
    sample = sample_of(host)
    if not sample.documents and not sample.triples:
        _fail(f"pack {host.pack().name!r} yields neither documents nor triples")
    if not sample.problems:
        _fail(f"pack {host.pack().name!r} yields no problems with per_kind={PER_KIND}")


def check_kinds_are_declared(host: Host) -> None:
    """The pack's kinds have distinct names and every problem is of one of them, and one of them is core."""
    pack = host.pack()
    names = [kind.name for kind in pack.kinds]
    if len(set(names)) != len(names):
        _fail(f"pack {pack.name!r} declares a kind twice: {', '.join(sorted(names))}")
    if not any(kind.core for kind in pack.kinds):
        _fail(f"pack {pack.name!r} has no core kind, so effort draft would have nothing to train on")
    problems = sample_of(host).problems
    for problem in problems:
        if problem.kind not in names:
            _fail(f"{problem.id} is of kind {problem.kind!r}, which the pack does not declare")
    for name in names:
        count = sum(problem.kind == name for problem in problems)
        if count > PER_KIND:
            _fail(f"kind {name!r} has {count} problems where config.per_kind is {PER_KIND}")


def check_sources_are_licensed(host: Host) -> None:
    """Every document and triple states a licence. If this fails, a release would be refused."""
    sample = sample_of(host)
    records: tuple[Document | Triple, ...] = (*sample.documents, *sample.triples)
    for record in records:
        if record.source.licence.strip().casefold() in UNLICENSED:
            _fail(f"{record.id} of source {record.source.name!r} has the licence {record.source.licence!r}")


def check_problems_are_stable(host: Host) -> None:
    """A second pass yields the same problems in the same order, each once. If this fails, no build can be repeated."""
    sample = sample_of(host)
    first, second = sample.problems, tuple(host.problems(sample.knowledge, small_config()))
    for one, other in zip(first, second, strict=False):
        if one != other:
            _fail(f"a second pass yields {other.id} where the first yielded {one.id}; order by config.seed alone")
    if len(first) != len(second):
        _fail(f"a second pass yields {len(second)} problems, the first {len(first)}")
    seen: set[str] = set()
    for problem in first:
        if problem.id in seen:
            _fail(f"{problem.id} ({problem.kind}) is yielded twice")
        seen.add(problem.id)


def check_splits_share_nothing(host: Host) -> None:
    """No question and no anchor is in two splits. If this fails, the test set is seen in training."""
    homes: dict[tuple[str, ...], str] = {}
    for problem in sample_of(host).problems:
        asked = ("the question", problem.question, *problem.choices)
        for thing in (asked, ("the anchor", problem.kind, problem.anchor)):
            if homes.setdefault(thing, problem.split) != problem.split:
                _fail(f"{thing[0]} {thing[1]!r} is in the splits {homes[thing]} and {problem.split}")


def check_gold_answers_verify(host: Host) -> None:
    """The verifier accepts the gold and each of ``accept``. If this fails, right answers are taken for wrong."""
    for problem in sample_of(host).problems:
        for form in (problem.answer, *problem.accept):
            verdict = host.verify(problem, f"Answer: {form}", problem.evidence)
            if verdict.correct is not True:
                _fail(f"{problem.id} ({problem.kind}): the gold {form!r} is not accepted: {verdict.reason}")


def check_solutions_verify(host: Host) -> None:
    """A worked solution ends in an answer that verifies. If this fails, the solver teaches something wrong."""
    for problem in sample_of(host).problems:
        if problem.solution:
            verdict = host.verify(problem, problem.solution, problem.evidence)
            if verdict.correct is not True:
                _fail(f"{problem.id} ({problem.kind}): its solution does not verify: {verdict.reason}")


def check_other_answers_fail(host: Host) -> None:
    """No answer, and the gold of another problem, are wrong. If this fails, a reward can be had for nothing."""
    sample = sample_of(host)
    for problem in sample.problems:
        for text in ("", "Answer:", "Answer: ?", "Answer: I do not know"):
            _must_be_wrong(host, problem, text)
    for problem in sample.of_each_kind(LOOKUPS):
        right = _right_forms(sample.knowledge, problem)
        others = (each for each in sample.problems if each.kind == problem.kind and _differs(each, problem, right))
        other = next(others, None)
        if other is not None:
            _must_be_wrong(host, problem, f"Answer: {other.answer}")


def check_hedged_answers_fail(host: Host) -> None:
    """The gold beside another answer is wrong. If this fails, a model learns to list them all."""
    sample = sample_of(host)
    for problem in sample.of_each_kind(LOOKUPS):
        right = _right_forms(sample.knowledge, problem)
        for other in sample.problems:
            if other.kind == problem.kind and _differs(other, problem, right):
                _must_be_wrong(host, problem, f"Answer: {problem.answer} or {other.answer}")
                _must_be_wrong(host, problem, f"Answer: {other.answer}, {problem.answer}")
                _must_be_wrong(host, problem, f"Answer: {problem.answer}\nAnswer: {other.answer}")
                break


def _must_be_wrong(host: Host, problem: Problem, text: str) -> None:
    verdict = host.verify(problem, text, problem.evidence)
    if verdict.correct is None:
        _fail(f"{problem.id} ({problem.kind}): the verifier fails on {text!r}: {verdict.reason}")
    if verdict.correct:
        _fail(f"{problem.id} ({problem.kind}): {text!r} is accepted where the gold is {problem.answer!r}")


def _differs(other: Problem, problem: Problem, right: set[str]) -> bool:
    """Say whether the gold of ``other`` is certainly no answer to ``problem``."""
    if isinstance(problem.key, FormulaKey):
        number = read_number(other.answer)
        return number is not None and not problem.key.low <= number[0] <= problem.key.high
    return fold(other.answer) not in right


def _right_forms(knowledge: Knowledge, problem: Problem) -> set[str]:
    found = {problem.answer, *problem.accept}
    if isinstance(problem.key, GraphKey):
        found |= set(_results(knowledge, problem.key))
    if isinstance(problem.key, ChoiceKey) and 0 <= problem.key.index < len(problem.choices):
        found.add(problem.choices[problem.key.index])
    return {fold(form) for form in found}


def check_keys_reproduce_the_gold(host: Host) -> None:
    """What the key computes verifies as the answer. If this fails, the gold was decided by something else."""
    sample = sample_of(host)
    for problem in sample.problems:
        match problem.key:
            case FormulaKey(low=low, high=high):
                number = read_number(problem.answer)
                if number is None or not low <= number[0] <= high:
                    _fail(f"{problem.id} ({problem.kind}): the gold {problem.answer!r} is outside [{low:g}, {high:g}]")
            case ChoiceKey(index=index) if not 0 <= index < len(problem.choices):
                _fail(f"{problem.id} ({problem.kind}): its key names option {index} of {len(problem.choices)}")
    for problem in sample.of_each_kind(LOOKUPS):
        if isinstance(problem.key, GraphKey):
            found = list(_results(sample.knowledge, problem.key))
            if not any(host.verify(problem, f"Answer: {each}", problem.evidence).correct for each in found):
                shown = ", ".join(found[:5]) or "nothing"
                _fail(f"{problem.id} ({problem.kind}): its query finds {shown}; the gold is {problem.answer!r}")


def _results(knowledge: Knowledge, key: GraphKey) -> Iterator[str]:
    """Yield what the key's query returns for its answer, a CURIE also without its prefix."""
    for row in knowledge.query(key.query, key.bindings):
        value = row.get(key.answer, "")
        yield from dict.fromkeys((value, value.partition(":")[2] or value))


def check_second_graders_agree(host: Host) -> None:
    """Where a kind names a second grader, it gives an opinion of the gold and accepts it."""
    graded = {kind.name for kind in host.pack().kinds if kind.second_grader}
    for problem in sample_of(host).of_each_kind(LOOKUPS):
        opinions = host.second_opinion(problem, f"Answer: {problem.answer}", problem.evidence)
        if problem.kind in graded and not opinions:
            _fail(
                f"kind {problem.kind!r} names a second grader, but srm_second_opinion yields nothing for {problem.id}"
            )
        for opinion in opinions:
            if opinion.correct is not True:
                _fail(f"{problem.id} ({problem.kind}): the second grader does not accept the gold: {opinion.reason}")


def check_cited_records_exist(host: Host) -> None:
    """Facts and evidence cite records that the knowledge base has. If this fails, a citation leads nowhere."""
    sample = sample_of(host)
    for problem in sample.of_each_kind(LOOKUPS):
        found = tuple(host.evidence(problem, sample.knowledge))
        cites = (cite for evidence in (*problem.evidence, *found) for cite in evidence.cites)
        for cite in (*problem.facts, *cites):
            if sample.knowledge.source_of(cite) is None:
                _fail(f"{problem.id} ({problem.kind}) cites {cite}, which the knowledge base does not have")


def check_evidence_ignores_the_gold(host: Host) -> None:
    """Evidence is the same without the gold. If this fails, retrieval gives the answer away in evaluation."""
    sample = sample_of(host)
    for problem in sample.of_each_kind(LOOKUPS):
        masked = Problem.model_validate(
            problem.model_dump(exclude={"id", "content", "accept", "solution"}) | {"answer": "?"}
        )
        if tuple(host.evidence(problem, sample.knowledge)) != tuple(host.evidence(masked, sample.knowledge)):
            _fail(f"{problem.id} ({problem.kind}): its evidence changes when its gold answer is hidden")


def check_probes_cover_the_attributes(host: Host) -> None:
    """There is a probe for each attribute the pack says it audits. If this fails, the audit has a hole."""
    problems = sample_of(host).problems
    held_out = [problem for problem in problems if problem.split == "test"] or problems
    probed = {probe.attribute for probe in host.probes(held_out, small_config())}
    missing = [attribute for attribute in host.pack().attributes if attribute not in probed]
    if missing:
        _fail(f"pack {host.pack().name!r} declares the attribute {missing[0]!r}, but no probe varies it")
