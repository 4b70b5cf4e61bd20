"""What a call leads to in other modules of the project."""

from __future__ import annotations

from collections.abc import Iterator

from bot.elixir.calls import Call
from bot.elixir.module import Function
from bot.elixir.project import Project
from bot.elixir.reach import reached

_MODULES_AWAY = 3


def function_behind(project: Project, call: Call) -> Function | None:
    """The function of a module of the project that a call reaches, if its body is written out."""
    facts = project.modules.get(call.module)
    if facts is None or not project.defines(facts, call.name):
        return None
    function = project.module(call.module).local(call.name, call.arity)
    # A protocol's function has no body: its name must do.
    written = function is not None and any(clause.body for clause in function.clauses)
    return function if written else None


def calls_behind(call: Call, project: Project) -> Iterator[Call]:
    """The call, and those that the functions of other modules behind it make in its process."""
    seen: set[Function] = set()
    ahead = [(call, _MODULES_AWAY)]
    while ahead:
        made, left = ahead.pop()
        if made.runs_in or made.in_quote:
            continue
        yield made
        foreign = left and made.module not in ("", made.owner.name)
        function = function_behind(project, made) if foreign else None
        if function is not None and function not in seen:
            seen.add(function)
            inner = (c for step in reached([function]) for c in step.clause.calls)
            ahead += [(c, left - 1) for c in inner]
