"""Why an atom that is made at run time does no harm."""

from __future__ import annotations

import re

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import resolve
from bot.elixir.context import is_platform
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.rules.parts.accepted import accepted
from bot.elixir.rules.parts.bounded_text import Trail, few
from bot.elixir.rules.parts.comments import comments_above, is_a_reason
from bot.elixir.rules.parts.configuring import is_provider
from bot.elixir.rules.parts.names_code import names_code
from bot.elixir.rules.parts.node_names import is_a_cookie, names_a_node
from bot.elixir.rules.parts.outside import outside
from bot.elixir.rules.parts.standing import (
    at_compile_time,
    bounded,
    literal_listing,
    only_for_macros,
)
from bot.elixir.rules.parts.starting import START_UP, only_at_start
from bot.elixir.runners import reached_by_macros

_OF_ATOMS = re.compile(
    r"\bto_existing_atom\b|\bexisting atoms?\b|\batom (?:exhaustion|table)\b", re.I
)
_MEANT = re.compile(
    r"\b(?:because|since|cannot|can not|can't|trust\w*|safe|bounded|limited|finite|fixed|few"
    r"|to avoid|only)\b",
    re.I,
)
"""Why new atoms do no harm; without it the comment may ask for another way."""

_NAMED_LIKE_IT = ("to_atom", "to_unsafe_atom", "binary_to_atom", "list_to_atom")


def excuse(clause: Clause, node: Node, value: Node | None, project: Project) -> str:
    """The name of the exemption for an atom made in a clause; empty where none is seen."""
    function, module = clause.function, clause.function.module
    if is_platform(module):
        return "platform"
    if only_for_macros(function) or at_compile_time(node, module):
        return "compile-time"
    app = project.app_of(module.source.path)
    of_mix = module.name.startswith("Mix.") or module.implements("Mix.Task")
    if of_mix or (app is not None and app.only_escript):
        return "mix-task"
    if function.name.removesuffix("!") in _NAMED_LIKE_IT:
        return "announced"
    unasked = value is None or not outside(value, clause)
    if module.implements("Ecto.Migration") or (function.name in START_UP and unasked):
        return "start-up"
    if value is not None and (
        bounded(text(value), node, clause)
        or literal_listing(value, module)
        or few(value, clause, Trail(project))
    ):
        return "bounded"
    if accepted(node, clause):
        return "accepted"
    if _says_why(node, clause) or _given_by_who_says_why(value, clause, project):
        return "stated"
    if value is not None and unasked and (names_a_node(value, clause) or is_a_cookie(node, clause)):
        return "node-name"
    if reached_by_macros(function, project):
        return "compile-time"
    # What a provider reads has string keys, too: it is the operator's own.
    if (unasked or is_provider(module)) and only_at_start(function, project):
        return "start-up"
    return "compile-time" if names_code(function) else ""


def _given_by_who_says_why(value: Node | None, clause: Clause, project: Project) -> bool:
    """Whether another module of the project gives the name, and says how it keeps names few."""
    call = resolve(value, clause.function.module) if value and value.type == "call" else None
    if call is None or call.local or call.module not in project.modules:
        return False
    return _module_says_why(project.module(call.module))


def _says_why(node: Node, clause: Clause) -> bool:
    """Whether a comment above the function, or right above what makes an atom, says why no atom
    that exists already does, or that there are not too many.
    """
    places = [same.node for same in clause.function.clauses]
    within = (a for a in nodes.ancestors(node) if nodes.contains(clause.node, a))
    places += [a for a in (node, *within) if a.prev_named_sibling is not None]
    return any(_explains(list(comments_above(place))) for place in places)


def _module_says_why(module: Module) -> bool:
    """Whether a comment of a module that gives out names says how it keeps atoms few."""
    if not module.source.holds((b"atom ", b"existing_atom")):
        return False
    comments = [text(c) for c in nodes.of_type(module.node, "comment")]
    return _explains(list(reversed(comments)))


def _explains(comments: list[str]) -> bool:
    words = " ".join(" ".join(reversed(comments)).replace("#", " ").split())
    about = _OF_ATOMS.search(words) is not None and _MEANT.search(words) is not None
    return about and is_a_reason(comments)
