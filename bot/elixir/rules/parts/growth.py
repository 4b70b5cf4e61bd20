"""Parts of a server's state that messages add to, and whatever makes them smaller again."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call, resolve
from bot.elixir.expressions import Expression, value_of
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.project import Project
from bot.elixir.reach import SERVER_CALLBACKS
from bot.elixir.results import results
from bot.elixir.rules.parts.kept import field_written
from bot.elixir.rules.parts.senders import sent_messages
from bot.elixir.rules.parts.state_use import Write
from bot.elixir.rules.parts.table_keys import comes_from_outside, may_be_many

_BY_KEY = frozenset(
    {"Map.put", "Map.put_new", "Map.update", "Keyword.put", ":maps.put", "put_in", "update_in"}
)
_WHATEVER = frozenset({"MapSet.put", "List.insert_at"})

_SHRINKS = frozenset(
    """
    Map.delete Map.drop Map.pop Map.pop! Map.take Map.reject Map.filter Map.split Map.new
    Map.replace Map.from_struct
    Keyword.delete Keyword.drop Keyword.pop Keyword.take Keyword.filter Keyword.reject
    List.delete List.delete_at List.pop_at List.keydelete List.keytake Enum.take Enum.drop
    Enum.take_while Enum.drop_while Enum.split Enum.split_with Enum.split_while Enum.slice
    Enum.filter Enum.reject Enum.uniq Enum.uniq_by Enum.dedup Enum.reduce Enum.reduce_while
    Enum.into Enum.map_reduce Enum.flat_map Enum.group_by Enum.chunk_every Enum.take_random
    MapSet.delete MapSet.difference MapSet.new MapSet.filter MapSet.reject MapSet.intersection
    :queue.out :queue.drop :queue.tail :queue.new :queue.filter :queue.delete :queue.out_r
    :maps.remove :maps.filter :lists.delete :gb_trees.delete :gb_trees.take_smallest
    Kernel.tl Kernel.hd tl hd pop_in for struct struct! Stream.take
    """.split()
)
"""Calls whose result can hold less than what they were given."""

_LIBRARY = frozenset(
    "Access Application Atom Base Date DateTime Enum File Float GenServer IO Integer Kernel "
    "Keyword List Logger Macro Map MapSet NaiveDateTime Node Path Process Range Registry Regex "
    "Stream String System Task Time Tuple URI Agent Supervisor DynamicSupervisor PubSub".split()
)


def grows(write: Write, module: Module, given: set[str], project: Project) -> bool:
    """Whether each such message leaves the state larger, or can by another key."""
    if not _is_kept(write.clause):
        return False
    if write.node.type != "call":
        rest = write.node.child_by_field_name("right")
        longer = rest is not None and bool(nodes.identifiers(rest))
        return longer and not _within_a_shrink(write, module)
    call = resolve(write.node, module)
    if call is None or not call.args or _within_a_shrink(write, module):
        return False
    if call.full in _WHATEVER:
        return True
    if call.full not in _BY_KEY or _counts(call):
        return False
    key = _key(call)
    if key is None:
        return False
    names = nodes.identifiers(key) & given
    return any(
        may_be_many(name, key, write.clause, project)
        and _is_brought(name, key, write.clause, project)
        for name in names
    )


def _is_brought(name: str, key: Node, clause: Clause, project: Project) -> bool:
    """Whether the client functions take the value from their callers, as far as they are seen."""
    if (clause.function.name, clause.function.arity) not in SERVER_CALLBACKS:
        return comes_from_outside(key, clause, project)
    message = clause.params[0]
    parts = message.named_children if message.type == "tuple" else []
    place = next((i for i, part in enumerate(parts) if text(part) == name), None)
    if place is None:
        return True
    sent = list(sent_messages(parts, clause.function.module))
    return not sent or any(
        comes_from_outside(given.named_children[place], client, project) for given, client in sent
    )


def _counts(call: Call) -> bool:
    """`Map.update(counters, kind, 1, &(&1 + 1))`: as many entries as there are kinds."""
    return call.name == "update" and len(call.args) > 2 and call.args[2].type == "integer"


def _is_kept(clause: Clause) -> bool:
    """Whether a callback goes on with another state than it was given."""
    if (clause.function.name, clause.function.arity) not in SERVER_CALLBACKS:
        return True
    given = text(clause.params[-1])
    states = list(_states(clause))
    return not states or any(text(state) != given for state in states)


def _key(call: Call) -> Node | None:
    if call.name not in ("put_in", "update_in"):
        return call.args[1] if len(call.args) > 2 else None
    # put_in(state.items[id], item): the key stands in the brackets.
    path = call.args[0]
    if path.type == "access_call":
        return path.child_by_field_name("key") or path.named_children[-1]
    if len(call.args) > 2 and call.args[1].type == "list" and call.args[1].named_children:
        return call.args[1].named_children[-1]
    return None


def _within_a_shrink(write: Write, module: Module) -> bool:
    """`Enum.take([new | old], 10)`: what is added is cut at once."""
    for around in nodes.ancestors(write.node):
        if around.id == write.clause.node.id:
            return False
        if around.type == "call":
            taker = resolve(around, module)
            if taker is not None and taker.full in _SHRINKS:
                return True
        if nodes.operator(around) == "|>" and _any_shrinks(around, module):
            return True
    return False


def _any_shrinks(pipe: Node, module: Module) -> bool:
    steps = (resolve(n, module) for n in nodes.of_type(pipe, "call"))
    return any(step is not None and step.full in _SHRINKS for step in steps)


def is_cut(write: Write, module: Module, growing: list[Write]) -> bool:
    """Whether anything in the module could make that part of the state smaller, or the server ends
    by itself.
    """
    field = field_written(write)
    clauses = [c for c in module.all_clauses() if c.function.label != "init/1"]
    return any(
        _shrinks(clause, field)
        or _resets(clause, field, growing)
        or _hands_over(clause, field)
        or _ends(clause)
        for clause in clauses
    )


def _shrinks(clause: Clause, field: str) -> bool:
    if field and not clause.mentions(field.encode()):
        return False
    if any(call.full in _SHRINKS for call in clause.calls):
        return True
    return clause.body is not None and any(
        nodes.operator(n) in ("--", "---") for n in nodes.of_type(clause.body, "binary_operator")
    )


def _resets(clause: Clause, field: str, growing: list[Write]) -> bool:
    """Whether it sets the field, or returns a state, that is made without the growing part."""
    if field:
        values = (_named(value, clause) for value in _values_set(clause, field))
        return any(not _holds(value, growing) for value in values)
    return any(_is_new(state, clause) for state in _states(clause) if not _holds(state, growing))


def _named(value: Node, clause: Clause) -> Node:
    """What a variable stands for; any other value stands for itself."""
    assigned = value_of(Expression(value, clause)) if value.type == "identifier" else None
    return assigned.node if assigned is not None else value


def _holds(node: Node, growing: list[Write]) -> bool:
    return any(nodes.contains(node, write.node) for write in growing)


def _values_set(clause: Clause, field: str) -> Iterator[Node]:
    body = clause.body
    if body is None:
        return
    for pair in nodes.of_type(body, "pair"):
        if nodes.text_of(pair, "key").strip().rstrip(":") == field and not _in_pattern(pair, body):
            value = pair.child_by_field_name("value")
            if value is not None:
                yield value
    for call in clause.calls:
        if call.full in ("Map.put", "Map.replace!", "Map.update!", "Map.replace"):
            if len(call.args) > 2 and text(call.args[1]) == f":{field}":
                yield call.node
        elif call.full in ("put_in", "update_in") and call.args:
            path = call.args[0]
            if path.type in ("call", "dot") and text(path).endswith(f".{field}"):
                yield call.node


def _in_pattern(pair: Node, body: Node) -> bool:
    for around in nodes.ancestors(pair):
        if around.id == body.id:
            return False
        if nodes.operator(around) in ("=", "<-") or around.type == "stab_clause":
            left = around.child_by_field_name("left")
            return left is not None and nodes.contains(left, pair)
    return False


def _states(clause: Clause) -> Iterator[Node]:
    """The states a callback or an Agent's function goes on with."""
    key = (clause.function.name, clause.function.arity)
    if key in SERVER_CALLBACKS:
        for result in results(clause):
            parts = result.named_children if result.type == "tuple" else []
            at = 2 if parts and text(parts[0]) == ":reply" else 1
            if len(parts) > at:
                yield parts[at]
    for call in clause.calls:
        if call.full in ("Agent.update", "Agent.cast", "Agent.get_and_update"):
            function = call.args[1] if len(call.args) > 1 else None
            for stab in nodes.clauses(function):
                yield from nodes.statements(nodes.clause_body(stab))[-1:]


def _is_new(state: Node, clause: Clause) -> bool:
    """Whether a state is made anew: a literal, or what a call gives that gets no state."""
    if state.type in ("list", "map", "tuple"):
        return not nodes.of_type(state, "identifier") or not _updates(state)
    if state.type == "call":
        call = resolve(state, clause.function.module)
        return call is not None and not any(nodes.of_type(a, "identifier") for a in call.args)
    return False


def _updates(state: Node) -> bool:
    """`%{state | key: value}` or `[new | state]`."""
    return any(nodes.operator(n) == "|" for n in nodes.of_type(state, "binary_operator"))


def _hands_over(clause: Clause, field: str) -> bool:
    """Whether another module of the project gets the state, which may give back less."""
    state = text(clause.params[-1]) if clause.params else ""
    for call in clause.calls:
        root = call.module.split(".")[0]
        own = call.module == clause.function.module.name
        if own or not root or root in _LIBRARY or root.startswith(":"):
            continue
        given = {text(arg) for arg in call.args}
        if state in given or (field and any(g.endswith(f".{field}") or g == field for g in given)):
            return True
    return False


def _ends(clause: Clause) -> bool:
    """Whether the server stops by itself: then what it holds goes with it."""
    return any(
        result.type == "tuple"
        and result.named_children
        and text(result.named_children[0]) == ":stop"
        for result in results(clause)
    )
