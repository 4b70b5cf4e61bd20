"""Whether text that becomes an atom can take few values only: names of atoms, counts, literals."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import Literal

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.expressions import Expression, branches
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Function
from bot.elixir.project import Project
from bot.elixir.results import results
from bot.elixir.rules.parts.again import is_call_of
from bot.elixir.rules.parts.bindings import bound_to, closure_setting, is_indexed, parts
from bot.elixir.rules.parts.bounded_calls import (
    captures,
    chosen_from,
    chosen_keys,
    defaults_to_an_atom,
    looks_up_fixed,
    mapped,
    setting_parts,
    taken_by,
)
from bot.elixir.rules.parts.grammars import closed_by_a_grammar
from bot.elixir.rules.parts.known_names import known_name
from bot.elixir.rules.parts.specs import is_atom
from bot.elixir.rules.parts.standing import bounded, callers_of, iterated, literal

Few = Literal["", "few", "count"]
"""`few`: a fixed set, or at most one for each atom there is; `count`: a number counted here."""

CONVERSIONS = frozenset(
    "String.to_atom String.to_unsafe_atom List.to_atom List.to_unsafe_atom "
    ":erlang.binary_to_atom :erlang.list_to_atom".split()
)
"""What makes an atom of text; it is told where that is, and then there is one for each atom."""
_COUNTS = frozenset({"length", "tuple_size", "map_size", "Enum.count", "Range.new"})
_OF_ATOMS = frozenset({"Atom.to_string", "Atom.to_charlist", ":erlang.atom_to_binary"})
_KEEPS = frozenset("inspect to_string Kernel.inspect Kernel.to_string binary_slice".split())
_REARRANGES = ("String", "Enum", "List", "Integer", "Stream", "Tuple")
"""Modules whose functions make values of what they are given, and of nothing else."""
_JOINS = frozenset({"<>", "++", "+", "-", "*", "||", "&&"})
_DEEPEST = 12
_MOST_STEPS = 1000
"""Asked of one atom. Private functions that call each other in many ways make paths without end."""


@dataclass(frozen=True)
class Trail:
    """What is being asked already: variables may come round again, parameters may not grow."""

    project: Project | None = None
    """Where functions of other modules are looked up; without it they are not known."""
    seen: frozenset[tuple[int, str]] = frozenset()
    steps: count[int] = field(default_factory=count)
    """How many values were asked about, together with all trails that this one split into."""

    def on(self, clause: Clause, name: str) -> Trail:
        return replace(self, seen=self.seen | {(clause.node.id, name)})


def few(value: Node, clause: Clause, trail: Trail | None = None) -> Few:
    """Whether the value is one of few, as far as the code shows; empty where it does not."""
    trail = trail or Trail()
    if len(trail.seen) > _DEEPEST or next(trail.steps) > _MOST_STEPS:
        return ""
    if known_name(value, clause) or closed_by_a_grammar(value, clause, trail.project):
        return "few"
    if value.type == "identifier":
        return _variable(value, clause, trail)
    if literal(value) or value.type == "alias" or nodes.operator(value) == "@":
        return "few"
    if value.type in ("string", "charlist", "quoted_atom"):
        inside = [c for c in value.named_children if c.type == "interpolation"]
        return _all([n for part in inside for n in parts(part)], clause, trail)
    if value.type == "binary_operator":
        return _operation(value, clause, trail)
    if value.type == "list":
        return _all(parts(value), clause, trail)
    return _call(value, clause, trail) if value.type == "call" else ""


def _all(values: list[Node], clause: Clause, trail: Trail) -> Few:
    return "few" if values and all(few(v, clause, trail) for v in values) else ""


def _operation(value: Node, clause: Clause, trail: Trail) -> Few:
    operator = nodes.operator(value)
    if operator in ("..", "//"):
        return "count"
    left, right = value.child_by_field_name("left"), value.child_by_field_name("right")
    if left is None or right is None:
        return ""
    if operator == "|>":
        return few(right, clause, trail)
    if operator not in _JOINS:
        return ""
    sides = few(left, clause, trail), few(right, clause, trail)
    if not all(sides):
        return ""
    return "count" if operator in ("+", "-", "*") and "count" in sides else "few"


def _call(node: Node, clause: Clause, trail: Trail) -> Few:
    if nodes.is_call_to(node, "for"):
        made = nodes.call_keywords(node).get("do")
        last = [made] if made is not None else nodes.statements(nodes.do_block(node))[-1:]
        return _all(last, clause, trail)
    if of_branches := branches(Expression(node, clause)):
        return _all([b.node for b in of_branches], clause, trail)
    call = resolve(node, clause.function.module)
    if call is None:
        return ""
    if call.full in _COUNTS:
        return "count"
    if call.full in _OF_ATOMS or call.full in CONVERSIONS:
        return "few"
    if looks_up_fixed(call) or defaults_to_an_atom(call):
        return "few"
    if deciding := setting_parts(call):
        return _all(deciding, clause, trail)
    if call.full not in _KEEPS and call.module not in _REARRANGES:
        return _returned(call, trail)
    if listings := chosen_from(call):
        return next((said for one in listings if (said := few(one, clause, trail))), "")
    if images := mapped(call):
        fixed = [captures(image, _OF_ATOMS) or few(image, clause, trail) for image in images]
        return "few" if all(fixed) else ""
    given = [a for a in call.args if a.type != "keywords"]
    return few(given[0], clause, trail) if len(given) == 1 else _all(given, clause, trail)


def _returned(call: Call, trail: Trail) -> Few:
    """What a function of the project gives back; where it raises it gives nothing."""
    function = _function(call, trail.project)
    taken = taken_by(function, call) if function is not None else []
    if any((c.node.id, "") in trail.seen for c in taken):
        return ""
    found = [
        few(result, clause, trail.on(clause, ""))
        for clause in taken
        for result in results(clause)
        if not nodes.is_call_to(result, "raise", "throw", "exit")
    ]
    return _together(found)


def _function(call: Call, project: Project | None) -> Function | None:
    if call.module == call.owner.name:
        return call.owner.local(call.name, call.arity)
    facts = project.modules.get(call.module) if project is not None else None
    if project is None or facts is None or not project.defines(facts, call.name):
        return None
    return project.module(call.module).local(call.name, call.arity)


def _variable(use: Node, clause: Clause, trail: Trail) -> Few:
    name = text(use)
    if name == "__MODULE__" or bounded(name, use, clause) or is_atom(name, clause):
        return "few"
    if (clause.node.id, name) in trail.seen:
        # A function that calls itself may hand on more each time.
        return "few" if _position(name, clause) is None else ""
    trail = trail.on(clause, name)
    closure = closure_setting(name, use, clause)
    found = [few(source, clause, trail) for source in bound_to(name, use, clause)]
    if closure is not None:
        found.append(_element(name, closure, clause, trail))
    elif (position := _position(name, clause)) is not None:
        found.append(_given(position, clause, trail))
    elif any(name in nodes.identifiers(p) for p in clause.params):
        return ""
    return _together(found)


def _together(found: list[Few]) -> Few:
    if not found or not all(found):
        return ""
    return "count" if all(f == "count" for f in found) else "few"


def _element(name: str, stab: Node, clause: Clause, trail: Trail) -> Few:
    """What a function value is given by `Enum.map(source, fn name -> ...)` and their like."""
    function, patterns = stab.parent, nodes.clause_patterns(stab)
    taker = function.parent if function is not None else None
    if taker is not None and nodes.is_call_to(taker, "case"):
        return _all(nodes.arguments(taker)[:1], clause, trail)
    taker = taker.parent if taker is not None else None
    if function is None or function.type != "anonymous_function" or taker is None:
        return ""
    source = iterated(taker) if taker.type == "call" else None
    call = resolve(taker, clause.function.module) if source is not None else None
    if call is None or source is None:
        return ""
    first = patterns[0]
    if call.name == "with_index" and len(patterns) == 2 and text(patterns[1]) == name:
        return "count"
    if name not in nodes.identifiers(first):
        return ""
    places = [i for i, part in enumerate(parts(first)) if text(part) == name]
    if is_indexed(source, clause) and first.type == "tuple" and places == [1]:
        return "count"
    if call.name in ("zip_with", "zip_reduce") and source.type == "list" and places:
        given = parts(source)
        return few(given[places[0]], clause, trail) if places[0] < len(given) else ""
    if first.type == "tuple" and places == [0]:
        keys = chosen_keys(source, clause.function.module)
        return few(source if keys is None else keys, clause, trail)
    return few(source, clause, trail)


def _position(name: str, clause: Clause) -> int | None:
    return next((i for i, param in enumerate(clause.params) if text(param) == name), None)


def _given(position: int, clause: Clause, trail: Trail) -> Few:
    """What the callers of a private function pass there: all of them few, or one an atom."""
    function = clause.function
    if function.kind != "defp":
        return ""
    passed = [
        (call, other)
        for caller in callers_of(function)
        for other in caller.clauses
        for call in other.calls
        if is_call_of(call, function)
    ]
    if any(_passes_atom(call, other, position) for call, other in passed):
        return "few"
    return _together(
        [
            few(call.args[position], other, trail) if position < len(call.args) else ""
            for call, other in passed
        ]
    )


def _passes_atom(call: Call, clause: Clause, position: int) -> bool:
    """The callers of a private function agree on the type of what they pass."""
    if position >= len(call.args) or call.args[position].type != "identifier":
        return False
    return is_atom(text(call.args[position]), clause)
