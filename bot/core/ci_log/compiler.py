"""Compiler diagnostics from mix's text, in the forms of Elixir up to 1.15 and from 1.16 on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from bot.core.verdict import Diagnostic

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_START = re.compile(r"^\s*(warning|error): (.*)$")
_PLACE = r"(?P<path>[^\s:│└─]+\.(?:exs?|h?eex|leex|erl|hrl|[xy]rl)):(?P<line>\d+)(?::\d+)?"
_OLD_LOCATION = re.compile(rf"^\s+{_PLACE}(?::.*)?$")
_NEW_LOCATION = re.compile(rf"^\s*└─ {_PLACE}(?::.*)?$")
_SNIPPET = re.compile(r"^\s*\d*\s*│")
_PROGRESS = re.compile(r"^(Compiling \d|Generated |==> |== Compilation error|\*\* \()")
_FATAL = re.compile(r"^== Compilation error in file (\S+) ==$")
_RAISED = re.compile(r"^\*\* \((?P<kind>[\w.]+)\) (?P<text>.*)$")
_LINE_IN_TEXT = re.compile(rf"^(?:invalid syntax found on )?{_PLACE}:? ?(?P<rest>.*)$")

Severity = Literal["error", "warning"]


@dataclass
class _Open:
    severity: Severity
    text: list[str]
    places: list[tuple[str, int]] = field(default_factory=list)

    def diagnostics(self) -> list[Diagnostic]:
        text = self.text if self.places else self.text[: _first_blank(self.text)]
        message = "\n".join(line.strip() for line in text if line.strip())
        return [
            Diagnostic(tool="compile", severity=self.severity, path=p, line=n, message=message)
            for p, n in self.places or [("", 0)]
        ]


def parse_compile(stdout: str, stderr: str) -> tuple[Diagnostic, ...]:
    """All diagnostics of both streams: a CompileError goes to one, its warnings to the other."""
    found: list[Diagnostic] = []
    for stream in (stderr, stdout):
        lines = _ANSI.sub("", stream).splitlines()
        found += _messages(lines)
        found += _fatal(lines)
    return tuple(dict.fromkeys(found))


def _messages(lines: list[str]) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    current: _Open | None = None
    for line in [*lines, "** (end"]:
        start = _START.match(line)
        place = _NEW_LOCATION.match(line) or _OLD_LOCATION.match(line)
        if start or _PROGRESS.match(line) or (current and current.places and not place):
            found += current.diagnostics() if current else []
            current = None
        if start:
            severity: Severity = "error" if start.group(1) == "error" else "warning"
            current = _Open(severity, [start.group(2)])
        elif current and place:
            current.places.append((place["path"], int(place["line"])))
        elif current and not _SNIPPET.match(line):
            current.text.append(line)
    return found


def _fatal(lines: list[str]) -> list[Diagnostic]:
    """The exception that ended compilation, with the file its header names."""
    found = []
    path = ""
    for line in lines:
        header, raised = _FATAL.match(line), _RAISED.match(line)
        if header:
            path = header.group(1)
        elif raised and path:
            found.append(_raised(raised["kind"], raised["text"], path))
            path = ""
    return found


def _raised(kind: str, text: str, path: str) -> Diagnostic:
    place = _LINE_IN_TEXT.match(text)
    number = int(place["line"]) if place else 0
    rest = place["rest"] if place and place["rest"] else text
    return Diagnostic(
        tool="compile", severity="error", path=path, line=number, message=f"({kind}) {rest}"
    )


def _first_blank(lines: list[str]) -> int:
    return next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
