"""Who runs a callback of a behaviour that the project itself defines."""

from __future__ import annotations

import re

from bot.elixir.outline import Clause
from bot.elixir.project import Project
from bot.elixir.rules.parts.owners import runs_in_an_owner
from bot.elixir.rules.parts.start_places import calling


def behaviour_of(clause: Clause, project: Project) -> str:
    """The project's own behaviour whose callback it is; empty where it is none."""
    function = clause.function
    declared = re.compile(rb"@callback\s+" + re.escape(function.name).encode() + rb"\b")
    for name in function.module.behaviours if function.public else ():
        facts = project.modules.get(name)
        if facts is not None and project.texts[facts.path].matches(declared):
            return name
    return ""


def _calling(clause: Clause, project: Project) -> list[Clause]:
    """The clauses that call a function of that name and arity of a module which only run time
    knows.
    """
    function = clause.function
    word = f".{function.name}(".encode()
    return [
        other
        for path in project.lib_holding(word)
        for module in project.modules_in(path)
        for other in module.clauses_with(word)
        if any(
            call.name == function.name
            and call.arity == function.arity
            and call.receiver
            and not call.module
            and not call.in_quote
            for call in other.calls
        )
    ]


def runners_of(clause: Clause, project: Project) -> list[Clause]:
    """Those that call its function, where it does not run in an owner's callback itself."""
    if runs_in_an_owner(clause):
        return []
    found = calling(clause, project)
    return found or (_calling(clause, project) if behaviour_of(clause, project) else [])
