"""What calls give back, where text that becomes an atom comes from them."""

from __future__ import annotations

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.matching import can_match
from bot.elixir.outline import Clause, Function, Module
from bot.elixir.rules.parts.bindings import last_call
from bot.elixir.rules.parts.standing import literal
from bot.elixir.settings import read

_FETCHES = frozenset({"Map.get", "Map.fetch", "Map.fetch!"})
_OF_SYSTEM = frozenset({"System.get_env", "System.fetch_env!"})
_CHOOSES = frozenset(
    {
        "filter", "reject", "sort", "sort_by", "uniq", "uniq_by", "dedup", "dedup_by", "take",
        "take_while", "drop", "drop_while", "find", "min_by", "max_by", "reverse", "shuffle",
    }
)  # fmt: skip
"""Functions of `Enum` and `Stream` that give back nothing but elements of what they are given."""


def looks_up_fixed(call: Call) -> bool:
    """Whether it looks a value up in a map that is written out, or made at compile time."""
    if call.full not in _FETCHES or not call.args or not all(map(literal, call.args[2:])):
        return False
    within = call.args[0]
    return nodes.operator(within) == "@" or (within.type == "map" and not nodes.identifiers(within))


def defaults_to_an_atom(call: Call) -> bool:
    """Whether it reads an option that is an atom where nobody sets it: at most one for each."""
    default = call.args[2] if call.full == "Keyword.get" and len(call.args) == 3 else None
    return default is not None and default.type == "atom"


def chosen_from(call: Call) -> list[Node]:
    """The lists that each hold all elements which the call gives back, unchanged."""
    if call.module not in ("Enum", "Stream") or call.name not in _CHOOSES:
        return []
    allowed = _allowed(call)
    return [*call.args[:1], *([allowed] if allowed is not None else [])]


def chosen_keys(source: Node, module: Module) -> Node | None:
    """The keys that a map or keyword list can have: those by which parts of another were taken."""
    call = last_call(source, module)
    taken = call is not None and call.full in ("Map.take", "Keyword.take")
    return call.args[-1] if call is not None and taken and call.args else None


def _allowed(call: Call) -> Node | None:
    """The list that holds all elements which a filter lets through: `&(&1 in list)`."""
    if call.name not in ("filter", "find", "take_while") or len(call.args) != 2:
        return None
    function = call.args[1]
    element, test = "&1", _captured(function)
    if function.type == "anonymous_function":
        stabs = list(nodes.clauses(function))
        body = nodes.statements(nodes.clause_body(stabs[0])) if len(stabs) == 1 else []
        patterns = nodes.clause_patterns(stabs[0]) if len(stabs) == 1 else []
        if len(body) != 1 or len(patterns) != 1:
            return None
        element, test = nodes.text(patterns[0]), body[0]
    if test is None or nodes.operator(test) != "in" or nodes.text_of(test, "left") != element:
        return None
    return test.child_by_field_name("right")


def setting_parts(call: Call) -> list[Node]:
    """Where it reads the environment of the system or of an application: what is one of few if its
    value is. By a fixed name that is the default, else the name too.
    """
    setting = read(call)
    if setting is not None and setting.store in ("application", "system"):
        return call.args[-1:]
    return call.args if call.full in _OF_SYSTEM else []


def mapped(call: Call) -> list[Node]:
    """What the function of an `Enum.map/2` gives back for an element, or the name it captures."""
    if call.full not in ("Enum.map", "Stream.map") or len(call.args) != 2:
        return []
    function = call.args[1]
    if function.type == "anonymous_function":
        bodies = [nodes.statements(nodes.clause_body(s)) for s in nodes.clauses(function)]
        return [body[-1] for body in bodies if body]
    operand = _captured(function)
    return [operand] if operand is not None else []


def _captured(function: Node) -> Node | None:
    """What stands behind a `&`, in parentheses or not."""
    inside = [c for c in function.named_children if c.type != "comment"]
    return inside[0] if nodes.operator(function) == "&" and len(inside) == 1 else None


def captures(node: Node, names: frozenset[str]) -> bool:
    """Whether it is the `Module.name/1` of a capture of one of them."""
    return nodes.operator(node) == "/" and nodes.text_of(node, "left") in names


def taken_by(function: Function, call: Call) -> list[Clause]:
    """The clauses that the call's arguments do not rule out."""
    return [
        clause
        for clause in function.clauses
        if len(clause.params) != len(call.args)
        or all(
            can_match(param, call.owner.value(arg), function.module)
            for param, arg in zip(clause.params, call.args, strict=True)
        )
    ]
