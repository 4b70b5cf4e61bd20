"""Servers that somebody has for one piece of work, and what they keep is his."""

from __future__ import annotations

import re

from bot.elixir import nodes
from bot.elixir.context import is_command_line
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.project import Project
from bot.elixir.reach import is_callback
from bot.elixir.rules.parts.state_use import CLIENT_READS, spoken_of
from bot.elixir.runners import runs
from bot.elixir.starters import starters_of

_STARTS = ("GenServer.start_link", "GenServer.start", "Agent.start_link", "Agent.start")
_STOPS = ("GenServer.stop", "Agent.stop", ":gen_server.stop")
_HOOKS = ("__before_compile__", "__after_compile__", "__on_definition__", "__after_verify__")
_COMPILE_STEPS = (("Spark.Dsl.Transformer", "transform/1"), ("Spark.Dsl.Verifier", "verify/1"))
"""Behaviours whose callback runs while the module that uses the language is compiled."""
_REGISTERS = re.compile(rb"\bregister(?:_name)?\(|\bglobal\b|\bvia\b|:pg\b")


def of_one_run(module: Module, project: Project) -> bool:
    """Whether it has no name; or is in no child list, and is read out and stopped by the module,
    or only ever started by a command.
    """
    if _has_no_name(module):
        return True
    if module.name in project.child_modules:
        return False
    return any(map(_reads_and_stops, _stopping(module))) or _of_a_command(module, project)


def _of_a_command(module: Module, project: Project) -> bool:
    """Whether commands alone start it, by hand: a Mix task, or an escript; or a compilation."""
    facts = project.modules.get(module.name)
    starters = starters_of(facts, project) if facts is not None else None
    if starters is None or not starters.only_by_hand:
        return False
    app = project.app_of(module.source.path)
    if app is not None and app.only_escript:
        return True
    return all(_only_by_commands(path, start, project) for path, start, _ in starters.by_hand)


def _only_by_commands(path: str, start: int, project: Project) -> bool:
    """Whether every way to a place begins in a command, or as code is compiled."""
    owner = project.module_at(path, start)
    clause = owner.clause_at(start) if owner is not None else None
    if clause is None:
        return False
    ways = runs(clause.function, project)
    return all(
        any(map(is_command_line, way.function.clauses)) or _as_it_compiles(way.function)
        for way in ways
    )


def _as_it_compiles(function: Function) -> bool:
    """Whether the compiler runs it: a macro, a hook, or a step of a domain language."""
    if function.kind.startswith("defmacro") or function.name in _HOOKS:
        return True
    return any(
        function.label == label and function.module.implements(behaviour)
        for behaviour, label in _COMPILE_STEPS
    )


def _has_no_name(module: Module) -> bool:
    """Whether it is only ever started without a name: by its pid somebody has it for one task."""
    starts = [
        c for clause in module.clauses_with(b"start") for c in clause.calls if c.full in _STARTS
    ]
    options = [c.args[-1] for c in starts if c.arity > (1 if c.module == "Agent" else 2)]
    return (
        bool(starts)
        and not spoken_of(module, _REGISTERS)
        and all(
            node.type in ("keywords", "list") and "name" not in nodes.keyword_pairs(node)
            for node in options
        )
    )


def _stopping(module: Module) -> list[Clause]:
    found = module.clauses_with(b".stop")
    return [c for c in found if c.function.public and not is_callback(c.function)]


def _reads_and_stops(clause: Clause) -> bool:
    """Whether it takes out of the server what that holds, and then stops it."""
    stops = [c for c in clause.calls if c.full in _STOPS and c.args]
    return any(
        read.full in CLIENT_READS and read.args and text(read.args[0]) == text(stop.args[0])
        for stop in stops
        for read in clause.calls
        if read.start < stop.start
    )
