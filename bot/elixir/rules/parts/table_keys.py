"""Keys under which rows are put into a table: a fixed set, or whatever callers bring."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import resolve
from bot.elixir.expressions import assignments, operations
from bot.elixir.nodes import text
from bot.elixir.outline import Clause
from bot.elixir.project import Project
from bot.elixir.results import results
from bot.elixir.rules.parts.own_field import one_for_each_child
from bot.elixir.rules.parts.specs import parameter_types
from bot.elixir.rules.parts.standing import bounded, iterated
from bot.elixir.runners import callers
from bot.elixir.tables import Operation

_FEW = re.compile(r"\b(?:atom|module|node|boolean)\(\)|^(?:\s*:\w+\s*\|?)+$")
"""Types of which a running system has few values."""
_NAMED_TYPE = re.compile(r"(?:\w+\s*::\s*)?(?:(?P<module>[\w.]+)\.)?(?P<name>\w+)\(\)")
_TYPE = re.compile(r"@typep?\s+(?P<name>\w+)(?:\(\))?\s*::\s*(?P<type>.+)", re.DOTALL)
_GUARDS_OF_FEW = ("is_atom", "is_boolean")
_MOST_STEPS = 4
_MOST_CALLERS = 2


def written_keys(operation: Operation) -> list[Node]:
    """The keys, as written, of rows that a call can add."""
    call = operation.call
    if len(call.args) < 2:
        return []
    if call.full == ":ets.update_counter":
        return [call.args[1]] if call.arity == 4 else []
    if call.full not in (":ets.insert", ":ets.insert_new"):
        return []
    row = call.args[1]
    rows = row.named_children if row.type == "list" else [row]
    return [r.named_children[0] for r in rows if r.type == "tuple" and r.named_children]


def comes_from_outside(
    key: Node, clause: Clause, project: Project, steps: int = _MOST_CALLERS
) -> bool:
    """Whether a key is made of something the function was given, of which there can be many.

    Where callers in the project only ever give a literal there are as many as there are calls.
    """
    return any(
        may_be_many(name, at, clause, project)
        and not one_for_each_child(name, at, clause, project)
        and _given_by_callers(name, clause, project, steps)
        for name, at in _sources(key, clause, _MOST_STEPS)
    )


def _given_by_callers(name: str, clause: Clause, project: Project, steps: int) -> bool:
    place, element = _place(name, clause)
    if place is None or not steps:
        return True
    found = [pair for pair in callers(clause.function, project) if not pair[1].captured]
    given = [(_part(c.args[place], element), c) for _, c in found if len(c.args) > place]
    return not given or any(
        comes_from_outside(argument, around, project, steps - 1)
        for argument, call in given
        for around in call.owner.all_clauses()
        if nodes.contains(around.node, call.node)
    )


def _place(name: str, clause: Clause) -> tuple[int | None, int | None]:
    """The parameter that the name is, or the one with the element of a tuple that it is."""
    for place, param in enumerate(clause.params):
        if text(param) == name:
            return place, None
        for element, part in enumerate(param.named_children if param.type == "tuple" else ()):
            if text(part) == name:
                return place, element
    return None, None


def _part(argument: Node, element: int | None) -> Node:
    """The element of a tuple, where it is written out; else all of the argument."""
    if element is None or argument.type != "tuple" or len(argument.named_children) <= element:
        return argument
    return argument.named_children[element]


def _sources(node: Node, clause: Clause, steps: int) -> Iterator[tuple[str, Node]]:
    """Parameters of the clause that an expression is made of, each with where it is used."""
    given = {name for param in clause.params for name in nodes.identifiers(param)}
    for found in nodes.of_type(node, "identifier"):
        name = text(found)
        values = [v for v in assignments(name, clause) if v.end_byte <= found.start_byte]
        bound = _bound_to(name, found, clause) if not values else None
        source = values[-1] if values else bound
        if source is not None and (
            b":ets." in (source.text or b"") or _is_from_a_table(source, found, clause)
        ):
            # A key that came from a table is one the table had.
            continue
        if source is not None and steps:
            yield from _sources(source, clause, steps - 1)
        elif source is None and name in given and not (_is_called(found) or _is_field(found)):
            yield name, found


def _is_from_a_table(source: Node, use: Node, clause: Clause) -> bool:
    """Whether a field is taken of what a function of the module has looked up in a table.

    Such a function gives back a part of a row or fails; one that else makes a value does not count.
    """
    around, module = use.parent, clause.function.module
    made = resolve(source, module) if around is not None and around.type == "dot" else None
    looks = module.local(made.name, made.arity) if made and made.module == module.name else None
    return looks is not None and all(_gives_a_row(taken) for taken in looks.clauses)


def _gives_a_row(clause: Clause) -> bool:
    given = {name for param in clause.params for name in nodes.identifiers(param)}
    return clause.mentions(b":ets.lookup") and all(
        result.type == "nil"
        or (result.type == "identifier" and text(result) not in given)
        or nodes.is_call_to(result, "raise", "throw", "exit")
        for result in results(clause)
    )


def _bound_to(name: str, at: Node, clause: Clause) -> Node | None:
    """What a pattern around a place takes the variable from: `for x <- rows`, `fn x -> ... end`."""
    for around in nodes.ancestors(at):
        if around.id == clause.node.id:
            return None
        if nodes.is_call_to(around, "for", "with"):
            for left, right in map(_sides, operations(around, "<-")):
                bound = left is not None and name in nodes.identifiers(left)
                if bound and right is not None and not nodes.contains(right, at):
                    return right
        if around.type == "stab_clause":
            patterns = nodes.clause_patterns(around)
            if any(name in nodes.identifiers(p) for p in patterns):
                return _taken_apart(around)
    return None


def _sides(operation: Node) -> tuple[Node | None, Node | None]:
    return operation.child_by_field_name("left"), operation.child_by_field_name("right")


def _taken_apart(stab: Node) -> Node | None:
    """What a function's clause iterates over, or a `case` looks at."""
    holder = stab.parent
    call = holder.parent if holder is not None else None
    if holder is not None and holder.type == "anonymous_function":
        call = call.parent if call is not None else None
        return iterated(call) if call is not None and call.type == "call" else None
    given = nodes.arguments(call) if call is not None and call.type == "call" else []
    return given[0] if given else None


def _is_called(identifier: Node) -> bool:
    parent = identifier.parent
    target = parent.child_by_field_name("target") if parent is not None else None
    return target is not None and target.id == identifier.id


def _is_field(identifier: Node) -> bool:
    """Whether it is the name of a field, right of the dot."""
    parent = identifier.parent
    right = parent.child_by_field_name("right") if parent is not None else None
    dotted = parent is not None and parent.type == "dot"
    return dotted and right is not None and right.id == identifier.id


def may_be_many(name: str, at: Node, clause: Clause, project: Project) -> bool:
    """Whether a parameter can have any number of values there, as far as guards and specs tell."""
    if bounded(name, at, clause) or _is_used_as_an_atom(name, clause):
        return False
    guard = clause.guard
    for test in nodes.of_type(guard, "call") if guard is not None else ():
        if nodes.is_call_to(test, *_GUARDS_OF_FEW) and name in nodes.identifiers(test):
            return False
    written = parameter_types(clause).get(name, "")
    return _FEW.search(written) is None and not _names_few(written, clause, project)


def _is_used_as_an_atom(name: str, clause: Clause) -> bool:
    """Whether only an atom can be what the clause does with it: it names a table, or a struct."""
    if any(c.full == ":ets.new" and c.args and text(c.args[0]) == name for c in clause.calls):
        return True
    structs = (n for param in clause.params for n in nodes.of_type(param, "struct"))
    return any(text(struct).lstrip("%") == name for struct in structs)


def _names_few(written: str, clause: Clause, project: Project) -> bool:
    """Whether a type is one of the project's that lists atoms."""
    match = _NAMED_TYPE.fullmatch(written)
    if match is None:
        return False
    own = clause.function.module
    named = own.scope.resolve_name(match["module"]) if match["module"] else own.name
    if named not in project.modules:
        return False
    for node in nodes.statements(project.module(named).body):
        defined = _TYPE.match(text(node)) if nodes.operator(node) == "@" else None
        if defined is not None and defined["name"] == match["name"]:
            return _FEW.search(defined["type"]) is not None
    return False
