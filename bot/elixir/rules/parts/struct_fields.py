"""The fields of a variable that holds a struct, as far as the module shows them."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.initial_state import initial_states, keys_of, struct_of
from bot.elixir.nodes import text
from bot.elixir.outline import Clause, Module
from bot.elixir.rules.parts.bindings import whole_names
from bot.elixir.rules.parts.specs import parameter_types

_SEVERAL = 2
"""With one field alone it rather leaves the others to their defaults."""
_SMALL = frozenset({"atom", "boolean", "integer", "nil", "pid", "reference", "float"})
_SMALL_TYPES = frozenset(
    "arity atom boolean float identifier integer mfa module neg_integer node non_neg_integer "
    "number pid port pos_integer reference timeout".split()
)
"""Types of values that fit into a few words."""


def structs_of(name: str, clause: Clause, *, is_state: bool) -> list[str]:
    """The structs that a variable may hold: what a pattern or the `@spec` says, what `init/1`
    gives a server as its state, and the modules to whose functions it is given first.
    """
    module = clause.function.module
    found = [*_in_patterns(name, clause), *_in_spec(name, clause)]
    if not found and is_state:
        states = {_resolved(struct_of(state), module) for state in initial_states(module)}
        found = [module.name] if states == {module.name} else []
    if not found:
        first = (c for c in clause.calls if c.args and text(c.args[0]) == name)
        found = [call.module for call in first if call.module != module.name]
    return [struct for struct in dict.fromkeys(found) if struct]


def _in_patterns(name: str, clause: Clause) -> Iterator[str]:
    for param in clause.params:
        if nodes.operator(param) == "=" and name in whole_names(param):
            for side in param.named_children:
                if side.type == "map":
                    yield _resolved(struct_of(side), clause.function.module)


def _in_spec(name: str, clause: Clause) -> Iterator[str]:
    module = clause.function.module
    for param in clause.params:
        said = parameter_types(clause).get(text(param), "") if name in whole_names(param) else ""
        owner, _, kind = said.rpartition(".")
        if kind in ("t", "t()") and (owner or _type_of_struct(module) is not None):
            parsed = nodes.parse(owner.encode()).root_node.named_children if owner else []
            yield module.scope.resolve(parsed[0]) if parsed else module.name


def _resolved(struct: str, module: Module) -> str:
    if struct in ("", "__MODULE__"):
        return module.name if struct else ""
    return module.scope.resolve(nodes.parse(struct.encode()).root_node.named_children[0])


def fields_of(struct: str, module: Module) -> set[str] | None:
    """The names of its fields: those that the module defines; of a struct from elsewhere those that
    it writes, where it makes one, and always gives it several. `None` where it shows none.
    """
    if struct == module.name:
        return _defined(module)
    written = _written(struct, module)
    made = [keys_of(node) for node in written if not _matched(node)]
    if not made or min(map(len, made)) < _SEVERAL:
        return None
    return {key for node in written for key in keys_of(node)}


def _defined(module: Module) -> set[str] | None:
    for node in module.loose:
        args = nodes.arguments(node)
        if nodes.is_call_to(node, "defstruct") and args:
            listed = module.value(args[0])
            atoms = {text(n).lstrip(":") for n in listed.named_children if n.type == "atom"}
            return (atoms | set(nodes.keyword_pairs(listed))) or None
        # With `module:` it is the struct of another one.
        if nodes.is_call_to(node, "typedstruct") and "module" not in nodes.call_keywords(node):
            calls = [n for n in nodes.of_type(node, "call") if nodes.is_call_to(n, "field")]
            return {text(nodes.arguments(call)[0]).lstrip(":") for call in calls}
    return None


def _written(struct: str, module: Module) -> list[Node]:
    """Where the functions of a module write the struct out, to make or to match one."""
    last = struct.rpartition(".")[2].encode()
    return [
        node
        for clause in module.clauses_with(last)
        for node in nodes.of_type(clause.node, "map")
        if (name := struct_of(node)) and _resolved(name, module) == struct
    ]


def _matched(node: Node) -> bool:
    """Whether it is a pattern: of a head, a clause or a match."""
    inner = node
    for above in nodes.ancestors(node):
        left = above.child_by_field_name("left")
        is_left = left is not None and left.id == inner.id
        if is_left and (above.type == "stab_clause" or nodes.operator(above) in ("=", "<-")):
            return True
        if nodes.is_call_to(above, "def", "defp"):
            return inner.type == "arguments"
        inner = above
    return False


def is_rest_small(used: set[str], struct: str, module: Module) -> bool:
    """Whether the type of the module's own struct says of each other field that it is an atom, a
    number, a pid or the like.
    """
    if struct != module.name:
        return False
    kind, fields = _type_of_struct(module), _defined(module)
    types = nodes.keyword_pairs(_content(kind)) if kind is not None else {}
    rest = (fields or set()) - used
    return bool(rest) and all(name in types and _is_small(types[name]) for name in rest)


def _type_of_struct(module: Module) -> Node | None:
    """What `@type t :: %__MODULE__{...}` says."""
    for node in module.body.named_children if module.body is not None else ():
        if nodes.operator(node) != "@" or not text(node).startswith(("@type t ", "@type t(")):
            continue
        for kind in nodes.of_type(node, "map"):
            if _resolved(struct_of(kind), module) == module.name:
                return kind
    return None


def _content(node: Node) -> Node | None:
    return next((c for c in node.named_children if c.type == "map_content"), None)


def _is_small(kind: Node) -> bool:
    if nodes.operator(kind) == "|":
        return all(map(_is_small, kind.named_children))
    if kind.type in ("call", "identifier"):
        call = text(kind).removesuffix("()")
        return call in _SMALL_TYPES
    return kind.type in _SMALL
