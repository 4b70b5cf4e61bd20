"""What the skeleton says of one file; of tests no more than what is tested how often."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.elixir.facts import ModuleFacts, outline_facts
from bot.elixir.outline import modules_of
from bot.elixir.skeleton_clip import clip, listed
from bot.elixir.skeleton_module import ModuleSheet, module_sheet
from bot.elixir.source import Role, Source, role_of

_HEREDOC = re.compile(rb'("""|\'\'\')[ \t]*\n.*?^[ \t]*\1', re.MULTILINE | re.DOTALL)
_MODULE = re.compile(rb"^[ \t]*defmodule[ \t]+([\w.]+)[ \t]+do\b", re.MULTILINE)
_TEST = re.compile(rb"^[ \t]*(?:test|property)[ \t(]", re.MULTILINE)
_MAX_MODULES = 200


@dataclass(frozen=True)
class FileSheet:
    """One file."""

    path: str
    role: Role
    modules: tuple[ModuleSheet, ...] = ()
    names: tuple[str, ...] = ()
    """Modules of a file that is not looked into."""
    tests: int = 0
    note: str = ""
    """Why not all of it is shown."""
    facts: tuple[ModuleFacts, ...] = ()
    """Of the modules that say something about supervision."""


def file_sheet(path: str, data: bytes) -> FileSheet:
    """The sheet of one file."""
    role = role_of(path)
    return _glance(path, role, data) if role == "test" else _parsed(path, role, data)


def _glance(path: str, role: Role, data: bytes) -> FileSheet:
    """Names and a count need no syntax tree, and tests are half of many a code base."""
    code = _HEREDOC.sub(b"", data)
    names = [clip(name, 120) for name in _MODULE.findall(code)]
    return FileSheet(
        path, role, names=tuple(listed(names, _MAX_MODULES)), tests=len(_TEST.findall(code))
    )


def _parsed(path: str, role: Role, data: bytes) -> FileSheet:
    source = Source(path, data)
    modules = modules_of(source)
    error = source.first_error()
    note = f"does not parse near line {source.line(error.start_byte)}" if error is not None else ""
    if len(modules) > _MAX_MODULES:
        note = f"{note}; {len(modules) - _MAX_MODULES} more modules".removeprefix("; ")
    sheets = tuple(module_sheet(m) for m in modules[:_MAX_MODULES])
    facts = tuple(f for m in modules if _supervises(f := outline_facts(m)))
    for module in modules:
        module.release()
    return FileSheet(path, role, sheets, note=note, facts=facts)


def _supervises(facts: ModuleFacts) -> bool:
    return bool(facts.child_lists or facts.spec or facts.uses or facts.behaviours)
