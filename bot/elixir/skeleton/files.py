"""What the skeleton says of one file; only modules of the application are looked into."""

from __future__ import annotations

from dataclasses import dataclass

from bot.elixir.facts import ModuleFacts, outline_facts
from bot.elixir.outline import Module, modules_of
from bot.elixir.skeleton.glance import configured_in, modules_in, tests_in
from bot.elixir.skeleton.module import ModuleSheet, module_sheet
from bot.elixir.source import Role, Source, role_of


@dataclass(frozen=True)
class FileSheet:
    """One file."""

    path: str
    role: Role
    modules: tuple[ModuleSheet, ...] = ()
    facts: tuple[ModuleFacts, ...] = ()
    """Of the modules that say something about supervision."""
    names: tuple[str, ...] = ()
    """Modules, or configured applications, of a file that is not looked into."""
    tests: int = 0
    note: str = ""
    """Why not all of it is shown."""


def file_sheet(path: str, data: bytes) -> FileSheet:
    """The sheet of one file."""
    role = role_of(path)
    match role:
        case "lib":
            return _parsed(path, data)
        case "config":
            return FileSheet(path, role, names=tuple(configured_in(data)))
        case _:
            tests = tests_in(data) if role == "test" else 0
            return FileSheet(path, role, names=tuple(modules_in(data)), tests=tests)


def _parsed(path: str, data: bytes) -> FileSheet:
    source = Source(path, data)
    if source.deep:
        return FileSheet(path, "lib", names=tuple(modules_in(data)), note="nested too deeply")
    modules = modules_of(source)
    error = source.first_error()
    sheet = FileSheet(
        path,
        "lib",
        modules=tuple(map(module_sheet, modules)),
        facts=tuple(outline_facts(m) for m in modules if _supervises(m)),
        note=f"does not parse near line {source.line(error.start_byte)}" if error else "",
    )
    for module in modules:
        module.release()
    return sheet


def _supervises(module: Module) -> bool:
    """Whether a supervision tree may ask for its facts."""
    named = module.source.holds((b"Supervisor", b"supervise(", b"child_spec"))
    return bool(named or module.uses or module.behaviours)
