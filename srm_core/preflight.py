"""What is refused before a build begins: names that nothing serves, and settings that would mean something else."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .config import POLICY_METHODS, PREFERENCE_METHODS, BuildConfig, TrainConfig, hint
from .errors import ConfigError, ModelError
from .exporting.refused import unexportable
from .host import Host
from .models import embedded
from .models.load import checked
from .reports.scoring import BASES
from .stages.selection import ARM_OF, CONTROLS
from .training.launchable import check_launch
from .training.objectives.methods import POLICIES
from .training.refused import refusal

BASE_SCHEMES = ("embedded", "dir", "hf", "tiny")
DENSE: Mapping[str, Any] = {"model_type": "llama"}  # what embedded: and tiny: are


def check_settings(config: BuildConfig, host: Host) -> None:
    """Raise for what would only fail, or be silently wrong, after hours of work; nothing is fetched.

    Raises:
        ConfigError: a kind, method, arm, control or export that nothing serves, or a corpus without licence or files.
        ModelError: a base or teacher that cannot be what it is asked to be.
        MissingExtra: deepspeed is asked for, and is not installed.
    """
    _check_kinds(config, host)
    _check_corpus(config)
    _check_base(config.base)
    _check_teacher(config.distill.teacher, host)
    _check_methods(config, host)
    _check_arms(config)
    _check_suites(config)
    _check_mitigations(config, host)
    targets = _served(host, "srm_export", "TARGETS")
    for target in config.release.exports if targets is not None else ():
        if target not in (targets or ()):
            raise ConfigError(f"release.exports: no plugin exports to {target!r}.{hint(target, targets or ())}")
    for target in config.release.exports:
        if reason := unexportable(target, base_settings(config.base)):
            raise ConfigError(f"release.exports: {reason}")
    if config.audit.weights != "float32" and "adapter" not in config.release.exports:
        raise ConfigError(
            f"audit.weights = {config.audit.weights!r} audits rounded weights with the adapter beside them, so the "
            "release must hold it; add adapter to release.exports"
        )


def _check_kinds(config: BuildConfig, host: Host) -> None:
    known = [kind.name for kind in host.pack().kinds]
    for name in config.pose.kinds:
        if name not in known:
            raise ConfigError(f"pose.kinds: pack {config.pack!r} has no kind {name!r}.{hint(name, known)}")


def _check_suites(config: BuildConfig) -> None:
    for name, place in config.audit.suites.items():
        if not Path(place).expanduser().exists():
            raise ConfigError(f"audit.suites.{name}: {place} does not exist; give the benchmark as published")


def _check_corpus(config: BuildConfig) -> None:
    for corpus in config.ingest.corpus:
        if not corpus.licence:
            raise ConfigError(
                f"the corpus {corpus.path} has no licence statement; add --licence SPDX-ID, or proprietary"
            )
        if not Path(corpus.path).expanduser().exists():
            raise ConfigError(f"the corpus {corpus.path} does not exist")


def _check_base(ref: str) -> None:
    scheme, colon, rest = ref.partition(":")
    if colon and scheme not in BASE_SCHEMES:
        raise ModelError(
            f"--base {ref}: a base is trained here, so it is one of embedded:, dir:, hf: and tiny:, not {scheme}:."
            f"{hint(scheme, BASE_SCHEMES)}"
        )
    if scheme == "embedded" and rest != embedded.SMOLLM2:
        raise ModelError(f"--base {ref}: there is no such embedded base; there is embedded:{embedded.SMOLLM2}")
    if scheme == "tiny" and colon and not rest.isdecimal() and rest:
        raise ModelError(f"--base {ref}: after tiny: comes the number of its seed, e.g. tiny:0")
    folder = Path(rest if colon else ref)
    if scheme == "dir" or (not colon and (folder.exists() or ref.startswith((".", "/")))):
        checked(ref, folder)
    elif not colon and "/" not in ref:
        raise ModelError(
            f"--base {ref}: there is no such folder; write embedded:{embedded.SMOLLM2}, dir:FOLDER, hf:ID or tiny:0"
        )


def _check_teacher(ref: str, host: Host) -> None:
    schemes = _served(host, "srm_load_model", "SCHEMES")
    scheme, colon, _ = ref.partition(":")
    if schemes is None:
        return
    if colon and scheme not in schemes:
        raise ModelError(f"--teacher {ref}: the scheme {scheme!r} is unknown.{hint(scheme, schemes)}")
    if not colon and "/" not in ref and not Path(ref).exists():
        raise ModelError(f"--teacher {ref}: a teacher has a scheme: {', '.join(f'{name}:' for name in schemes)}")


def is_light(ref: str, host: Host) -> bool:
    """Say whether opening the model ``ref`` loads no weights and sends nothing: plugins name such schemes in ``LIGHT``.

    A build opens such a teacher before its first stage, so that a missing file, library or key is said at once.
    """
    modules = (sys.modules.get(call.__module__) for name, _, call in host.implementations() if name == "srm_load_model")
    return any(ref.partition(":")[0] in vars(module).get("LIGHT", ()) for module in modules if module)


def _check_methods(config: BuildConfig, host: Host) -> None:
    methods, known = config.train.methods, _served(host, "srm_train", "METHODS")
    for name in methods if known is not None else ():
        if name not in (known or ()):
            raise ConfigError(f"train.methods: no plugin trains by the method {name!r}.{hint(name, known or ())}")
    check_training(config.train, base_settings(config.base))
    reinforced = [name for name in methods if name in POLICY_METHODS]
    for name in methods:
        if name in (*POLICY_METHODS, *PREFERENCE_METHODS) and config.train.rl_steps == 0:
            raise ConfigError(f"train.rl_steps = 0 leaves {name} without problems; leave {name} out of train.methods")
    if reinforced and config.train.rl_beta and POLICIES[reinforced[0]].kl == "none":
        raise ConfigError(f"train.rl_beta = {config.train.rl_beta}: {reinforced[0]} has no KL term; set it to 0")
    _check_gkd(config)
    unknown = [kind for kind in config.train.rl_kinds if kind not in {each.name for each in host.pack().kinds}]
    if unknown:
        names = [each.name for each in host.pack().kinds]
        raise ConfigError(f"train.rl_kinds: the pack has no kind {unknown[0]!r}.{hint(unknown[0], names)}")
    if config.train.seed not in (0, config.seed):
        raise ConfigError(f"train.seed = {config.train.seed}: one seed fixes every draw; set it as seed (--seed)")


def _check_gkd(config: BuildConfig) -> None:
    settings = config.train
    scheme, colon, rest = settings.gkd_teacher.partition(":")
    if "gkd" not in settings.methods:
        if settings.gkd_teacher:
            raise ConfigError(f"train.gkd_teacher = {settings.gkd_teacher!r}, and gkd is not in train.methods; add it")
        return
    if not settings.gkd_teacher or (colon and scheme not in BASE_SCHEMES):
        raise ConfigError(
            f"train.gkd_teacher = {settings.gkd_teacher!r}: gkd reads a teacher's probabilities, so it is a "
            "checkpoint: dir:RUN/candidate/merged, hf:ID, embedded:..."
        )
    if scheme == "dir" or (not colon and settings.gkd_teacher.startswith((".", "/"))):
        checked(settings.gkd_teacher, Path(rest if colon else settings.gkd_teacher))
    if settings.gkd_on_policy and settings.rl_steps == 0:
        raise ConfigError("train.rl_steps = 0 leaves gkd without problems; set train.gkd_on_policy to 0, or raise it")


def check_training(
    settings: TrainConfig, base: Mapping[str, Any] | None, environment: Mapping[str, str] = os.environ
) -> None:
    """Refuse methods, adapters, settings of experts and launches that do not fit one another or the base.

    ``base`` is the base's ``config.json``, or None if it is not at hand yet. The support matrix of the reference
    (`reports.support`) asks this function for every cell.

    Raises:
        ConfigError: something does not fit.
        MissingExtra: deepspeed is asked for, and is not installed.
    """
    if reason := refusal(settings, base):
        raise ConfigError(reason)
    check_launch(settings, environment)


def base_settings(ref: str) -> Mapping[str, Any] | None:
    """Return the ``config.json`` of the base ``ref``, as far as it decides what can be trained.

    None: it is fetched later (``hf:``), so training asks again at its start.
    """
    scheme, colon, rest = ref.partition(":")
    if colon and scheme in ("embedded", "tiny"):
        return DENSE
    file = Path(rest if scheme == "dir" else ref) / "config.json"
    settings: Mapping[str, Any] | None = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    return settings


def _check_arms(config: BuildConfig) -> None:
    trained = [ARM_OF.get(name, name) for name in config.train.methods]
    known = list(dict.fromkeys([*BASES, *ARM_OF.values(), *trained]))
    for arm in config.evaluate.arms:
        if arm not in known:
            raise ConfigError(f"evaluate.arms: there is no arm {arm!r}.{hint(arm, known)}")
    for control in config.evaluate.controls:
        if control not in CONTROLS:
            raise ConfigError(f"evaluate.controls: there is no control {control!r}.{hint(control, CONTROLS)}")


def _check_mitigations(config: BuildConfig, host: Host) -> None:
    names, known = config.train.mitigations, _served(host, "srm_mitigate", "MITIGATIONS")
    for name in names if known is not None else ():
        if name not in (known or ()):
            raise ConfigError(f"train.mitigations: no plugin has the mitigation {name!r}.{hint(name, known or ())}")
    if len(set(names)) < len(names):
        raise ConfigError(f"train.mitigations = {list(names)}: name each once")
    if names and all(method in (*POLICY_METHODS, *PREFERENCE_METHODS) for method in config.train.methods):
        raise ConfigError("train.mitigations adds supervised rows, and no method of train.methods learns from them")


def _served(host: Host, hook: str, constant: str) -> Sequence[str] | None:
    """Return the names that the implementers of ``hook`` say they serve; None if one of them does not say."""
    names: set[str] = set()
    for name, _, function in host.implementations():
        if name == hook:
            module = sys.modules.get(function.__module__)
            said = vars(module).get(constant) if module else None
            if said is None:
                return None
            names.update(str(each).rstrip(":") for each in said)
    return sorted(names)
