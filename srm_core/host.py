"""The plugins of one build behind one typed method per hook. Nobody else calls a hook.

Plugins are registered in the order core, plugins by name, the pack. A noun yields from all of them in that order;
a verb asks them in the opposite order, so the pack is asked first. Every answer is checked against its type, and
every failure names the plugin it came from.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import click

from .calls import Implementation, answer_of, items_of, new_terms, sentence, typed
from .codehash import code_digest
from .config import AuditPolicy, GroundConfig, IngestConfig, PackConfig, TrainConfig, hint, parse
from .discovery import HOOKS, InstalledPack, PluginInfo, installed_packs
from .errors import ConfigError, HookAnswerError, ModelError, PackNotFound, PluginError, SrmError
from .protocols import Knowledge, Model, Respondent, Verify
from .records import (
    Attempt,
    AuditFinding,
    AuditItem,
    BuildManifest,
    Document,
    EvalItem,
    Evidence,
    Objection,
    Pack,
    PlannedAudit,
    Probe,
    Problem,
    Remark,
    Reward,
    Sampling,
    Section,
    Triple,
    Verdict,
)
from .registry import Registry, add_commands
from .traces import parse_trace

__all__ = ["HOOKS", "Host", "InstalledPack", "PluginInfo", "code_digest", "installed_packs"]

T = TypeVar("T")


@runtime_checkable
class _Model(Model, Protocol):
    """A model, as far as ``isinstance`` can see."""


@runtime_checkable
class _Knowledge(Knowledge, Protocol):
    """A knowledge base, as far as ``isinstance`` can see."""


class Host:
    """One build's plugins: the core, every installed plugin that is not blocked, and at most one pack.

    ``block`` and the environment's ``SRM_BLOCK=name,name`` keep plugins out. A plugin that cannot be loaded is left
    out too, and `broken` holds the reason: listing goes on with a warning, `require_whole` stops what must not.

    Raises:
        PackNotFound: ``pack`` is not installed; the nearest name is suggested.
        PluginError: the pack cannot be loaded, or is not the one it says it is.
    """

    def __init__(self, pack: str | None = None, block: Collection[str] = ()) -> None:
        blocked = {*block, *os.environ.get("SRM_BLOCK", "").replace(" ", "").split(",")}
        self._registry = Registry(blocked)
        self._pack = None if pack is None else self._registry.load_pack(pack)

    @property
    def broken(self) -> dict[str, str]:
        """Why plugins are left out, by name: one sentence each, with what to do."""
        return dict(self._registry.broken)

    # ---- who is here

    def register(self, plugin: object, name: str) -> None:
        """Add ``plugin`` (a module or object with hooks) by hand, after those found.

        Raises:
            PluginError: the name is taken, or a hook is not well formed.
        """
        if name in self._registry.infos:
            raise PluginError(f"a plugin called {name!r} is already registered")
        module = plugin.__name__ if inspect.ismodule(plugin) else type(plugin).__module__
        self._registry.add(plugin, PluginInfo(name, module))

    def plugins(self) -> list[PluginInfo]:
        """Return every plugin in order of registration, with those that are blocked or broken and why."""
        return list(self._registry.infos.values())

    def implementations(self) -> Iterator[tuple[str, str, Callable[..., Any]]]:
        """Yield (hook, plugin name, function) for every implementation."""
        for hook in HOOKS:
            yield from ((hook, each.plugin, each.function) for each in self._registry.table[hook])

    def require_whole(self) -> None:
        """Raise a `PluginError` if a plugin is broken: a missing auditor or reward would change the result."""
        if self.broken:
            raise PluginError("; ".join(self.broken.values()))

    def pack(self) -> Pack:
        """Return who the loaded pack is."""
        if self._pack is None:
            raise PackNotFound(f"no pack is chosen. Installed: {', '.join(installed_packs()) or 'none'}.")
        return self._pack

    def settings(self, config: PackConfig) -> PackConfig:
        """Return ``config`` with the pack's own settings checked and completed by their defaults.

        Raises:
            ConfigError: the pack has no such setting, or the value is wrong.
        """
        model = self._pack.settings if self._pack else None
        where = f"the own settings of pack {self._pack.name!r}" if self._pack else "settings of no pack"
        known = sorted(model.model_fields) if model else []
        for name in config.own:
            if name not in known:
                raise ConfigError(f"{where}: there is no setting {name!r}.{hint(name, known)}")
        if model is None:
            return config
        return config.model_copy(update={"own": parse(model, config.own, where=where).model_dump()})

    def plugins_digest(self, hooks: Collection[str]) -> str:
        """Return 16 hex digits over the versions and files of every plugin that implements one of ``hooks``.

        Of the core only its hook functions count; a stage names the core modules it uses in `code_digest`.
        """
        return self._registry.code_of(hooks)

    # ---- nouns: every plugin's items, in order of registration

    def documents(self, config: PackConfig) -> Iterator[Document]:
        """Yield the texts of the corpus."""
        return self._collect("srm_documents", Document, config=self.settings(config))

    def clean(
        self, documents: Iterable[Document], evaluation: Mapping[str, str], config: IngestConfig
    ) -> Iterator[Document | Remark]:
        """Yield what every plugin keeps of ``documents``, each given what the one before kept, and all remarks.

        Raises:
            HookAnswerError: a plugin lost a document, or gave one more than it was given.
        """
        stream: Iterator[Document | Remark] = iter(documents)
        for each in self._registry.table["srm_clean"]:
            stream = _cleaned(each, stream, {"evaluation": evaluation, "config": config})
        return stream

    def triples(self, config: PackConfig) -> Iterator[Triple]:
        """Yield the facts of the graph."""
        return self._collect("srm_triples", Triple, config=self.settings(config))

    def evidence(self, problem: Problem, knowledge: Knowledge) -> Iterator[Evidence]:
        """Yield what supports an answer to ``problem``, the pack's own first."""
        for each in reversed(self._registry.table["srm_evidence"]):
            yield from items_of(each, {"problem": problem, "knowledge": knowledge}, (Evidence,))

    def problems(self, knowledge: Knowledge, config: PackConfig) -> Iterator[Problem]:
        """Yield problems with executable keys."""
        return self._collect("srm_problems", Problem, knowledge=knowledge, config=self.settings(config))

    def evals(self, config: PackConfig) -> Iterator[EvalItem]:
        """Yield the items of further suites."""
        return self._collect("srm_evals", EvalItem, config=self.settings(config))

    def probes(self, problems: Sequence[Problem], config: PackConfig) -> Iterator[Probe]:
        """Yield audit probes made from held-out ``problems``."""
        return self._collect("srm_probes", Probe, problems=problems, config=self.settings(config), pack=self._pack)

    def findings(
        self, probes: Sequence[Probe], models: Mapping[str, Respondent], verify: Verify, policy: AuditPolicy
    ) -> Iterator[AuditItem | AuditFinding]:
        """Yield each auditor's items, then its findings."""
        offered = {"probes": probes, "models": models, "verify": verify, "policy": policy}
        return self._collect("srm_findings", (AuditItem, AuditFinding), **offered)

    def audit_plan(
        self, probes: Sequence[Probe], verify: Verify, policy: AuditPolicy, pilot: Sequence[AuditItem] = ()
    ) -> Iterator[PlannedAudit]:
        """Yield what each auditor would ask and could find; nothing is asked."""
        offered = {"probes": probes, "verify": verify, "policy": policy, "pilot": pilot}
        return self._collect("srm_audit_plan", PlannedAudit, **offered)

    def objections(self, manifest: BuildManifest) -> Iterator[Objection]:
        """Yield reasons not to release."""
        return self._collect("srm_objections", Objection, manifest=manifest)

    def sections(self, manifest: BuildManifest) -> Iterator[Section]:
        """Yield sections of the model card."""
        return self._collect("srm_sections", Section, manifest=manifest)

    def commands(self, cli: click.Group) -> None:
        """Let plugins add commands; one that fails or takes a name that exists adds none and counts as broken."""
        for each in self._registry.table["srm_commands"]:
            try:
                add_commands(each, cli)
            except SrmError as error:
                self._registry.mark_broken(self._registry.infos[each.plugin], sentence(each, error))

    # ---- verdicts and rewards: a failure is an answer here, never a crash and never paid

    def verify(self, problem: Problem, text: str, evidence: Sequence[Evidence] = ()) -> Verdict:
        """Return whether the completion ``text`` answers ``problem``.

        A text without a single answer is wrong. ``correct=None`` means no verifier could say: it raised, answered
        with something else than a verdict, or none takes problems of this kind.
        """
        trace = parse_trace(text)
        if trace.answer is None:
            return Verdict(correct=False, reason="no single 'Answer:' line")
        offered = {"problem": problem, "trace": trace, "evidence": evidence}
        for each in reversed(self._registry.table["srm_verify"]):
            try:
                verdict = answer_of(each, offered, Verdict)
            except SrmError as error:
                return Verdict(correct=None, reason=sentence(each, error))
            if verdict is not None:
                return verdict
        return Verdict(correct=None, reason=f"no plugin verifies problems of kind {problem.kind!r}")

    def second_opinion(self, problem: Problem, text: str, evidence: Sequence[Evidence] = ()) -> list[Verdict]:
        """Return the verdicts of independent graders; one that fails gives ``correct=None``. No answer, no opinion."""
        trace = parse_trace(text)
        offered = {"problem": problem, "trace": trace, "evidence": evidence}
        verdicts: list[Verdict] = []
        for each in self._registry.table["srm_second_opinion"] if trace.answer is not None else ():
            try:
                verdicts += list(items_of(each, offered, (Verdict,)))
            except SrmError as error:
                verdicts.append(Verdict(correct=None, reason=sentence(each, error)))
        return verdicts

    def rewards(
        self, problem: Problem, text: str, evidence: Sequence[Evidence], verdict: Verdict
    ) -> tuple[list[Reward], list[str]]:
        """Return the terms of the reward, and a sentence for each plugin that failed (none of its terms is paid).

        Where the verifier itself failed (``verdict.correct is None``) the sample is unscored: no plugin is asked.
        """
        offered = {"problem": problem, "trace": parse_trace(text), "evidence": evidence, "verdict": verdict}
        terms: dict[str, Reward] = {}
        failed: list[str] = []
        for each in self._registry.table["srm_rewards"] if verdict.correct is not None else ():
            try:
                terms |= new_terms(each, list(items_of(each, offered, (Reward,))), terms)
            except SrmError as error:
                failed.append(sentence(each, error))
        return list(terms.values()), failed

    # ---- verbs: the first answer, the pack asked first

    def open_knowledge(self, folder: Path, config: GroundConfig | None = None) -> Knowledge:
        """Open (or make) the knowledge base in ``folder``; ``config`` are the settings of the stage that fills it."""
        opened = self._first("srm_open_knowledge", _Knowledge, folder=folder, config=config)  # type: ignore[type-abstract]
        if opened is None:
            raise PluginError("no plugin opens a knowledge base; is the plugin 'knowledge' blocked? See: srm plugins")
        return opened

    def load_model(self, ref: str) -> Model:
        """Open the model behind ``ref`` (``scheme:rest``).

        Raises:
            ModelError: no plugin knows the scheme; the nearest one is suggested.
        """
        model = self._first("srm_load_model", _Model, ref=ref)  # type: ignore[type-abstract]
        if model is None:
            scheme, colon, _ = ref.partition(":")
            wrong = f"the scheme {scheme!r} of model {ref!r} is unknown" if colon else f"model {ref!r} has no scheme"
            raise ModelError(f"{wrong}.{hint(scheme, self._registry.served('SCHEMES'))}")
        return model

    def distill(
        self,
        problems: Sequence[Problem],
        evidence: Mapping[str, Sequence[Evidence]],
        teacher: Model,
        sampling: Sampling,
        *,
        system: str,
        shots: Sequence[Problem] = (),
    ) -> Iterator[Attempt]:
        """Yield the teacher's attempts, by the way of the first plugin that has one."""
        offered: dict[str, Any] = {"problems": problems, "evidence": evidence, "teacher": teacher, "sampling": sampling}
        offered |= {"system": system, "shots": shots}
        for each in reversed(self._registry.table["srm_distill"]):
            answer = each.ask(offered)
            if answer is not None:
                yield from typed(each, answer, (Attempt,))
                return
        raise PluginError("no plugin distills these problems; see: srm plugins")

    def train(self, method: str, base: Path, data: Path, config: TrainConfig, out: Path) -> dict[str, float]:
        """Train ``base`` by ``method`` into ``out``; return its metrics.

        Raises:
            ConfigError: no plugin trains by this method; the nearest one is suggested.
        """
        offered = {"method": method, "base": base, "data": data, "config": config, "out": out}
        metrics: Mapping[str, float] | None = self._first("srm_train", Mapping, **offered)  # type: ignore[type-abstract]
        if metrics is None:
            raise ConfigError(
                f"no plugin trains by the method {method!r}.{hint(method, self._registry.served('METHODS'))}"
            )
        return dict(metrics)

    def mitigate(self, mitigation: str, problems: Sequence[Problem], seed: int) -> Iterator[Problem]:
        """Yield the training problems that the first plugin with this mitigation makes of ``problems``.

        Raises:
            ConfigError: no plugin has it; the nearest one is suggested.
        """
        offered = {"mitigation": mitigation, "problems": problems, "pack": self._pack, "seed": seed}
        for each in reversed(self._registry.table["srm_mitigate"]):
            answer = each.ask(offered)
            if answer is not None:
                yield from typed(each, answer, (Problem,))
                return
        known = self._registry.served("MITIGATIONS")
        raise ConfigError(f"train.mitigations: no plugin has the mitigation {mitigation!r}.{hint(mitigation, known)}")

    def export(self, student: Path, target: str, out: Path) -> Path:
        """Write ``student`` as ``target``; return the file or folder written.

        Raises:
            ConfigError: no plugin writes this target; the nearest one is suggested.
        """
        written = self._first("srm_export", Path, student=student, target=target, out=out)
        if written is None:
            raise ConfigError(f"no plugin exports to {target!r}.{hint(target, self._registry.served('TARGETS'))}")
        if not written.exists():
            raise HookAnswerError(f"srm_export to {target!r} says it wrote {written}, which does not exist")
        return written

    def _collect(self, hook: str, kinds: type[T] | tuple[type[T], ...], **offered: Any) -> Iterator[T]:
        expected = kinds if isinstance(kinds, tuple) else (kinds,)
        for each in self._registry.table[hook]:
            yield from items_of(each, offered, expected)

    def _first(self, hook: str, kind: type[T], **offered: Any) -> T | None:
        for each in reversed(self._registry.table[hook]):
            answer = answer_of(each, offered, kind)
            if answer is not None:
                return answer
        return None


def _cleaned(
    each: Implementation, stream: Iterator[Document | Remark], offered: Mapping[str, Any]
) -> Iterator[Document | Remark]:
    """Yield one plugin's answers and the remarks of those before it; every document must be accounted for."""
    earlier: list[Remark] = []
    given = answered = 0

    def documents() -> Iterator[Document]:
        nonlocal given
        for item in stream:
            if isinstance(item, Remark):
                earlier.append(item)
            else:
                given += 1
                yield item

    offered = {**offered, "documents": documents()}
    answers: Iterator[Document | Remark] = typed(each, each.ask(offered), (Document, Remark))
    for item in answers:
        yield from earlier
        earlier.clear()
        answered += not isinstance(item, Remark) or item.removes
        yield item
    given += sum(1 for _ in documents())  # what it did not even read
    yield from earlier
    if given != answered:
        raise HookAnswerError(
            f"{each.what} was given {given} documents and answers for {answered}; yield each, or a remark that takes "
            "it out"
        )
