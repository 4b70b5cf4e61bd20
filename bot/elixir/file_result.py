"""One file on its own: what the local rules find in it, and what project rules need to know."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.finding import Exempted, Finding, Note
from bot.elixir.facts import ModuleFacts, facts_of_file
from bot.elixir.outline import Module, modules_of
from bot.elixir.report import Report
from bot.elixir.rules.base import Rule
from bot.elixir.source import Source
from bot.elixir.usings import Usings, expand


@dataclass(frozen=True)
class FileResult:
    """All there is to know of a file as long as neither it nor what it uses changes."""

    facts: tuple[ModuleFacts, ...]
    findings: tuple[Finding, ...]
    exempted: tuple[Exempted, ...]
    notes: tuple[Note, ...]
    lines: int


Opened = tuple[Source, list[Module]]
"""A file with its modules."""


def opened(path: str, data: bytes) -> Opened:
    """A parsed file."""
    source = Source(path, data)
    return source, modules_of(source)


def analyze_file(file: Opened, rules: tuple[Rule, ...], usings: Usings) -> FileResult:
    """Run the local ones of the rules over one file."""
    source, modules = file
    expand(modules, usings)
    facts = facts_of_file(source, modules)
    said = Report()
    for rule in rules:
        if rule.check is None or source.role not in rule.roles:
            continue
        if rule.triggers and not source.holds(rule.triggers):
            continue
        for module in modules:
            said.take(rule, rule.check(module), lambda _: file, source.path)
    notes = (*_parse_notes(source), *said.notes)
    lines = source.data.count(b"\n") + 1
    return FileResult(facts, tuple(said.findings), tuple(said.exempted), notes, lines)


def _parse_notes(source: Source) -> tuple[Note, ...]:
    if source.deep:
        return (Note(path=source.path, kind="unparsed", message="nested too deeply; not analysed"),)
    error = source.first_error()
    if error is None:
        return ()
    line = source.line(error.start_byte)
    return (
        Note(
            path=source.path, kind="unparsed", message=f"does not parse near line {line}", line=line
        ),
    )
