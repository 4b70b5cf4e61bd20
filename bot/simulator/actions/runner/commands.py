"""Workflow commands: the lines of a step that speak to the runner, `::name key=value::text`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

COMMAND = re.compile(r"\s*::([A-Za-z][A-Za-z-]*)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)", re.DOTALL)
RESUME = re.compile(r"\s*::(.+?)::\s*")
KNOWN = frozenset(
    {
        *("debug", "notice", "warning", "error", "group", "endgroup", "add-mask"),
        *("stop-commands", "set-output", "save-state", "set-env", "add-path", "echo"),
        *("add-matcher", "remove-matcher"),
    }
)
DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))


@dataclass(frozen=True)
class Command:
    name: str
    text: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)

    def number(self, key: str) -> int | None:
        value = self.properties.get(key, "")
        return int(value) if value.isdecimal() and len(value) < 10 else None


class CommandReader:
    """Reads lines in order, for `stop-commands` switches commands off until its token comes."""

    def __init__(self) -> None:
        self.token = ""

    def read(self, line: str) -> Command | None:
        """None: an ordinary line."""
        if self.token:
            found = RESUME.fullmatch(line)
            if found is not None and found[1] == self.token:
                self.token = ""
                return Command("resume")
            return None
        command = parse(line)
        if command is not None and command.name == "stop-commands":
            self.token = command.text
        return command


def parse(line: str) -> Command | None:
    if "::" not in line[:200]:
        return None
    found = COMMAND.match(line)
    if found is None or found[1].lower() not in KNOWN:
        return None
    pairs = (pair.partition("=") for pair in (found[2] or "").split(","))
    properties = {key.strip().lower(): unescape(value, PROPERTY) for key, _, value in pairs if key}
    return Command(found[1].lower(), unescape(found[3], DATA), properties)


def unescape(text: str, table: tuple[tuple[str, str], ...]) -> str:
    for written, meant in table:
        text = text.replace(written, meant)
    return text
