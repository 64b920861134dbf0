"""Ollama's Modelfile beside a GGUF file: template, stop strings, system prompt, greedy decoding.

Ollama writes templates in Go's language. What is before and after each role's text is read off the chat template by
rendering it; the Go template is written only if it gives the same text as the chat template on several conversations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..inference.asking import STOP

SYSTEM_FILE = "system.txt"  # in the student's folder: the system prompt it was trained with
ROLES = ("system", "user", "assistant")
Talk = Sequence[Mapping[str, str]]
_MARK = "\u241f{}\u241f"


@dataclass(frozen=True)
class Turns:
    """What stands before and after each role's text, and before the answer."""

    around: Mapping[str, tuple[str, str]]
    opening: str

    def rendered(self, talk: Talk) -> str:
        """Return ``talk`` as Ollama would render it."""
        parts = (f"{self.around[turn['role']][0]}{turn['content']}{self.around[turn['role']][1]}" for turn in talk)
        return "".join(parts) + self.opening

    def in_go(self) -> str:
        """Return the template in Go's language."""
        cases = []
        for place, (role, (before, after)) in enumerate(self.around.items()):
            case = f'{{{{ {"else if" if place else "if"} eq .Role "{role}" }}}}'
            cases.append(f"{case}{before}{{{{ .Content }}}}{after}")
        return "{{- range .Messages }}" + "".join(cases) + "{{ end }}{{ end }}" + self.opening


def modelfile(model: str, tokenizer: Any, system: str = "") -> str:
    """Return the Modelfile of the GGUF file called ``model``.

    Without a template that Go's language can say the line is left out, and a comment says so.
    """
    lines = [
        "# Written by srm. The figures on the model card hold for greedy decoding with srm's calculator, which",
        "# computes what stands in <<...=>>; here the model writes those values itself.",
        f"FROM ./{model}",
    ]
    turns = turns_of(tokenizer)
    if turns is None:
        lines.append("# The chat template is inside the model file; it could not be said in Ollama's language.")
    else:
        lines.append(f'TEMPLATE """{turns.in_go()}"""')
    if system and '"""' not in system:
        lines.append(f'SYSTEM """{system}"""')
    lines.append("PARAMETER temperature 0")
    lines += [f"PARAMETER stop {_quoted(text)}" for text in (tokenizer.eos_token, *STOP)]
    return "\n".join(lines) + "\n"


def turns_of(tokenizer: Any) -> Turns | None:
    """Return the turns of a chat template, or None if it is more than text around each turn's own."""
    talk = [{"role": role, "content": _MARK.format(role)} for role in ROLES]
    try:
        whole = _rendered(tokenizer, talk)
        shorter = [_rendered(tokenizer, talk[:count], opening=False) for count in (1, 2, 3)]
        opening = whole.removeprefix(shorter[-1])
        around, start = {}, ""
        for turn, text in zip(talk, shorter, strict=True):
            before, after = text.removeprefix(start).split(turn["content"])
            around[turn["role"]], start = (before, after), text
        turns = Turns(around, opening)
        longer = [
            {"role": "system", "content": "s"},
            *([{"role": "user", "content": "Is {{ it }}?\n"}, talk[2]] * 2),
            talk[1],
        ]
        same = all(turns.rendered(each) == _rendered(tokenizer, each) for each in (talk[:2], talk, longer))
    except Exception:  # a template is a program: it may refuse an order of roles, or do anything else
        return None
    literal = "".join([opening, *(text for pair in around.values() for text in pair)])
    return turns if same and not any(sign in literal for sign in ("{{", "}}", '"""')) else None


def write_modelfile(model: Path, checkpoint: Path, student: Path) -> Path:
    """Write ``Modelfile`` beside the GGUF file ``model``, with the system prompt in ``student`` if it holds one."""
    from ..models.load import load_tokenizer

    system = student / SYSTEM_FILE
    said = system.read_text(encoding="utf-8") if system.exists() else ""
    out = model.with_name("Modelfile")
    out.write_text(modelfile(model.name, load_tokenizer(checkpoint), said), encoding="utf-8")
    return out


def _rendered(tokenizer: Any, talk: Talk, *, opening: bool = True) -> str:
    return str(tokenizer.apply_chat_template(list(talk), tokenize=False, add_generation_prompt=opening))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
