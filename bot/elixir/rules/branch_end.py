"""Whether everything below a supervisor ends at once when it is told to."""

from __future__ import annotations

from bot.elixir.facts import ModuleFacts
from bot.elixir.project import Project
from bot.elixir.reach import SERVERS
from bot.elixir.supervision import is_supervisor

_QUICK = frozenset({"Registry"})
"""Modules of the standard library that have nothing to do at their end."""
_QUIET = frozenset({*SERVERS, "Supervisor", "Bitwise", "TypedStruct", "Ecto.Schema", "Retry"})
"""Modules whose `use` brings nothing that delays an end."""
_DELAYS = (b"trap_exit", b"terminate(")


def ends_at_once(supervisor: str, project: Project) -> bool:
    """Whether each child that the branch can have is known, traps no exits and has no clean-up."""
    return _branch(supervisor, project, frozenset())


def _branch(name: str, project: Project, above: frozenset[str]) -> bool:
    facts = project.modules.get(name)
    if facts is None or name in above or facts.implements("DynamicSupervisor"):
        return False
    listed = {child.module for listing in facts.child_lists for child in listing.children}
    # What builds a list by code names its children somewhere in the module.
    named = {n for n in facts.mentions - {name} if _is_process(project.modules.get(n))}
    children = listed | named
    return bool(children) and all(_child(c, project, above | {name}) for c in children)


def _is_process(facts: ModuleFacts | None) -> bool:
    return facts is not None and (is_supervisor(facts) or _serves(facts))


def _child(name: str, project: Project, above: frozenset[str]) -> bool:
    facts = project.modules.get(name)
    if facts is None:
        return name in _QUICK
    if is_supervisor(facts):
        return _branch(name, project, above)
    return _serves(facts) and _quick(facts, project)


def _serves(facts: ModuleFacts) -> bool:
    return any(facts.implements(name) for name in SERVERS)


def _quick(facts: ModuleFacts, project: Project) -> bool:
    brought = (project.modules.get(name) for name in facts.uses if name not in _QUIET)
    return all(found is not None and not _delays(found, project) for found in (facts, *brought))


def _delays(facts: ModuleFacts, project: Project) -> bool:
    written = project.texts[facts.path][facts.start : facts.end]
    return any(word in written for word in _DELAYS)
