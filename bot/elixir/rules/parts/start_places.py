"""Where a process is started: in which clause, and who gets there."""

from __future__ import annotations

import re

from bot.core.finding import FixKind
from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.facts import ModuleFacts, StartFacts
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.project import Project
from bot.elixir.results import results
from bot.elixir.rules.parts.way import clause_around
from bot.elixir.runners import callers

_TREE = "Supervisor.start_link"
_MONITORS = ("Process.monitor", ":erlang.monitor")


def clause_of_start(start: StartFacts, project: Project) -> Clause | None:
    """The clause that makes the call."""
    module = project.module_at(start.path, start.start)
    return module.clause_at(start.start) if module is not None else None


def clauses_starting(name: str, project: Project) -> list[Clause | None]:
    """The clauses of `lib` that call a start function; `None` for a call that is in none."""
    callers = [s for f in project.facts for s in f.starts if s.call == name and s.role == "lib"]
    return [clause_of_start(caller, project) for caller in callers]


def is_the_root(start: StartFacts, project: Project) -> bool:
    """Whether `start/2` returns what the call returns."""
    clause = clause_of_start(start, project)
    found = results(clause) if clause is not None else ()
    return any(node.start_byte <= start.start and start.end <= node.end_byte for node in found)


def calling(clause: Clause, project: Project) -> list[Clause]:
    """The clauses that call its function; none where one of those calls is seen in no clause."""
    found = [clause_around(call) for _, call in callers(clause.function, project)]
    return [around for around in found if around is not None] if all(found) else []


def is_specified(clause: Clause, project: Project) -> bool:
    """Whether a child specification names the function, so that a supervisor calls it."""
    name = re.escape(clause.function.name).encode()
    start = re.compile(rb"start:\s*\{[^{}]*:" + name + rb"\b")
    return any(project.texts[path].matches(start) for path in project.lib_holding(b"start: {"))


def watches_the_tree(start: StartFacts, project: Project) -> bool:
    """Whether it is given a supervisor that the same clause starts, and monitors what its `init/1`
    is given.
    """
    clause = clause_of_start(start, project)
    call = next((c for c in clause.calls if c.start == start.start), None) if clause else None
    init = (
        project.module(start.target).functions.get(("init", 1))
        if start.target in project.modules
        else None
    )
    if clause is None or call is None or init is None or len(call.args) != 1:
        return False
    given = text(call.args[0])
    trees = [c for c in clause.calls if c.full == _TREE and c.start < start.start]
    named = any(f"name: {given}" in text(clause.node) for _ in trees)
    return (named or any(given in _bound(tree) for tree in trees)) and any(
        c.full in _MONITORS and c.args and text(c.args[-1]) == text(taking.params[0])
        for taking in init.clauses
        for c in taking.calls
    )


def _bound(call: Call) -> list[str]:
    """The variables that take what a call gives."""
    match = call.statement.parent
    if match is None or nodes.operator(match) != "=":
        return []
    left = match.child_by_field_name("left")
    return list(nodes.identifiers(left)) if left is not None else []


def fix_at_boot(start: StartFacts, facts: ModuleFacts, project: Project) -> FixKind:
    """Automatic where the module registers one name of its own and its new list is plain."""
    target = project.modules.get(start.target)
    lists = [c for c in facts.child_lists if c.function == "start/2"]
    plain = len(lists) == 1 and lists[0].literal
    single = target is not None and start.target in target.names and target.has("start_link", 1)
    listed = start.target in project.child_modules
    return "automatic" if plain and single and not listed else "assisted"
