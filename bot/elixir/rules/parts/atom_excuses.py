"""Why an atom that is made at run time does no harm."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir.calls import resolve
from bot.elixir.context import is_platform
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.project import Project
from bot.elixir.rules.parts.accepted import accepted
from bot.elixir.rules.parts.bounded_text import Trail, few
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
from bot.elixir.rules.parts.stated_reasons import module_says_why_atoms, says_why_atoms
from bot.elixir.runners import reached_by_macros

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
    if says_why_atoms(node, clause) or _given_by_who_says_why(value, clause, project):
        return "stated"
    if value is not None and unasked and (names_a_node(value, clause) or is_a_cookie(node)):
        return "node-name"
    if reached_by_macros(function, project):
        return "compile-time"
    if unasked and only_at_start(function, project):
        return "start-up"
    return "compile-time" if names_code(function) else ""


def _given_by_who_says_why(value: Node | None, clause: Clause, project: Project) -> bool:
    """Whether another module of the project gives the name, and says how it keeps names few."""
    call = resolve(value, clause.function.module) if value and value.type == "call" else None
    if call is None or call.local or call.module not in project.modules:
        return False
    return module_says_why_atoms(project.module(call.module))
