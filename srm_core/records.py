"""The facts that travel between stages: frozen, closed, and named by their content.

Every record is one JSON line on disk. ``id`` names the thing (a hash of its identity fields),
``content`` seals the line (a hash of every field); both are recomputed on reading, so an edited
line is refused. ``parents`` names the records it was made from, so a number on the model card can
be walked back to licensed sources, and a source forward to every number it touched. Times lie
outside every hash.
"""

from __future__ import annotations

import hashlib
import json
import math
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Text = Annotated[str, Field(min_length=1)]
Unit = Annotated[float, Field(ge=0.0, le=1.0)]
Weights = Literal["float32", "bfloat16", "int8", "int4"]  # of the engine; int8 by output row, int4 by 32 inputs
Split = Literal["train", "dev", "test"]
Role = Literal["system", "user", "assistant"]


def digest(value: Any) -> str:
    """Return the sha256 hex digest of ``value``'s canonical JSON (sorted keys, UTF-8, no spaces)."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def split_of(anchor: str) -> Split:
    """Return the split an anchor belongs to: 10 % test, 10 % dev, 80 % train, by its hash alone."""
    bucket = int(digest(anchor)[:8], 16) % 10
    return "test" if bucket == 0 else "dev" if bucket == 1 else "train"


class Value(BaseModel):
    """A frozen, closed value without an identity of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Record(Value):
    """A value with an identity (``id``), a seal over all fields (``content``) and ``parents``.

    Fields that hold their default are in no hash, so a later version may add fields without renaming what is stored.
    A default is never changed, for it would give old lines another meaning under the same name.
    """

    identity: ClassVar[tuple[str, ...]] = ()
    untimed: ClassVar[frozenset[str]] = frozenset()  # fields outside every hash
    id: str = ""
    content: str = ""
    parents: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _name_and_seal(self) -> Self:
        fields = self.model_dump(mode="json", exclude={"id", "content", *self.untimed}, exclude_defaults=True)
        _drop_times(fields)
        kind = type(self).__name__.lower()
        name = f"{kind}-{digest({key: fields[key] for key in self.identity if key in fields})[:16]}"
        seal = digest(fields)[:16]
        if self.id not in ("", name):
            raise ValueError(f"id {self.id!r} does not match the record, whose id is {name!r}")
        if self.content not in ("", seal):
            raise ValueError(f"the line of {name} was edited: its content hash is {seal}, not {self.content}")
        object.__setattr__(self, "id", name)
        object.__setattr__(self, "content", seal)
        return self

    def revised(self, **changes: Any) -> Self:
        """Return the record with some fields changed, checked and sealed anew; its id must not depend on them."""
        return type(self).model_validate({**self.model_dump(exclude={"content"}), **changes})


def _drop_times(fields: dict[str, Any]) -> None:
    source = fields.get("source")
    if isinstance(source, dict):
        source.pop("retrieved", None)


class Source(Value):
    """Where something came from and under which terms."""

    name: Text
    licence: Text  # SPDX id, or "proprietary"
    version: str = ""
    url: str | None = None
    retrieved: date | None = None  # no part of any identity


class Document(Record):
    """One text of the corpus. ``breaks`` are character offsets the splitter may cut at, rising."""

    identity = ("text", "source")
    text: Text
    title: str = ""
    path: str = ""  # relative to the corpus folder, or the row's place in the package's table
    source: Source
    breaks: tuple[int, ...] = ()


class Remark(Value):
    """What cleaning did to one document: took it out (``duplicate``, ``filtered``), or changed or marked it.

    ``of`` is the document (id) or evaluation text it is like, or the id it has after a change.
    """

    document: Text  # its id before this step
    path: str = ""
    action: Literal["duplicate", "filtered", "redacted", "marked"]
    reason: Text
    of: str = ""

    @property
    def removes(self) -> bool:
        """Whether the document is out."""
        return self.action in ("duplicate", "filtered")


class Chunk(Record):
    """A retrieval-sized piece: ``document.text[start:end] == text``."""

    identity = ("document", "start", "end", "text")
    document: Text  # id
    start: int
    end: int
    text: Text
    title: str = ""
    source: Source


class Triple(Record):
    """One fact. Subject and predicate are CURIEs; ``datatype`` is empty when the object is a CURIE too."""

    identity = ("subject", "predicate", "object", "datatype", "language", "source")
    subject: Text
    predicate: Text
    object: Text
    datatype: str = ""  # "xsd:string", "xsd:decimal", ... for literals
    language: str = ""
    source: Source


class Evidence(Value):
    """What supports an answer: a passage or a path of facts, and how strongly it matched."""

    text: Text
    cites: Annotated[tuple[str, ...], Field(min_length=1)]  # ids of chunks and triples
    score: Unit = 1.0


class GraphKey(Value):
    """The SPARQL that computes the gold: ``answer`` is the variable, ``bindings`` fill ``$name`` with CURIEs."""

    type: Literal["graph"] = "graph"
    query: Text
    bindings: dict[str, str] = {}
    answer: str = "answer"


class FormulaKey(Value):
    """The formula that computes the gold, and the closed band of accepted values in ``unit``."""

    type: Literal["formula"] = "formula"
    formula: Text  # name in the pack's table of formulas
    inputs: dict[str, float | str]
    unit: str = ""
    low: float
    high: float


class ChoiceKey(Value):
    """The index of the right option."""

    type: Literal["choice"] = "choice"
    index: int


class TestsKey(Value):
    """Hidden inputs and the values a correct program returns for them."""

    __test__ = False  # not a pytest class
    type: Literal["tests"] = "tests"
    entry: Text
    inputs: tuple[str, ...]  # one JSON argument list each
    values: tuple[str, ...]  # typed canonical JSON


Key = Annotated[GraphKey | FormulaKey | ChoiceKey | TestsKey, Field(discriminator="type")]


class Problem(Record):
    """A question whose gold answer is computed by its key, never decided by a model.

    ``evidence`` is what an open-book prompt shows (needed facts and near-miss distractors), ``facts``
    the ids of those the answer depends on. ``solution`` is a worked answer that ends in an ``Answer:`` line.
    """

    identity = ("kind", "question", "choices", "answer", "anchor")
    kind: Text
    question: Text
    answer: Text
    choices: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()  # further surface forms of the gold
    anchor: Text  # the entity or family the answer depends on; decides the split
    facts: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    key: Key
    solution: str = ""
    groups: dict[str, str] = {}  # the people it is about, by protected attribute
    tags: dict[str, str] = {}  # e.g. {"formula": "seen"}; reports break results down by them
    split: Split | Literal[""] = ""

    @model_validator(mode="before")
    @classmethod
    def _split_by_anchor(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("split") and data.get("anchor"):
            return {**data, "split": split_of(data["anchor"])}
        return data


class Message(Value):
    """One turn of a conversation."""

    role: Role
    content: str


class Grammar(Value):
    """What a completion must follow: a JSON schema, a regular expression (Rust's syntax) or a Lark grammar."""

    form: Literal["json_schema", "regex", "lark"]
    text: str


class Sampling(Value):
    """How to draw completions. ``temperature=0`` is greedy; ``seed`` fixes every draw."""

    n: Annotated[int, Field(ge=1)] = 1
    max_tokens: Annotated[int, Field(ge=1)] = 192
    temperature: Annotated[float, Field(ge=0.0)] = 0.0
    top_p: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    calculator: bool = True  # compute what follows "=" in <<expr=value>>; not within a grammar
    grammar: Grammar | None = None


class Completion(Value):
    """One generated text. Remote models leave ids and log-probabilities empty.

    ``logprobs`` (nats) and ``mask`` are per token of ``token_ids``; the mask is true for the tokens the model
    itself chose (the calculator's are not).
    """

    text: str
    finished: bool  # ended by itself, not by the token limit
    tokens: int  # generated tokens, the calculator's included
    prompt_ids: tuple[int, ...] = ()
    token_ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    mask: tuple[bool, ...] = ()


class Trace(Value):
    """What a completion says: its reasoning, its final answer (None: no parsable one), and [n] citations."""

    text: str
    reasoning: str
    answer: str | None
    cites: tuple[int, ...] = ()  # 1-based positions in the evidence shown


class Verdict(Value):
    """A verifier's answer. ``correct=None``: the verifier itself failed; counted apart, never paid."""

    correct: bool | None
    reason: str = ""


class Reward(Value):
    """One named term of the reward before weighting: finite, inside its declared range."""

    name: Text
    value: float
    low: float = 0.0
    high: float = 1.0

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        if not math.isfinite(self.value) or not self.low <= self.value <= self.high:
            raise ValueError(f"reward {self.name!r} is {self.value}, outside [{self.low}, {self.high}]")
        return self


class Attempt(Record):
    """One completion of one problem by one model: the row of distillation, rollouts and evaluation."""

    identity = ("problem", "model", "arm", "sampling", "index")
    problem: Text  # id
    model: Text  # ref
    arm: Text
    sampling: Sampling
    index: int = 0  # which of the n samples
    completion: Completion
    evidence: tuple[Evidence, ...] = ()  # what the prompt showed
    verdict: Verdict
    rewards: tuple[Reward, ...] = ()
    tags: dict[str, str] = {}  # how a search came to it: "search", "trace"; "label_injected" if it was told the answer


class TrainingRow(Record):
    """One sequence of supervised training; ``mask`` is true where the loss is taken."""

    identity = ("attempt", "ids", "mask")
    attempt: Text  # id
    ids: tuple[int, ...]
    mask: tuple[bool, ...]


class EvalItem(Record):
    """A problem inside a named suite of its own, never trained on."""

    identity = ("suite", "problem")
    suite: Text
    problem: Problem


class Score(Record):
    """A metric with its uncertainty (95 %), and the attempts it was computed from."""

    identity = ("suite", "kind", "arm", "decoding", "metric", "baseline")
    suite: Text
    kind: Text  # a kind of the pack, or "all"
    arm: Text
    decoding: Text  # "greedy", "vote@5", ...
    metric: Text
    value: float
    low: float
    high: float
    n: int
    abstained: int = 0  # verdicts the verifier could not give
    baseline: str = ""  # the arm it is a paired difference against, if it is one
    attempts: tuple[str, ...] = ()


Harm = Literal["allocation", "quality-of-service", "stereotyping", "denigration", "representation"]


class Variant(Value):
    """One wording of a probe: the value of the attribute and the problem as asked."""

    name: Text  # e.g. "female", "placebo", "recency:wrong"
    problem: Problem


class Probe(Record):
    """A problem asked once per variant of one attribute, all else equal. The first variant is the reference."""

    identity = ("measure", "attribute", "variants")
    measure: Text
    attribute: Text
    harm: Harm
    variants: Annotated[tuple[Variant, ...], Field(min_length=2)]


class AuditItem(Record):
    """One variant answered by one model."""

    identity = ("probe", "variant", "role")
    probe: Text  # id
    variant: Text
    role: Text  # "base", "teacher", "student"
    completion: Completion
    verdict: Verdict
    logprob: float | None = None  # of the gold answer, nats


Outcome = Literal["within", "exceeds", "inconclusive"]


class AuditFinding(Record):
    """What a measure showed for one attribute. Effects are differences in rates, in [-1, 1] unless said."""

    identity = ("measure", "attribute", "groups", "role", "reference")
    measure: Text
    attribute: Text
    groups: tuple[str, ...]
    role: Text  # the model it is about
    reference: str = ""  # the model it is compared with, if it is a comparison
    harm: Harm
    effect: float
    low: float
    high: float
    p: float | None = None
    p_adjusted: float | None = None  # Holm, over the findings of one model
    mde: float | None = None  # smallest effect that this n would find with power 0.8
    n: int
    limit: float | None = None  # None: reported, not judged
    outcome: Outcome
    items: tuple[str, ...] = ()


class PlannedFinding(Value):
    """What a finding will be able to say, before anything is asked. Effects and ``discordance`` are rates in [0, 1]."""

    measure: Text
    attribute: Text
    groups: tuple[str, ...]
    n: int  # problems
    discordance: float  # share of problems whose outcomes differ: of an earlier audit, or assumed
    measured: bool  # whether it is of an earlier audit
    mde: float | None  # smallest effect found with power 0.8 after correction; None: not even 1 would be
    limit: float
    to_find: int  # problems that find an effect as large as the limit, after correction
    to_settle: int  # problems that put the interval within the limit if there is no effect

    @property
    def needed(self) -> int:
        """How many problems decide the limit either way, each with power 0.8."""
        return max(self.to_find, self.to_settle)

    @property
    def decidable(self) -> bool:
        """Whether the planned problems are that many."""
        return self.n >= self.needed


class PlannedAudit(Value):
    """What one auditor will ask of each model, and what it will be able to say."""

    auditor: Text
    answers: int  # completions asked of one model
    scores: int  # texts scored by one model, if it can
    findings: tuple[PlannedFinding, ...]


class Objection(Value):
    """A reason not to release."""

    gate: Text
    reason: Text
    outcome: Literal["fails", "inconclusive"] = "fails"
    waivable: bool = False


class Waiver(Value):
    """Somebody's decision to release in spite of a gate: who, why, when, and exactly which objections it covers."""

    gate: Text
    who: Text
    why: Text
    on: date  # UTC
    reasons: Annotated[tuple[str, ...], Field(min_length=1)]  # of the gate's objections, as they were judged


class Material(Value):
    """Something a build was made from, by its hash."""

    name: Text
    uri: Text
    sha256: Text
    media: Text  # what was hashed: "file", or "N records" (the digest of a source's sorted content hashes)


class Section(Value):
    """A part of the model card; ``body`` is Markdown."""

    title: Text
    body: Text


class StageRecord(Record):
    """How one artifact came to be; written last, so its existence means the artifact is whole."""

    identity = ("stage", "key")
    untimed = frozenset({"seconds", "finished"})
    stage: Text
    key: Text
    inputs: dict[str, str]
    settings: dict[str, Any]
    code: Text
    counts: dict[str, int]
    metrics: dict[str, float] = {}
    files: dict[str, str] = {}  # path -> sha256
    seconds: float = 0.0
    finished: str = ""


class Kind(Value):
    """A family of problems. ``book``: facts in the prompt (open), a formula there (formula), or neither (closed)."""

    name: Text
    title: Text
    book: Literal["open", "formula", "closed"]
    anchor: Text  # what its anchor is, in words
    shared: Text  # knowledge shared between train and test on purpose, in words
    core: bool = False  # part of the draft set
    from_corpus: bool = False  # its gold comes from the corpus; posed whenever the user brings one
    second_grader: str = ""  # what grades it independently; empty: single-grader
    reinforced: bool = False  # named beforehand: where it is posed, reinforcement learns from such kinds alone


class Pack(Value):
    """Who a pack is. ``attributes`` is what the audit must cover."""

    name: Text
    title: Text
    version: Text
    intended_use: Text
    out_of_scope: Text
    system_prompt: Text
    kinds: tuple[Kind, ...]
    attributes: tuple[str, ...] = ()
    subject: Text = "person"  # whom a question is about: "patient", "customer", ...; the audit words its twins with it
    settings: type[BaseModel] | None = Field(default=None, exclude=True)


class BuildManifest(Value):
    """The whole build on one page; everything a release is judged by."""

    schema_version: Literal[1] = 1
    pack: Pack
    base: Text
    teacher: Text
    seed: int
    effort: Text
    settings: dict[str, Any]
    stages: tuple[StageRecord, ...]
    sources: tuple[Source, ...]
    scores: tuple[Score, ...]
    findings: tuple[AuditFinding, ...]
    leak: dict[str, Any] = {}  # the leak certificate
    verifiers: dict[str, dict[str, float]] = {}  # by kind: false accepts of near misses (count, n, value, limit)
    exported: dict[str, Any] = {}  # measured on the exported files: weights finite, ids the same, reports on exports
    materials: tuple[Material, ...] = ()
    objections: tuple[Objection, ...] = ()
    verdict: Literal["PASS", "FAIL", "INCONCLUSIVE", ""] = ""  # as judged: a waiver does not change it
    waivers: tuple[Waiver, ...] = ()  # of a release; a candidate has none
    environment: dict[str, str] = {}
