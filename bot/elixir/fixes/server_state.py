"""The shape of a GenServer's state, as far as its module shows it, and where a field can be
added.
"""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import grammar, nodes
from bot.elixir.edit import Edit
from bot.elixir.expressions import assignments
from bot.elixir.fixes import gen_server
from bot.elixir.module import Clause, Module
from bot.elixir.nodes import text
from bot.elixir.reach import SERVER_CALLBACKS

_KEEPS = frozenset(
    {"Map.put", "Map.update", "Map.update!", "Map.replace!", "put_in", "update_in", "struct!"}
)


@dataclass(frozen=True, eq=False)
class Shape:
    """A state whose fields are written out."""

    module: Module
    literals: tuple[Node, ...]
    """The map literals of `init/1`, or the one list of `defstruct`."""
    keys: frozenset[str]

    def with_field(self, field: str) -> list[Edit]:
        """Give the state a further field, an empty map."""
        return [_appended(self.module, node, f"{field}: %{{}}") for node in self.literals]


def shape_of(module: Module) -> Shape | None:
    """The state's shape where every `init/1` clause returns a map literal or the module's own
    struct, written as such or made by `struct/2`.
    """
    init = module.functions.get(("init", 1))
    found = [state for c in init.clauses for state in _states(c)] if init is not None else []
    if not found or any(node is None or not _written(node) for node in found):
        return None
    maps = [node for node in found if node is not None]
    struct = {_struct(node) for node in maps}
    if struct <= {"__MODULE__", module.name.split(".")[-1]} and "" not in struct:
        fields = _defstruct(module)
        return Shape(module, (fields,), frozenset(_field_names(fields))) if fields else None
    if struct != {""} or any(
        grammar.captures('(binary_operator operator: "|") @n', m) for m in maps
    ):
        return None
    keys = [frozenset(nodes.keyword_pairs(_content(m))) for m in maps]
    return Shape(module, tuple(maps), frozenset.union(*keys))


def _states(clause: Clause) -> list[Node | None]:
    found: list[Node | None] = []
    for ending in gen_server.returns(clause):
        if ending.tag not in ("ok", "stop", "ignore"):
            return [None]
        if ending.tag == "ok":
            state = ending.rest[0] if ending.rest else None
            if state is not None and state.type == "identifier":
                values = assignments(text(state), clause)
                state = values[0] if len(values) == 1 else None
            found.append(state)
    return found


def _written(node: Node) -> bool:
    return node.type == "map" or nodes.is_call_to(node, "struct", "struct!")


def _struct(node: Node) -> str:
    if node.type == "call":
        args = nodes.arguments(node)
        return text(args[0]) if args else "struct"
    name = next((c for c in node.named_children if c.type == "struct"), None)
    return text(name) if name is not None else ""


def _content(node: Node) -> Node | None:
    return next((c for c in node.named_children if c.type == "map_content"), None)


def _defstruct(module: Module) -> Node | None:
    call = next((n for n in module.loose if nodes.is_call_to(n, "defstruct")), None)
    args = nodes.arguments(call) if call is not None else []
    return args[0] if len(args) == 1 and args[0].type in ("list", "keywords") else None


def _field_names(node: Node) -> set[str]:
    atoms = [text(c).removeprefix(":") for c in node.named_children if c.type == "atom"]
    return {*atoms, *nodes.keyword_pairs(node)}


def _appended(module: Module, node: Node, pair: str) -> Edit:
    inner = [c for c in node.named_children if c.type not in ("comment", "struct")]
    at = inner[-1].end_byte if inner else node.end_byte - 1
    if not inner:
        return Edit(module.source.path, at, at, pair)
    last = inner[-1]
    tall = node.start_point.row != last.end_point.row
    pairs = grammar.captures("(pair) @n", last) or [last]
    gap = "\n" + " " * pairs[0].start_point.column if tall else " "
    return Edit(module.source.path, at, at, f",{gap}{pair}")


def always_updated(shape: Shape) -> bool:
    """Whether every callback hands on the state it was given, changed by field."""
    module = shape.module
    for key in SERVER_CALLBACKS:
        function = module.functions.get(key)
        for clause in function.clauses if function is not None else ():
            if not all(_kept(e, clause) for e in gen_server.returns(clause)):
                return False
    return True


def _kept(ending: gen_server.Return, clause: Clause) -> bool:
    at = 1 if ending.tag in ("reply", "stop") else 0
    if ending.tag not in ("noreply", "reply", "stop") or len(ending.rest) <= at:
        return _delegates(ending, clause)
    if ending.tag == "stop":
        return True
    return _updates(ending.rest[at], clause)


def _delegates(ending: gen_server.Return, clause: Clause) -> bool:
    """Whether it is another callback's answer, as in `handle_info(message, state)`."""
    return ending.node.type == "call" and nodes.text_of(ending.node, "target").startswith("handle_")


def _updates(state: Node, clause: Clause) -> bool:
    if state.type == "identifier":
        return all(
            _updates(v, clause) for v in assignments(text(state), clause) if v.id != state.id
        )
    if state.type == "map":
        return bool(grammar.captures('(binary_operator operator: "|") @n', state))
    return state.type == "call" and nodes.text_of(state, "target") in _KEEPS
