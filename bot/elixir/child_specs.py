"""One child specification: `Mod`, `{Mod, arg}`, a map, `Supervisor.child_spec(...)`, `worker()`."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from bot.elixir import nodes
from bot.elixir.expressions import Expression, last_value, value_of
from bot.elixir.nodes import text
from bot.elixir.scope import Scope

SUPERVISORS = frozenset(
    {
        "Supervisor",
        "DynamicSupervisor",
        "Task.Supervisor",
        "PartitionSupervisor",
        "ConsumerSupervisor",
    }
)
_NAMED_BY_THEIR_NAME = frozenset(
    {"DynamicSupervisor", "Task.Supervisor", "PartitionSupervisor", "Registry"}
)
"""Modules whose own `child_spec/1` takes the id from the `name:` option."""
_OLD_HELPERS = ("worker", "supervisor", "Supervisor.Spec.worker", "Supervisor.Spec.supervisor")
_TAKES_SPEC = ("Supervisor.child_spec", "child_spec", *_OLD_HELPERS)


@dataclass(frozen=True)
class ChildFacts:
    """One child as written."""

    module: str
    """Resolved; empty where it is not static."""
    id: str
    restart: str
    """Empty: the module's own default."""
    name: str
    """Registered name given in the child's options, resolved; empty if none."""
    start: int
    end: int
    """Byte range of the element in its list."""
    code: str
    type: str = ""
    """`supervisor` or `worker` where the specification says so."""


def child(value: Expression, element: Node) -> ChildFacts:
    """The child that `value` describes, standing in its list as `element`."""
    value = _specification(value)
    node, scope = value.node, value.clause.function.module.scope
    module = started_module(node, scope)
    options = spec_options(node)
    restart, kind, given = options.get("restart"), options.get("type"), options.get("id")
    name = _registered(options.get("name"), scope)
    default = name if module in _NAMED_BY_THEIR_NAME and name else module
    return ChildFacts(
        module=module,
        id=scope.resolve(given) if given is not None else default or _short(text(node)),
        restart=_word(restart) or ("permanent" if node.type == "map" or _old(node) else ""),
        name=name,
        start=element.start_byte,
        end=element.end_byte,
        code=text(element),
        type=_word(kind) or ("supervisor" if _old(node).endswith("supervisor") else ""),
    )


def _specification(value: Expression) -> Expression:
    """The expression behind a variable, or behind an own function that builds the specification."""
    seen = value_of(value) if value.node.type == "identifier" else None
    value = seen or value
    if value.node.type == "call" and not started_module(
        value.node, value.clause.function.module.scope
    ):
        built = [v for v in last_value(value) if v.node.type in ("tuple", "map", "alias", "call")]
        return built[0] if len(built) == 1 else value
    return value


def _old(node: Node) -> str:
    target = nodes.text_of(node, "target") if node.type == "call" else ""
    return target if target in _OLD_HELPERS else ""


def _registered(node: Node | None, scope: Scope) -> str:
    if node is None:
        return ""
    if node.type in ("alias", "atom") or text(node) == "__MODULE__":
        return scope.resolve(node)
    return ""


def _word(node: Node | None) -> str:
    return text(node).removeprefix(":") if node is not None and node.type == "atom" else ""


def _short(code: str) -> str:
    flat = " ".join(code.split())
    return flat if len(flat) <= 40 else flat[:39] + "…"


def spec_options(node: Node) -> dict[str, Node]:
    """Options of a specification: keys of a map, options of a tuple, `child_spec` overrides."""
    if node.type == "map":
        return nodes.keyword_pairs(next(iter(node.named_children), None))
    found: dict[str, Node] = {}
    if node.type == "call":
        found.update(nodes.call_keywords(node))
        args = nodes.arguments(node)
        node = args[0] if args else node
    if node.type == "tuple" and node.named_children:
        found = {**nodes.keyword_pairs(node.named_children[-1]), **found}
    return found


def started_module(node: Node, scope: Scope) -> str:
    """The module a specification starts; empty where it is not static."""
    if node.type == "alias" or text(node) == "__MODULE__":
        return scope.resolve(node)
    if node.type == "tuple" and node.named_children:
        first = node.named_children[0]
        return scope.resolve(first) if is_module(first) else ""
    if node.type == "map":
        start = spec_options(node).get("start")
        return started_module(start, scope) if start is not None else ""
    if node.type == "call":
        target = nodes.text_of(node, "target")
        args = nodes.arguments(node)
        if target in _TAKES_SPEC and args:
            return started_module(args[0], scope)
        if target.endswith(".child_spec") and target[0].isupper():
            return scope.resolve_name(target.removesuffix(".child_spec"))
    return ""


def is_module(node: Node) -> bool:
    """Whether a node names a module: an alias, or `__MODULE__` and what is nested in it."""
    return node.type == "alias" or text(node).startswith("__MODULE__")


def child_kind(module: str) -> str:
    """`supervisor` for the supervisors of the standard library, `worker` otherwise."""
    return "supervisor" if module in SUPERVISORS else "worker"
