"""The clause that handles a message of `init/1`: whether it can become `handle_continue/2`, and
what takes the message there where it cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.fixes import gen_server
from bot.elixir.fixes.gen_server import Return
from bot.elixir.fixes.messages import mentioned_elsewhere, tag
from bot.elixir.fixes.places import leads, variables
from bot.elixir.matching import can_match, surely_matches
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text
from bot.elixir.project import Project
from bot.elixir.self_sends import SelfSend

_TERMS = frozenset(
    "tuple list map struct map_content keywords pair keyword atom quoted_atom alias identifier"
    " integer float char boolean nil string quoted_content".split()
)

_CONSTANTS = frozenset({"atom", "integer", "boolean", "nil"})


@dataclass(frozen=True, eq=False)
class Handler:
    """The first clause of `handle_info/2` that can take the message."""

    clause: Clause
    stays: str = ""
    """Why it has to stay, and be called; empty where it becomes `handle_continue/2` itself."""


def handler_of(
    project: Project, module: Module, send: SelfSend, endings: list[Return]
) -> Handler | None:
    """The clause that takes the message; `None` where none does."""
    function = module.functions.get(("handle_info", 2))
    clauses = function.clauses if function is not None else []
    takers = [c for c in clauses if can_match(c.params[0], send.message, module)]
    if not takers:
        return None
    return Handler(takers[0], _reason(project, send, takers, endings))


def _reason(project: Project, send: SelfSend, takers: list[Clause], endings: list[Return]) -> str:
    clause, wanted = takers[0], tag(send.message)
    module = clause.function.module
    if wanted is None:
        return "what the message is is not written out in `init/1`"
    if tag(clause.params[0]) != wanted:
        return "it takes other messages, too"
    if _names_it(clause):
        return "it has a name for the whole message, and may send it again"
    own = (send.message, clause.params[0])
    place = mentioned_elsewhere(project, wanted[0], module.source.path, own)
    if place:
        return f"`{wanted[0]}` is also written at {place}"
    states = [e.state for e in endings if e.state is not None]
    if len(takers) > 1 and not all(_takes(clause, send.message, s) for s in states):
        return "another clause takes the message where this one does not match"
    if not gen_server.adjacent(clause.function):
        return "other functions stand between the clauses"
    if any(not _can_come_along(lead) for lead in leads(clause.node)):
        return "an attribute above it is about `handle_info/2`"
    return ""


def _names_it(clause: Clause) -> bool:
    """Whether the body has a name for the message as it came."""
    pattern = clause.params[0]
    sides = (pattern.child_by_field_name(field) for field in ("left", "right"))
    names = {text(side) for side in sides if side is not None and side.type == "identifier"}
    whole = names if nodes.operator(pattern) == "=" else set()
    used = nodes.identifiers(clause.body) if clause.body is not None else set()
    return bool(whole & used)


def _takes(clause: Clause, message: Node, state: Node) -> bool:
    """Whether the clause matches whenever the message comes with that state."""
    return clause.guard is None and _fits(clause, [message, state])


def _fits(clause: Clause, values: list[Node]) -> bool:
    """Whether the first parameters match these values in any case."""
    patterns = clause.params[: len(values)]
    names = [name for p in patterns for name in variables(p) if name != "_"]
    return len(names) == len(set(names)) and all(
        surely_matches(p, v, clause.function.module) for p, v in zip(patterns, values, strict=True)
    )


def _can_come_along(lead: Node) -> bool:
    code = text(lead)
    return lead.type == "comment" or code.startswith("@impl") or code == "@doc false"


def taken(send: SelfSend, clause: Clause) -> tuple[str, str]:
    """A pattern that takes what the message is, and the term that it gives back."""
    message = send.message
    if tag(message) is None:
        return "message", "message"
    if _is_both(message):
        return text(message), text(message)
    pattern = clause.params[0]
    if _is_both(pattern) and not nodes.of_type(pattern, "map") and _fits(clause, [message]):
        return text(pattern), text(pattern)
    first, *others = [c for c in message.named_children if c.type != "comment"]
    parts = [text(first), *(text(o) if o.type in _CONSTANTS else "_" for o in others)]
    return f"{{{', '.join(parts)}}} = message", "message"


def _is_both(node: Node) -> bool:
    """Whether the code is a pattern and, with the names it binds, a term of the same value."""
    named = (n for n in nodes.walk(node) if n.is_named)
    return all(n.type in _TERMS for n in named) and not any(
        name.startswith("_") and name != "__MODULE__" for name in nodes.identifiers(node)
    )
