"""Where a process is started: in which clause, and who gets there."""

from __future__ import annotations

import re

from bot.elixir.facts import StartFacts
from bot.elixir.outline import Clause
from bot.elixir.project import Project
from bot.elixir.results import results
from bot.elixir.rules.parts.way import clause_around
from bot.elixir.runners import callers


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
