"""Whether everything below a supervisor ends at once when it is told to."""

from __future__ import annotations

from bot.elixir import nodes
from bot.elixir.children import ChildListFacts
from bot.elixir.expressions import Expression, value_of
from bot.elixir.facts import ModuleFacts
from bot.elixir.outline import Module
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
    named = {n for n in facts.mentions - {name} if _is_process(project.modules.get(n))}
    children: set[str] = set()
    for listing in facts.child_lists:
        seen = _children(listing, facts, named, project)
        if not seen:
            return False
        children |= seen
    return bool(children) and all(_child(c, project, above | {name}) for c in children)


def _children(
    listing: ChildListFacts, facts: ModuleFacts, named: set[str], project: Project
) -> set[str]:
    """The children of one list; those that code makes are taken to be what the module names."""
    module = project.module(facts.name)
    if not listing.children:
        made = _named_in(listing.start, listing.end, module, named)
        return named if made else set()
    found: set[str] = set()
    for child in listing.children:
        known = {child.module} if child.module else set()
        found |= known or _named_in(child.start, child.end, module, named) or {""}
    return found


def _named_in(start: int, end: int, module: Module, named: set[str]) -> set[str]:
    """Which of the modules an expression names, or the variable that stands there or is given."""
    clause = module.clause_at(start)
    node = module.source.root.descendant_for_byte_range(start, end)
    if node is not None and node.type == "call":
        node = next(iter(nodes.arguments(node)), None)
    if clause is None or node is None or node.type not in ("identifier", "call"):
        return set()
    value = value_of(Expression(node, clause)) if node.type == "identifier" else None
    aliases = nodes.of_type(value.node if value is not None else node, "alias")
    return {module.scope.resolve(alias) for alias in aliases} & named


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
