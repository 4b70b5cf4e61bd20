"""What a person asked a pipeline to do: its inputs, typed, and the files they named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from bot.core.faults import near
from bot.errors import Unusable
from bot.pipeline.budget import Limits
from bot.pipeline.language.workflow import Input
from bot.pipeline.load import Loaded
from bot.pipeline.results import StepResult

PROMPT, INPUT_FILE = "prompt", "input_file"
MAX_FILE = 64_000_000


@dataclass(frozen=True)
class Asked:
    """One call of `genesis pipeline run`, as typed."""

    file: Path
    inputs: tuple[str, ...] = ()
    """`name=text`, `name=@file` (the file's text) or `name:=JSON`."""
    input_file: Path | None = None
    prompt: str = ""
    where: Path | None = None
    """A directory in a repository; None: the current one, if it is in one."""
    workspace: Path | None = None
    """A plain directory to work on as it is."""
    output_dir: Path | None = None
    fresh: bool = False
    limits: Limits = field(default_factory=Limits)
    commands: tuple[str, ...] = ()
    """Programs that `command` steps may run."""


@dataclass(frozen=True)
class Bound:
    """The same, fitted to one pipeline."""

    inputs: Mapping[str, Any]
    given: Mapping[str, StepResult]
    """Results of steps a fragment expects from outside."""
    named: tuple[Path, ...]
    """Files a prompt may read because a person named them."""

    def kept(self, prompt: str) -> dict[str, Any]:
        """As JSON, for a replay."""
        given = {n: {"data": r.data, "text": r.text} for n, r in self.given.items()}
        return {
            "inputs": dict(self.inputs),
            "given": given,
            "named": [str(path) for path in self.named],
            "prompt": prompt,
        }

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> Bound:
        """What `kept` gave."""
        given = {
            name: StepResult(name, "given", "succeeded", result["data"], result["text"])
            for name, result in kept["given"].items()
        }
        return cls(kept["inputs"], given, tuple(map(Path, kept["named"])))

    def digest(self) -> str:
        """Hash of the inputs and of what the named files hold."""
        parts = [json.dumps(dict(self.inputs), sort_keys=True, default=str)]
        parts += [f"{name}={result.text}" for name, result in sorted(self.given.items())]
        parts += [sha256(path.read_bytes()).hexdigest() for path in self.named]
        return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def bind(asked: Asked, loaded: Loaded) -> Bound:
    """The inputs of this call for this pipeline; raises `Unusable` naming the one that is wrong."""
    typed = dict(_pair(text) for text in asked.inputs)
    if asked.input_file is not None:
        typed[INPUT_FILE] = ("=", str(asked.input_file))
    if asked.prompt:
        typed[_prompt_name(loaded)] = ("=", asked.prompt)
    given = {name: _given(name, *typed.pop(name)) for name in loaded.expects if name in typed}
    missing = [name for name in loaded.expects if name not in given]
    if missing:
        raise Unusable(
            f"{loaded.workflow.name!r} refers to step {missing[0]!r}, which it does not contain",
            hint=f"give what it answered: --input {missing[0]}=@FILE",
        )
    declared = loaded.workflow.inputs
    _require_known(typed, loaded)
    specs = declared or {}
    values = {name: _value(name, *pair, specs.get(name)) for name, pair in typed.items()}
    return Bound(values, given, _named(typed))


def _prompt_name(loaded: Loaded) -> str:
    """`prompt`; a pipeline that declares a goal and no prompt means the same by it."""
    declared = loaded.workflow.inputs or {}
    return "goal" if PROMPT not in declared and "goal" in declared else PROMPT


def _pair(text: str) -> tuple[str, tuple[str, str]]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip(":").strip():
        raise Unusable(
            f"--input {text!r} is not of the form name=value",
            hint="name=text, name=@file, or name:=JSON",
        )
    return (name[:-1], (":=", value)) if name.endswith(":") else (name, ("=", value))


def _require_known(typed: Mapping[str, Any], loaded: Loaded) -> None:
    declared = loaded.workflow.inputs
    known = set(declared) if declared is not None else set(loaded.free_names) | {PROMPT, INPUT_FILE}
    for name in typed:
        if name not in known:
            raise Unusable(
                f"pipeline {loaded.workflow.name!r} has no input {name!r}{near(name, known)}",
                hint=f"inputs: {', '.join(sorted(known)) or 'none'}",
            )
    if declared is None:
        for name, needed in loaded.free_names.items():
            if needed and name not in typed:
                option = "--input-file FILE" if name == INPUT_FILE else f"--input {name}=..."
                raise Unusable(
                    f"pipeline {loaded.workflow.name!r} needs the input {name!r}", hint=option
                )


def _value(name: str, sign: str, text: str, spec: Input | None) -> Any:
    if sign == ":=" or (spec is not None and spec.type not in ("string", "any")):
        try:
            return json.loads(text)
        except ValueError as error:
            wanted = spec.type if spec is not None else "JSON"
            raise Unusable(f"input {name!r} must be {wanted}, got {text!r}: {error}") from error
    return _text(name, text)


def _given(name: str, sign: str, text: str) -> StepResult:
    body = _text(name, text)
    data: Any = None
    try:
        data = json.loads(body)
    except ValueError:
        if sign == ":=":
            raise Unusable(f"input {name!r} is no JSON") from None
    return StepResult(name=name, type="given", status="succeeded", data=data, text=body)


def _text(name: str, text: str) -> str:
    if not text.startswith("@"):
        return text
    path = Path(text[1:])
    try:
        if path.stat().st_size > MAX_FILE:
            raise Unusable(f"input {name!r}: {str(path)!r} is larger than {MAX_FILE:,} bytes")
        return path.read_text("utf-8", "replace")
    except OSError as error:
        raise Unusable(f"input {name!r}: cannot read {str(path)!r}: {error.strerror}") from error


def _named(typed: Mapping[str, tuple[str, str]]) -> tuple[Path, ...]:
    """Values that are files: their person may have them quoted in a prompt."""
    found = []
    for _, text in typed.values():
        if text and len(text) < 4096 and "\0" not in text and "\n" not in text:
            path = Path(text)
            if path.is_file():
                found.append(path.resolve())
    return tuple(found)
