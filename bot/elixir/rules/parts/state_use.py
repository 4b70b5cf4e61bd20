"""What a server's state is made of: writes by callers, reads, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.calls import Call
from bot.elixir.expressions import operations
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.reach import reached

GROWS = frozenset(
    {
        "Map.put", "Map.put_new", "Map.update", "Map.update!", "Map.merge", "MapSet.put",
        "Keyword.put",
        "Keyword.update", "List.insert_at", "Enum.into", "put_in", "update_in", ":queue.in",
        ":gb_trees.insert",
        ":gb_trees.enter", ":maps.put",
    }
)  # fmt: skip
"""Calls whose result holds more than their first argument did."""

_KEY_SECOND = frozenset(
    {"Map.put", "Map.put_new", "Map.update", "Map.update!", "Keyword.put", "Keyword.update",
     "List.insert_at"}
)  # fmt: skip
"""Of these the second argument says where."""
_KEY_FIRST = frozenset({":maps.put", ":gb_trees.insert", ":gb_trees.enter"})
_PATHS = frozenset({"put_in", "update_in"})

_REMOVALS = (
    "Map.delete", "Map.drop", "Map.pop", "MapSet.delete", "List.delete", "Keyword.delete",
    "Enum.reject", "Enum.filter", ":maps.remove",
)  # fmt: skip

AGENT_WRITES = ("Agent.update", "Agent.cast", "Agent.get_and_update")
_FROM_CALLERS = (("handle_call", 3), ("handle_cast", 2))
CLIENT_READS = (
    "GenServer.call",
    "Agent.get",
    "Agent.get_and_update",
    ":gen_server.call",
    "GenStage.call",
)


@dataclass(frozen=True, eq=False)
class Write:
    """A place where something that a caller passed is kept in the state."""

    node: Node
    clause: Clause
    value: str
    """The variable that is kept; the key where only that is passed."""
    names: tuple[str, ...] = ()
    """All that is passed and kept there: key or value."""
    as_key: bool = False
    """The variable only says under what key something is kept."""


def writes(module: Module, callbacks: tuple[tuple[str, int], ...] = _FROM_CALLERS) -> list[Write]:
    """Where data of callers, or of other messages, is added to a server's or an Agent's state."""
    found: list[Write] = []
    for key in callbacks:
        function = module.functions.get(key)
        for clause in function.clauses if function is not None else ():
            given = _variables(clause.params[0]) if clause.params else set()
            if given:
                found += _kept(clause, given)
    for clause in module.clauses_with(b"Agent."):
        for call in clause.calls:
            if call.full in AGENT_WRITES and len(call.args) > 1:
                given = {n for p in clause.params for n in _variables(p)}
                found += _kept_in(call.args[1], clause, given)
    return found


def _variables(pattern: Node) -> set[str]:
    return {n for n in nodes.identifiers(pattern) if not n.startswith("_")}


def _kept(clause: Clause, given: set[str]) -> list[Write]:
    if clause.body is None:
        return []
    return _kept_in(clause.body, clause, given)


def _kept_in(where: Node, clause: Clause, given: set[str]) -> list[Write]:
    found: list[Write] = []
    for call in clause.calls:
        if call.full in GROWS and nodes.contains(where, call.node) and len(call.args) > 1:
            kept = _given(call.args[1:], given)
            if kept and not call.runs_in.startswith("Task"):
                values = _given(_values(call), given)
                named = (values or kept)[-1]
                found.append(Write(call.node, clause, named, tuple(kept), not values))
    for node in operations(where, "|"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        kept = _given([left], given) if left is not None else []
        in_list = node.parent is not None and node.parent.type == "list"
        if kept and in_list and right is not None and not given & {text(right)}:
            found.append(Write(node, clause, kept[-1], tuple(kept)))
    return found


def _given(parts: list[Node], given: set[str]) -> list[str]:
    """Those of the names within, as they are written one after another."""
    return [name for part in parts for name in _put_by(part) if name in given]


def _values(call: Call) -> list[Node]:
    """The arguments that are put in, without those that say where."""
    if call.full in _KEY_SECOND:
        return call.args[2:]
    if call.full in _KEY_FIRST:
        return call.args[1:2]
    return call.args[-1:] if call.full in _PATHS else call.args[1:]


def _put_by(node: Node) -> list[str]:
    """Identifiers within, those that only name what is taken out left aside."""
    if nodes.is_call_to(node, *_REMOVALS):
        return []
    if node.type == "identifier":
        return [text(node)]
    return [name for child in node.named_children for name in _put_by(child)]


def client_reads(module: Module) -> list[Call]:
    """Public functions' calls into the server: someone relies on what it holds."""
    return [
        call
        for clause in module.clauses_with(b"call(", b"Agent.get")
        if clause.function.public
        for call in clause.calls
        if call.full in CLIENT_READS
    ]


_HARMLESS = frozenset(
    "Map Keyword List Enum MapSet String Integer Logger Process System Application Kernel Access "
    "DateTime NaiveDateTime Date Time Registry Supervisor GenServer Agent Stream Tuple".split()
)


def loads(module: Module) -> Iterator[Call]:
    """Calls reached from `init/1` or `handle_continue/2` that could fetch the state."""
    keys = (("init", 1), ("handle_continue", 2))
    origins = [module.functions[key] for key in keys if key in module.functions]
    for step in reached(origins):
        for call in step.clause.calls:
            root = call.module.split(".")[0]
            if (
                call.module
                and call.module != module.name
                and root not in _HARMLESS
                and root[0].isupper()
            ):
                yield call


def field_names(module: Module) -> list[str]:
    """Fields of the server's state: of its struct, else of the map that `init/1` returns."""
    for node in module.loose:
        if nodes.is_call_to(node, "defstruct"):
            return _fields_of(node)
    for nested in module.nested:
        if nested.name.endswith(".State"):
            return next(
                (_fields_of(n) for n in nested.loose if nodes.is_call_to(n, "defstruct")), []
            )
    init = module.functions.get(("init", 1))
    sizes = [
        list(nodes.keyword_pairs(next(iter(n.named_children), None)))
        for clause in (init.clauses if init is not None else ())
        for n in nodes.of_type(clause.node, "map")
        if n.parent is not None and n.parent.type == "tuple"
    ]
    return max(sizes, key=len, default=[])


def _fields_of(defstruct: Node) -> list[str]:
    args = nodes.arguments(defstruct)
    if not args:
        return []
    atoms = [text(c).removeprefix(":") for c in args[0].named_children if c.type == "atom"]
    return atoms + list(nodes.keyword_pairs(args[0]))


def spoken_of(module: Module, pattern: re.Pattern[bytes]) -> bool:
    """Whether the module's code holds the pattern; comments, documentation and texts are none."""
    data, root = module.source.data, module.source.root
    found = pattern.finditer(data, module.node.start_byte, module.node.end_byte)
    return any(_is_code(root, match.start()) for match in found)


def _is_code(root: Node, at: int) -> bool:
    node = root.descendant_for_byte_range(at, at + 1)
    return node is not None and node.type not in ("comment", "quoted_content")
