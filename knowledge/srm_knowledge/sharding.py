"""A part of a corpus read and cleaned by itself, so that several machines share the work; `merging` puts them together.

A file belongs to a part by the hash of its path below the corpus. A part looks for no duplicates, for which of two is
kept hangs on all that came before: it writes what each document is compared by, and what cleaning made of it. No text
is written that cleaning would not have let through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from pydantic import Field

from srm_core.config import Corpus, IngestConfig, PackConfig
from srm_core.errors import ArtifactError, ConfigError
from srm_core.host import Host
from srm_core.records import Document, Remark, Value
from srm_core.store import write_atomically

from .cleaning.keys import Dedup, Keys, keys_of
from .corpus import read_corpus, source_of_corpus
from .folder import Quarantined

HEAD, ROWS, ASIDE = "shard.json", "shard.jsonl", "quarantine.jsonl"
_PART = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})")


class Part(Value):
    """Which of how many parts, of what, cleaned how; every part of one corpus says the same but for ``number``."""

    number: Annotated[int, Field(ge=1)]
    parts: Annotated[int, Field(ge=1)]
    source: str
    licence: str
    dedup: Dedup
    redact: str
    injection: str
    rows: int = 0
    quarantined: int = 0


class Row(Value):
    """One document: what it is compared by, what was said of it, and what is left of it."""

    keys: Keys
    remarks: tuple[Remark, ...]
    left: Document | None


def part_of(text: str) -> tuple[int, int]:
    """Return (number, parts) of ``I/N``. Raises `ConfigError` unless 1 <= I <= N."""
    match = _PART.fullmatch(text)
    if match is None or int(match.group(1)) > int(match.group(2)):
        raise ConfigError(f"--shard {text!r} is not of the form I/N with I from 1 to N, e.g. --shard 2/4")
    return int(match.group(1)), int(match.group(2))


def belongs(path: str, number: int, parts: int) -> bool:
    """Tell whether the file at ``path`` below the corpus is of part ``number`` (from 1) of ``parts``."""
    return int.from_bytes(sha256(path.encode("utf-8", "surrogatepass")).digest()[:8], "big") % parts == number - 1


def write_part(host: Host, corpus: Corpus, cleaning: IngestConfig, number: int, parts: int, out: Path) -> Part:
    """Read and clean the files of one part into ``out``; `HEAD` is written last, so a part that has it is whole.

    Raises:
        ConfigError: the corpus does not exist or states no licence, or ``out`` holds an earlier result.
    """
    source = source_of_corpus(corpus)
    if (out / HEAD).exists() or (out / "documents.jsonl").exists():
        raise ConfigError(f"{out} holds an earlier result; name another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    embed = None
    if cleaning.dedup == "semantic":
        from .embedding import embedder

        embed = embedder()
    wanted = cleaning.model_copy(update={"dedup": "off"})
    evaluation = _evaluation(host, corpus, cleaning)
    counts = {"rows": 0, "quarantined": 0}
    with (out / ROWS).open("w", encoding="utf-8") as rows, (out / ASIDE).open("w", encoding="utf-8") as aside:
        pulled: list[Document] = []

        def documents() -> Iterator[Document]:
            for item in read_corpus(corpus, lambda path: belongs(path, number, parts)):
                if isinstance(item, Quarantined):
                    counts["quarantined"] += 1
                    aside.write(json.dumps(vars(item), ensure_ascii=False) + "\n")
                else:
                    pulled.append(item)
                    yield item

        remarks: list[Remark] = []

        def write(left: Document | None) -> None:
            if len(pulled) != 1:
                raise ConfigError("a plugin that cleans holds documents back, so the corpus cannot be read in parts")
            row = Row(keys=keys_of(pulled[0], cleaning.dedup, embed), remarks=tuple(remarks), left=left)
            rows.write(row.model_dump_json() + "\n")
            counts["rows"] += 1
            remarks.clear()
            pulled.clear()

        for item in host.clean(documents(), evaluation, wanted):
            if isinstance(item, Document):
                write(item)
                continue
            remarks.append(item)
            if item.removes:
                write(None)
    part = Part(
        number=number,
        parts=parts,
        source=source.name,
        licence=source.licence,
        dedup=cleaning.dedup,
        redact=cleaning.redact,
        injection=cleaning.injection,
        rows=counts["rows"],
        quarantined=counts["quarantined"],
    )
    write_atomically(out / HEAD, part.model_dump_json())
    return part


def read_part(folder: Path) -> Part:
    """Return what the part in ``folder`` is.

    Raises:
        ArtifactError: it is no part, or one that is not whole.
    """
    try:
        return Part.model_validate_json((folder / HEAD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ArtifactError(f"{folder} holds no whole part ({HEAD}); run srm ingest --shard again") from None


def _evaluation(host: Host, corpus: Corpus, cleaning: IngestConfig) -> dict[str, str]:
    """Return what must not stand in a training text, by the item's id, as the stage ingest does."""
    if not cleaning.decontaminate:
        return {}
    from srm_core.stages.ingest import text_of

    return {item.id: text_of(item) for item in host.evals(PackConfig(corpus=(corpus,)))}
