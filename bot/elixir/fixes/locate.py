"""Find again the call an action is about: by module, function and code, never by offset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.finding import Finding
from bot.elixir.calls import Call
from bot.elixir.fixes.base import Params
from bot.elixir.fixes.places import normal
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project


@dataclass(frozen=True, eq=False)
class Place:
    """A call in its clause."""

    clause: Clause
    call: Call

    @property
    def module(self) -> Module:
        return self.clause.function.module

    @property
    def path(self) -> str:
        return self.module.source.path

    @property
    def data(self) -> bytes:
        return self.module.source.data


def place_of(project: Project, finding: Finding) -> Place | None:
    """The call a finding points at; `None` where it is in no function or is no call."""
    if finding.path not in project.files:
        return None
    for module in project.modules_in(finding.path):
        if module.name != finding.module:
            continue
        for clause in module.all_clauses():
            for call in clause.calls:
                if call.start == finding.start_byte:
                    return Place(clause, call)
    return None


def params_of(place: Place) -> dict[str, str]:
    """The names by which `find` finds the call again."""
    return {
        "path": place.path,
        "module": place.module.name,
        "function": place.clause.function.label,
        "call": place.call.full,
        "code": normal(place.call.statement),
    }


def find(project: Project, params: Params) -> Place | None:
    """The first call that still stands as the params say; `None` once it is gone."""
    return next(find_all(project, params), None)


def find_all(project: Project, params: Params) -> Iterator[Place]:
    """All calls that stand as the params say, in source order.

    Of several equal calls in one function each action takes the first it can change: after it that
    one is gone.
    """
    for module in _modules(project, params):
        for clause in module.all_clauses():
            if clause.function.label != params["function"]:
                continue
            for call in clause.calls:
                if call.full == params["call"] and normal(call.statement) == params["code"]:
                    yield Place(clause, call)


def _modules(project: Project, params: Params) -> list[Module]:
    """The named module where it was, else where it is now."""
    name = params["module"]
    if params["path"] in project.files:
        found = [m for m in project.modules_in(params["path"]) if m.name == name]
        if found:
            return found
    return [project.module(name)] if name in project.modules else []
